# What `cmake --install` lays out, so that find_package(carillon) works from outside: the public headers and the archives
# of the layers that have some (component `development`); the server with its example files (component `server`).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/carillon)

foreach(layer IN ITEMS base coding wire sqlite journal hub store services)
    target_include_directories(carillon_${layer} INTERFACE
        $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(carillon_${layer} INTERFACE cxx_std_23)
    install(TARGETS carillon_${layer} EXPORT carillonTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
    if(EXISTS ${CMAKE_SOURCE_DIR}/include/carillon/${layer})  # a layer may have no public headers
        install(DIRECTORY include/carillon/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/carillon
            COMPONENT development FILES_MATCHING PATTERN *.hpp)
    endif()
endforeach()

install(EXPORT carillonTargets NAMESPACE carillon:: DESTINATION ${package_dir} COMPONENT development)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/carillonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/carillonConfig.cmake ${CMAKE_BINARY_DIR}/carillonConfigVersion.cmake
    DESTINATION ${package_dir} COMPONENT development)

# For builds that know pkg-config and not CMake. The prefix may be chosen at the installation (`--prefix`), so the file is
# written then.
install(CODE "
    set(PROJECT_VERSION \"${PROJECT_VERSION}\")
    set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
    set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
    set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
    configure_file(\"${CMAKE_CURRENT_LIST_DIR}/carillon.pc.in\" \"${CMAKE_BINARY_DIR}/carillon.pc\" @ONLY)"
    COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/carillon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# The unit names the program by its full path, which the prefix decides.
file(READ packaging/systemd/carillon.service unit)
string(REPLACE "/usr/bin/carillon" "${CMAKE_INSTALL_FULL_BINDIR}/carillon" unit "${unit}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/carillon.service CONTENT "${unit}" @ONLY)

install(TARGETS carillon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(FILES ${CMAKE_BINARY_DIR}/carillon.service packaging/systemd/carillon.socket
    DESTINATION lib/systemd/system COMPONENT server)
install(FILES packaging/grafana/carillon.json LICENSE CHANGELOG.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT server)
install(CODE "set(PROGRAM \"$<TARGET_FILE:carillon>\")
    set(PREFIX \"\${CMAKE_INSTALL_PREFIX}\")
    set(DOC \"${CMAKE_INSTALL_FULL_DOCDIR}\")
    set(VERSION ${PROJECT_VERSION})
    set(PACKAGE ${CARILLON_PACKAGE})
    include(\"${CMAKE_CURRENT_LIST_DIR}/InstallTexts.cmake\")" COMPONENT server)
install(DIRECTORY packaging/nginx packaging/haproxy packaging/caddy packaging/apache
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT server)

include(CarillonPackage)

if(CARILLON_TESTS AND NOT CARILLON_SANITIZE AND NOT CARILLON_COVERAGE)
    add_test(NAME package.an_outside_project_finds_and_uses_the_library
        COMMAND ${CMAKE_COMMAND} -D BUILD=${CMAKE_BINARY_DIR} -D CXX=${CMAKE_CXX_COMPILER}
            -D LAUNCHER=${CCACHE} -P ${CMAKE_SOURCE_DIR}/tests/package/run.cmake)
    set_tests_properties(package.an_outside_project_finds_and_uses_the_library PROPERTIES
        LABELS package TIMEOUT 300)
endif()
