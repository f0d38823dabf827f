/* object_elf.h: an ELF file in memory: what object_elf.c and object_data.c share.  Nothing in it is trusted. */
#ifndef CONFAB_TOOLS_CHECK_OBJECT_ELF_H
#define CONFAB_TOOLS_CHECK_OBJECT_ELF_H

#include "tools/check/object.h"
#include <elf.h>

/* The ELF class of this machine's pointers.  (ELF_CLASS is a macro of FreeBSD's.) */
#if UINTPTR_MAX > UINT32_MAX
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_part;
typedef Elf64_Shdr elf_section;
typedef Elf64_Dyn elf_link;
typedef Elf64_Sym elf_symbol;
typedef uint64_t elf_word;
enum { OBJECT_CLASS = ELFCLASS64 };
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_part;
typedef Elf32_Shdr elf_section;
typedef Elf32_Dyn elf_link;
typedef Elf32_Sym elf_symbol;
typedef uint32_t elf_word;
enum { OBJECT_CLASS = ELFCLASS32 };
#endif

/* Not in every system's elf.h. */
#ifndef PT_GNU_STACK
#define PT_GNU_STACK 0x6474e551
#endif

/* The same in both classes. */
#define ELF_BIND(symbol)       ((unsigned)(symbol)->st_info >> 4)
#define ELF_TYPE(symbol)       ((unsigned)(symbol)->st_info & 15)
#define ELF_VISIBILITY(symbol) ((unsigned)(symbol)->st_other & 3)

struct elf {
    struct object *object;
    elf_header header;
    elf_part parts[OBJECT_PARTS_MAX];
    unsigned part_count;
    uint64_t entry, entry_size; /* confab_plugin_entry: C++ fills it in at run time; 0: not found */
};

/* Copies n bytes at an offset of the file; false: they are not in it. */
bool elf_get(const struct elf *elf, uint64_t offset, void *to, size_t n);

/* The text at `at` of a table of strings of the file; NULL: there is none that ends in it. */
const char *elf_text(const struct elf *elf, uint64_t table, uint64_t size, uint64_t at);

/* Finds object->data, _count, _size. */
void elf_find_data(const struct elf *elf);

#endif
