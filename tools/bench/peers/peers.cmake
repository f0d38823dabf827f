# The same on other libraries: confab-bench-NAME for each that this system has.  Included by the root's CMakeLists.txt
# where CONFAB_BENCH_PEERS is on.

# What pkg-config knows; Debian's libev has no file for it.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libevent IMPORTED_TARGET libevent_core libevent_extra)
pkg_check_modules(libuv IMPORTED_TARGET libuv)
find_path(libev_include ev.h)
find_library(libev_library ev)
mark_as_advanced(libev_include libev_library)

set(peers)
if(libevent_FOUND)
  list(APPEND peers libevent)
  add_executable(peer_libevent tools/bench/peers/libevent.c)
  target_link_libraries(peer_libevent PRIVATE PkgConfig::libevent)
endif()
if(libuv_FOUND)
  list(APPEND peers libuv)
  add_executable(peer_libuv tools/bench/peers/libuv.c tools/bench/peers/lines.c)
  target_link_libraries(peer_libuv PRIVATE PkgConfig::libuv)
endif()
if(libev_include AND libev_library)
  list(APPEND peers libev)
  add_executable(peer_libev tools/bench/peers/libev.c tools/bench/peers/lines.c)
  target_include_directories(peer_libev SYSTEM PRIVATE ${libev_include})
  target_link_libraries(peer_libev PRIVATE ${libev_library})
endif()
message(STATUS "Peers of confab bench: ${peers}")

foreach(peer IN LISTS peers)
  target_sources(peer_${peer} PRIVATE tools/bench/peers/peer.c)
  target_link_libraries(peer_${peer} PRIVATE confab_bench confab_build)
  set_target_properties(peer_${peer} PROPERTIES OUTPUT_NAME confab-bench-${peer}
                                                RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/peers)
  install(TARGETS peer_${peer} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/confab/peers)
endforeach()
