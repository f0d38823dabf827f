# What is installed, and what a build's folder offers in the same way: the host, the libraries, headers, manual
# pages, completion, and what pkg-config and find_package(confab) look for.  Included by the root's CMakeLists.txt.

include(CMakePackageConfigHelpers)
set(install_files ${CMAKE_CURRENT_LIST_DIR})

install(TARGETS confab_shared confab_static EXPORT confab)
install(DIRECTORY include/confab TYPE INCLUDE FILES_MATCHING PATTERN "*.h")

# The host is named like the library where others use it: confab::confab is the library, confab::host the program.
set_target_properties(confab_shared PROPERTIES EXPORT_NAME confab)
set_target_properties(confab_static PROPERTIES EXPORT_NAME static)
set_target_properties(confab PROPERTIES EXPORT_NAME host)
install(TARGETS confab EXPORT confab RUNTIME)

# What a plugin is built with: headers, and nothing to link.
add_library(confab_headers INTERFACE)
target_include_directories(confab_headers INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(confab_headers PROPERTIES EXPORT_NAME headers)
install(TARGETS confab_headers EXPORT confab)

# So that a project which has this one as a part of it (add_subdirectory) finds the same names.
add_library(confab::confab ALIAS confab_shared)
add_library(confab::static ALIAS confab_static)
add_library(confab::headers ALIAS confab_headers)
add_executable(confab::host ALIAS confab)
include(${install_files}/confabAddPlugin.cmake)

# -- Manual pages and completion ----------------------------------------------

option(CONFAB_COMPRESS "manual pages are installed compressed" OFF)
if(CONFAB_COMPRESS)
  find_program(CONFAB_GZIP gzip REQUIRED)
  mark_as_advanced(CONFAB_GZIP)
endif()
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/man/*.[1-9])
set(compressed_pages)
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  string(REGEX MATCH "[1-9]$" section ${name})
  if(CONFAB_COMPRESS)
    set(compressed ${PROJECT_BINARY_DIR}/man/${name}.gz)
    add_custom_command(OUTPUT ${compressed}
                       COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
                       COMMAND ${CONFAB_GZIP} -9nc ${page} > ${compressed}
                       DEPENDS ${page})
    list(APPEND compressed_pages ${compressed})
    set(page ${compressed})
  endif()
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
if(compressed_pages)
  add_custom_target(confab_pages ALL DEPENDS ${compressed_pages})
endif()

install(FILES tools/completion/confab.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME confab)

# -- find_package(confab) -------------------------------------------------------

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/confab)
set(kqueue_from_library OFF)
if(kqueue_library)
  set(kqueue_from_library ON)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/confabConfigVersion.cmake COMPATIBILITY SameMajorVersion)

# Of an installed confab: found from where the file itself is, so that all of it may be moved.
configure_package_config_file(${install_files}/confabConfig.cmake.in ${PROJECT_BINARY_DIR}/installed/confabConfig.cmake
                              INSTALL_DESTINATION ${package_folder} PATH_VARS plugin_folder
                              NO_CHECK_REQUIRED_COMPONENTS_MACRO)
install(EXPORT confab NAMESPACE confab:: FILE confabTargets.cmake DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/installed/confabConfig.cmake ${PROJECT_BINARY_DIR}/confabConfigVersion.cmake
              ${install_files}/confabAddPlugin.cmake DESTINATION ${package_folder})

# Of this build: -Dconfab_DIR=BUILD.
set(PACKAGE_plugin_folder ${PROJECT_BINARY_DIR}/plugins)
set(PACKAGE_INIT)
configure_file(${install_files}/confabConfig.cmake.in ${PROJECT_BINARY_DIR}/confabConfig.cmake @ONLY)
configure_file(${install_files}/confabAddPlugin.cmake ${PROJECT_BINARY_DIR}/confabAddPlugin.cmake COPYONLY)
export(EXPORT confab NAMESPACE confab:: FILE ${PROJECT_BINARY_DIR}/confabTargets.cmake)

# -- pkg-config -----------------------------------------------------------------

# What a program that is linked with the archive needs besides it.
set(pc_libs)
foreach(library ${CMAKE_THREAD_LIBS_INIT} ${CMAKE_DL_LIBS})
  if(NOT library MATCHES "^-")
    set(library -l${library})
  endif()
  string(APPEND pc_libs " ${library}")
endforeach()
set(pc_requires)
if(kqueue_library)
  set(pc_requires libkqueue)
endif()
if(APPLE)
  set(pc_plugin_ldflags "-bundle -undefined dynamic_lookup")
else()
  set(pc_plugin_ldflags -shared)
endif()

# FOLDER as confab.pc has it: below its prefix, unless it was given as an absolute path.
function(confab_pc_folder result folder)
  if(NOT IS_ABSOLUTE ${folder})
    set(folder "\${prefix}/${folder}")
  endif()
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

confab_pc_folder(pc_include ${CMAKE_INSTALL_INCLUDEDIR})
confab_pc_folder(pc_lib ${CMAKE_INSTALL_LIBDIR})
confab_pc_folder(pc_bin ${CMAKE_INSTALL_BINDIR})
confab_pc_folder(pc_plugins ${plugin_folder})
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(pc_prefix "\${pcfiledir}/${pc_prefix}")
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
configure_file(${install_files}/confab.pc.in ${PROJECT_BINARY_DIR}/installed/confab.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/installed/confab.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Of this build: PKG_CONFIG_PATH=BUILD.
set(pc_prefix "\${pcfiledir}")
set(pc_include ${PROJECT_SOURCE_DIR}/include)
set(pc_lib "\${prefix}")
set(pc_bin "\${prefix}")
set(pc_plugins "\${prefix}/plugins")
configure_file(${install_files}/confab.pc.in ${PROJECT_BINARY_DIR}/confab.pc @ONLY)

include(${install_files}/deb.cmake)
