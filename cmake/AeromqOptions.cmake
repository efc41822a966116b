# One INTERFACE target carries the language level, the warnings and the sanitizers.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
find_program(AEROMQ_CCACHE ccache)
if(AEROMQ_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AEROMQ_CCACHE}")
endif()

add_library(aeromq_options INTERFACE)
add_library(aeromq::options ALIAS aeromq_options)
target_compile_features(aeromq_options INTERFACE cxx_std_20)
target_compile_options(aeromq_options INTERFACE
  $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror>)
target_include_directories(aeromq_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
if(AEROMQ_CHAOS)
  target_compile_definitions(aeromq_options INTERFACE $<BUILD_INTERFACE:AEROMQ_CHAOS=1>)
endif()
if(AEROMQ_SANITIZE)
  target_compile_options(aeromq_options INTERFACE
    $<BUILD_INTERFACE:-fsanitize=${AEROMQ_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all>)
  target_link_options(aeromq_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${AEROMQ_SANITIZE}>)
endif()
if(AEROMQ_FUZZ)
  # Coverage feedback in every library of ours; libFuzzer's main() only in the targets of tests/fuzz.
  target_compile_options(aeromq_options INTERFACE $<BUILD_INTERFACE:-fsanitize=fuzzer-no-link>)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
