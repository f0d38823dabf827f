# Makes a C source of files: cmake -DOUTPUT=FILE -DFILES=FILE;FILE... -P embed.cmake
# What it defines is declared in new.h.

set(tables)
set(rows)
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND tables "static const unsigned char file_${number}[] = { ${bytes} };\n")
  string(APPEND rows "    { \"${name}\", file_${number}, sizeof(file_${number}) },\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"tools/new.h\"\n\n${tables}\nconst struct new_file new_files[] = {\n${rows}    { 0 },\n};\n")
