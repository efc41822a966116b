# Installs the client component to a fresh prefix and builds and runs a consumer against it, with
# the source tree nowhere on its paths.  cmake -DBUILD=... -DSOURCE=... -DWORK=... -P this
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component client)
file(GLOB_RECURSE shown "${WORK}/prefix/include/*")
if(NOT shown MATCHES "client/client.h" OR shown MATCHES "transport|open_request")
  message(FATAL_ERROR "installed headers: ${shown}")
endif()
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror ${FLAGS}"
  -DCMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
if(NOT output STREQUAL "INVALID_INPUT\n")
  message(FATAL_ERROR "the consumer said: ${output}")
endif()
file(REMOVE_RECURSE "${WORK}")
