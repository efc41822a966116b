# What `cmake --install` gives to programs that use the client library: find_package(aeromq), target
# aeromq::client, headers under include/aeromq. Included last: it names targets of several folders.
include(CMakePackageConfigHelpers)

set(aeromq_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/aeromq")
target_include_directories(aeromq_options INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/aeromq>)

# Transport and files are linked in but not shown: no header of it is installed.
foreach(part options messages files transport client)
  set_target_properties(aeromq_${part} PROPERTIES EXPORT_NAME ${part})
  install(TARGETS aeromq_${part} EXPORT aeromq_targets COMPONENT client
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
endforeach()
install(EXPORT aeromq_targets NAMESPACE aeromq:: FILE aeromqTargets.cmake
  DESTINATION ${aeromq_package_dir} COMPONENT client)

foreach(header
  audit_page base32 bytes catalogue codec command digest envelope error explanation fields finding ids
  invariants kernel kernel_call record result routes snapshot text time view)
  install(FILES "${PROJECT_SOURCE_DIR}/messages/${header}.h"
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/aeromq/messages COMPONENT client)
endforeach()
install(FILES
  "${PROJECT_SOURCE_DIR}/client/answer.h"
  "${PROJECT_SOURCE_DIR}/client/client.h"
  "${PROJECT_SOURCE_DIR}/client/settings.h"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/aeromq/client COMPONENT client)

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/aeromqConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/aeromqConfig.cmake" INSTALL_DESTINATION ${aeromq_package_dir})
# Before 1.0 a minor version may break what it likes.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/aeromqConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/aeromqConfig.cmake"
  "${PROJECT_BINARY_DIR}/aeromqConfigVersion.cmake"
  DESTINATION ${aeromq_package_dir} COMPONENT client)
