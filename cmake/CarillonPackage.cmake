# The Debian packages `carillon` and `carillon-dev`: script/package makes them with CPack.
set(CARILLON_PACKAGE OFF CACHE BOOL "Install as the Debian package does: with /etc/carillon and a user of its own")
if(NOT CARILLON_PACKAGE)
    return()
endif()

install(FILES packaging/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT server)
install(FILES packaging/debian/user.conf DESTINATION lib/systemd/system/carillon.service.d COMPONENT server)
install(FILES packaging/debian/copyright DESTINATION share/doc/carillon-dev COMPONENT development)
install(CODE "set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/carillon-dev\")
    file(WRITE \"\${folder}/changelog.Debian\" \"carillon (${PROJECT_VERSION}-1) stable; urgency=medium

  * The changes are in the documentation of carillon.

 -- the Carillon authors <maintainers@carillon.invalid>  Thu, 01 Jan 2026 00:00:00 +0000
\")
    execute_process(COMMAND gzip -9nf \"\${folder}/changelog.Debian\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the Carillon authors <maintainers@carillon.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Server-Sent Events hub")
set(CPACK_PACKAGE_HOMEPAGE_URL "")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL server development)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE OFF)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME carillon)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS adduser)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "Back ends publish over HTTP; browsers and services listen with a plain
EventSource. A stream that drops gets everything it has missed.")
set(control ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    "${control}/postinst;${control}/prerm;${control}/postrm;${control}/conffiles")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME carillon-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libboost1.81-dev, libboost-json1.81-dev, libfmt-dev, libsqlite3-dev, libical-dev, libxxhash-dev, zlib1g-dev, libbrotli-dev, libzstd-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers and static libraries to build a hub into a program in C++.")
include(CPack)
