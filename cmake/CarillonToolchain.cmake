# Warnings, sanitizers, ccache and the one precompiled header that every target shares.

find_program(CCACHE ccache)
if(CCACHE)
    # GCC's precompiled headers need these two sloppinesses, or every compile misses the cache.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${CCACHE})
endif()

add_library(carillon_options INTERFACE)
target_compile_options(carillon_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
target_include_directories(carillon_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(carillon_options INTERFACE -fpch-preprocess
        # GCC 12 reports these inside the standard library at -O2; clang-tidy covers them.
        -Wno-restrict -Wno-maybe-uninitialized)
    target_compile_options(carillon_options INTERFACE $<$<CONFIG:Release>:-Wno-stringop-overflow -Wno-array-bounds>)
else()
    target_compile_options(carillon_options INTERFACE -Wthread-safety -Wno-unused-command-line-argument)
endif()
if(CARILLON_SANITIZE)
    target_compile_options(carillon_options INTERFACE -fsanitize=${CARILLON_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(carillon_options INTERFACE -fsanitize=${CARILLON_SANITIZE})
endif()
if(CARILLON_COVERAGE)
    target_compile_options(carillon_options INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(carillon_options INTERFACE --coverage)
endif()
if(CARILLON_FUZZ)
    target_compile_options(carillon_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
    target_link_options(carillon_options INTERFACE -fsanitize=address,undefined)
endif()
