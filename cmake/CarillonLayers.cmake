# carillon_layer(name [DEPENDS layer...] [LINK target...])
# One target per layer, made of src/<name>/**.cpp, linked only to the layers below it.
function(carillon_layer name)
    cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(carillon_${name} STATIC ${sources})
    add_library(carillon::${name} ALIAS carillon_${name})
    set_target_properties(carillon_${name} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX)
    list(TRANSFORM arg_DEPENDS PREPEND carillon_)
    # Our warnings are no business of a project that uses the installed layer.
    target_link_libraries(carillon_${name} PUBLIC ${arg_DEPENDS} ${arg_LINK}
        PRIVATE $<BUILD_INTERFACE:carillon_options>)
    carillon_precompile(carillon_${name})
endfunction()

# Shares one precompiled header of the standard library among all targets.
function(carillon_precompile target)
    if(CARILLON_FUZZ)
        return()
    endif()
    if(NOT TARGET carillon_pch)
        file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "// Holds the shared precompiled header.\n")
        add_library(carillon_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
        target_link_libraries(carillon_pch PRIVATE carillon_options)
        target_precompile_headers(carillon_pch PRIVATE
            <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <expected> <functional> <map> <memory>
            <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant>
            <vector>)
    endif()
    target_precompile_headers(${target} REUSE_FROM carillon_pch)
endfunction()

# carillon_test(layer [LINK target...]): the tests in tests/<layer>/ as one CTest entry per test case.
function(carillon_test layer)
    cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${layer}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(test_${layer} ${sources})
    target_link_libraries(test_${layer} PRIVATE ${arg_LINK} carillon_options GTest::gmock GTest::gtest_main)
    target_include_directories(test_${layer} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(test_${layer} PRIVATE CARILLON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    carillon_precompile(test_${layer})
    include(GoogleTest)
    gtest_discover_tests(test_${layer} TEST_PREFIX "${layer}." DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT 300 LABELS ${layer})
endfunction()
