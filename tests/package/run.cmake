# Installs the library to an empty prefix, then configures, builds and runs a project that knows nothing but the prefix.
set(prefix ${BUILD}/package/prefix)
set(outside ${BUILD}/package/consumer)
file(REMOVE_RECURSE ${BUILD}/package)

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
    if(status)
        message(FATAL_ERROR "failed: ${ARGN}")
    endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --component development)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${outside} -G Ninja
    -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${outside})
run(${outside}/consumer)

# The same program without CMake.
file(GLOB_RECURSE description ${prefix}/*/carillon.pc)
get_filename_component(folder ${description} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND pkg-config --cflags --libs carillon OUTPUT_VARIABLE flags RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE)
if(status)
    message(FATAL_ERROR "pkg-config does not find carillon")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${CXX} -std=c++23 ${CMAKE_CURRENT_LIST_DIR}/consumer/main.cpp -o ${outside}/by-pkg-config ${flags})
run(${outside}/by-pkg-config)
