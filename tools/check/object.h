/* object.h: what is read of a shared object, and judged by object.c.
 *
 *     object.c        what is wrong with it
 *     object_elf.c    reading an ELF file
 *     object_data.c   its static data
 *     object_names.c  the name that was meant
 *     object_none.c   where shared objects are no ELF files */
#ifndef CONFAB_TOOLS_CHECK_OBJECT_H
#define CONFAB_TOOLS_CHECK_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OBJECT_SIZE_MAX = 256 << 20, /* bytes of a file */
    OBJECT_SYMBOLS_MAX = 1 << 18,
    OBJECT_PARTS_MAX = 64,
    OBJECT_NEEDED_MAX = 64,
    OBJECT_DATA_MAX = 64, /* names of data that are kept */
    OBJECT_LIST = 640     /* bytes of names in a message */
};

/* A name that it shares with others. */
struct object_symbol {
    const char *name;
    bool defined;  /* here; else it is looked for elsewhere */
    bool required; /* not defined here, and it cannot be loaded without */
};

/* All text is in bytes, which came from anywhere. */
struct object {
    char *bytes; /* of the file, and a NUL */
    size_t size;
    const char *refused; /* why nothing more was read; NULL: it was */
    struct object_symbol *symbols;
    size_t symbol_count;
    const char *needed[OBJECT_NEEDED_MAX];
    size_t needed_count;
    bool text_relocations, executable_stack;

    /* Static data that can be written to. */
    const char *data[OBJECT_DATA_MAX];
    size_t data_count; /* there may be more than names were kept */
    uint64_t data_size;
};

/* Reads a file; to be given to object_free in any case.  -errno where it cannot be read. */
int object_read(const char *path, struct object *object);
bool object_reads(void); /* whether it is done on this system at all */
void object_free(struct object *object);

/* Reads what holds the library: it, or the program that is linked with it.  As object_read. */
int object_read_library(struct object *library);

/* The function of the library whose name is nearest to this one; NULL: none is near. */
const char *object_guess(const struct object *library, const char *name);

#endif
