# confab_add_plugin(NAME SOURCE...): makes the plugin NAME.so, a target of that name.  It is not linked with
# libconfab: what it calls is found in the program that loads it, which has the one copy of it.
function(confab_add_plugin name)
  if(NOT ARGN)
    message(FATAL_ERROR "confab_add_plugin(${name}): expected the plugin's source files behind its name")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_compile_features(${name} PRIVATE c_std_11)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
                                           VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE confab::headers)
  if(APPLE)
    target_link_options(${name} PRIVATE LINKER:-undefined,dynamic_lookup)
  endif()
endfunction()
