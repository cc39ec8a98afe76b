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
