# confab_add_plugin(NAME SOURCE...): makes the plugin NAME.so, a target of that name.  It is not linked with
# libconfab: what it calls is found in the program that loads it, which has the one copy of it.
# C is compiled as C11 or newer, C++ as C++20 or newer, which has the names of fields that CONFAB_PLUGIN is written with.
function(confab_add_plugin name)
  if(NOT ARGN)
    message(FATAL_ERROR "confab_add_plugin(${name}): expected the plugin's source files behind its name")
  endif()
  add_library(${name} MODULE ${ARGN})
  # (Unknown where the language is not enabled, or the compiler older than the standard.)
  foreach(feature c_std_11 cxx_std_20)
    if(feature IN_LIST CMAKE_C_COMPILE_FEATURES OR feature IN_LIST CMAKE_CXX_COMPILE_FEATURES)
      target_compile_features(${name} PRIVATE ${feature})
    endif()
  endforeach()
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX .so C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
                                           VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE confab::headers)
  if(APPLE)
    target_link_options(${name} PRIVATE LINKER:-undefined,dynamic_lookup)
  endif()
endfunction()
