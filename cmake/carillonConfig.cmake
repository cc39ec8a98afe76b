# find_package(carillon) gives carillon::base, ::wire, ::journal, ::hub and ::services; link what you use, the rest follows.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(Boost 1.81 COMPONENTS json)
find_dependency(SQLite3)
include(${CMAKE_CURRENT_LIST_DIR}/carillonTargets.cmake)
