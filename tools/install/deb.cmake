# The Debian package: cmake --preset deb && cmake --build --preset deb && (cd build/deb && cpack -G DEB)

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME confab)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "confab maintainers <confab@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "network services whose protocols are plugins")
set(CPACK_PACKAGE_DESCRIPTION
    "Python's asyncore and asynchat, done again in C: a program that loads a
protocol as a shared object and serves it, the library behind it, and what is
needed to write, build and check plugins: headers, manual pages, a checker
that plays sessions on a simulated network.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# libc6 (>= ...), as dpkg-shlibdeps finds it out.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
# What a package that is linked with the library depends on.  (Made here: CPack would look for a version in each plugin.)
file(WRITE ${PROJECT_BINARY_DIR}/deb/shlibs "libconfab ${PROJECT_VERSION_MAJOR} confab (>= ${PROJECT_VERSION})\n")
# That ldconfig is run CPack sees to with a postinst and a postrm; Debian wants it by a trigger.
file(WRITE ${PROJECT_BINARY_DIR}/deb/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/deb/shlibs ${PROJECT_BINARY_DIR}/deb/triggers)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# A plugin is built with a compiler, and by one of these.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gcc | clang, make | cmake, pkg-config")

# The licence in the form that Debian wants: its text one blank further in, a dot for an empty line.
file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" copyright_line "${licence}")
set(copyright_holder ${CMAKE_MATCH_1})
string(REGEX REPLACE "^.*Copyright [^\n]*\n\n" "" licence "${licence}")
string(STRIP "${licence}" licence)
string(REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REPLACE "\n" "\n " licence " ${licence}")
configure_file(${install_files}/copyright.in ${PROJECT_BINARY_DIR}/deb/copyright @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/deb/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/confab)

# A package without one is not taken by Debian's own checks.
if(CONFAB_COMPRESS)
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
  file(WRITE ${PROJECT_BINARY_DIR}/deb/changelog
       "confab (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * What this version is: see README.md of the source.\n\n"
       " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  execute_process(COMMAND ${CONFAB_GZIP} -9nf ${PROJECT_BINARY_DIR}/deb/changelog COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${PROJECT_BINARY_DIR}/deb/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/confab)
endif()
include(CPack)
