/* watch_calls_elf.c: puts our functions in the place of those that the plugin calls, in the plugin alone.
 *
 * The loader has written the address of each function into the words that the plugin calls it by (at once: it was
 * loaded with RTLD_NOW), and the relocations tell where they are and by which name.  A word that holds the address
 * of one of our table gets ours.  Which kind of relocation it was does not matter. */
#include "tools/check/watch.h"
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if UINTPTR_MAX > UINT32_MAX
typedef Elf64_Phdr part_header;
typedef Elf64_Dyn link_entry;
typedef Elf64_Sym symbol_entry;
typedef Elf64_Rel rel_entry;
typedef Elf64_Rela rela_entry;
#define SYMBOL_OF(info) ((size_t)ELF64_R_SYM(info))
#else
typedef Elf32_Phdr part_header;
typedef Elf32_Dyn link_entry;
typedef Elf32_Sym symbol_entry;
typedef Elf32_Rel rel_entry;
typedef Elf32_Rela rela_entry;
#define SYMBOL_OF(info) ((size_t)ELF32_R_SYM(info))
#endif

/* A plugin in memory. */
struct object {
    const void *inside; /* something that it holds: how it is found */
    uintptr_t base;
    const part_header *parts;
    unsigned part_count;
    const link_entry *links;
    const symbol_entry *symbols;
    const char *names;
    void *handle;
};

static const struct watch_call *const tables[] = { watch_allocate_calls, watch_chat_calls, watch_given_calls,
                                                   watch_message_calls, watch_wait_calls };

/* -- Finding it ------------------------------------------------------------------------------------- */

static bool part_holds(const struct object *object, const part_header *part, uintptr_t at, size_t n)
{
    uintptr_t from = object->base + part->p_vaddr;

    return at >= from && at - from <= part->p_memsz && n <= part->p_memsz - (at - from);
}

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
    struct object *object = data;
    bool found = false;

    (void)size;
    object->base = info->dlpi_addr;
    object->parts = info->dlpi_phdr;
    object->part_count = info->dlpi_phnum;
    object->links = NULL;
    for (unsigned i = 0; i < object->part_count; i++) {
        const part_header *part = &object->parts[i];
        if (part->p_type == PT_LOAD)
            found |= part_holds(object, part, (uintptr_t)object->inside, 1);
        if (part->p_type == PT_DYNAMIC)
            object->links = (const void *)(object->base + part->p_vaddr);
    }
    return found && object->links;
}

/* An address that the dynamic part tells: some loaders have added the base to it, others leave it. */
static uintptr_t address_of(const struct object *object, const link_entry *link)
{
    uintptr_t at = (uintptr_t)link->d_un.d_ptr;

    return at < object->base ? object->base + at : at;
}

/* (The tag is signed on some systems, on others not.) */
static const link_entry *find_link(const struct object *object, int64_t tag)
{
    for (const link_entry *link = object->links; link->d_tag != DT_NULL; link++)
        if ((int64_t)link->d_tag == tag)
            return link;
    return NULL;
}

static size_t value_of(const struct object *object, int64_t tag)
{
    const link_entry *link = find_link(object, tag);

    return link ? (size_t)link->d_un.d_val : 0;
}

/* -- Replacing ------------------------------------------------------------------------------------- */

/* The part that a word may be written to in, and whether it is writable now. */
static bool writable(const struct object *object, uintptr_t at, bool *closed)
{
    bool open = false;

    *closed = false;
    for (unsigned i = 0; i < object->part_count; i++) {
        const part_header *part = &object->parts[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) && part_holds(object, part, at, sizeof(void *)))
            open = true;
        if (part->p_type == PT_GNU_RELRO && part_holds(object, part, at, sizeof(void *)))
            *closed = true;
    }
    return open;
}

static void write_word(const struct object *object, uintptr_t at, void (*ours)(void))
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = at & ~(page - 1);
    bool closed;

    if (at % sizeof(void *) || !writable(object, at, &closed))
        return;
    if (closed && mprotect((void *)from, page, PROT_READ | PROT_WRITE) < 0)
        return;
    memcpy((void *)at, &ours, sizeof ours);
    if (closed)
        mprotect((void *)from, page, PROT_READ);
}

static const struct watch_call *find_call(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct watch_call *call = tables[i]; call->name; call++)
            if (strcmp(call->name, name) == 0)
                return call;
    return NULL;
}

/* Whether the word is what the name means to everybody, or to this object: not the name with something added, and
 * not a function of its own. */
static bool is_it(const struct object *object, const char *name, const void *word)
{
    const void *everybodys = dlsym(RTLD_DEFAULT, name);

    return word && (word == everybodys || (!everybodys && word == dlsym(object->handle, name)));
}

static void replace(const struct object *object, uintptr_t offset, size_t symbol)
{
    uintptr_t at = object->base + offset;
    const struct watch_call *call;
    const char *name;
    void *word;
    void (*found)(void);
    bool closed;

    if (symbol == 0 || object->symbols[symbol].st_shndx != SHN_UNDEF)
        return;
    name = object->names + object->symbols[symbol].st_name;
    call = find_call(name);
    if (!call || !writable(object, at, &closed))
        return;
    memcpy(&word, (const void *)at, sizeof word);
    if (!is_it(object, name, word))
        return;
    memcpy(&found, &word, sizeof found);
    if (call->real != REAL_NONE)
        watch_keep_real(call, found, object->handle);
    write_word(object, at, call->ours);
}

static void replace_rela(const struct object *object, uintptr_t table, size_t size)
{
    const rela_entry *entry = (const void *)table;

    for (size_t i = 0; i < size / sizeof *entry; i++)
        replace(object, entry[i].r_offset, SYMBOL_OF(entry[i].r_info));
}

static void replace_rel(const struct object *object, uintptr_t table, size_t size)
{
    const rel_entry *entry = (const void *)table;

    for (size_t i = 0; i < size / sizeof *entry; i++)
        replace(object, entry[i].r_offset, SYMBOL_OF(entry[i].r_info));
}

void watch_replace_calls(struct watch *watch, void *handle, const void *inside)
{
    struct object object = { .inside = inside, .handle = handle };
    const link_entry *symbols, *names, *rela, *rel, *plt;

    (void)watch;
    if (!dl_iterate_phdr(visit, &object))
        return;
    symbols = find_link(&object, DT_SYMTAB);
    names = find_link(&object, DT_STRTAB);
    if (!symbols || !names)
        return;
    object.symbols = (const void *)address_of(&object, symbols);
    object.names = (const void *)address_of(&object, names);
    rela = find_link(&object, DT_RELA);
    rel = find_link(&object, DT_REL);
    plt = find_link(&object, DT_JMPREL);
    if (rela)
        replace_rela(&object, address_of(&object, rela), value_of(&object, DT_RELASZ));
    if (rel)
        replace_rel(&object, address_of(&object, rel), value_of(&object, DT_RELSZ));
    if (plt && value_of(&object, DT_PLTREL) == DT_RELA)
        replace_rela(&object, address_of(&object, plt), value_of(&object, DT_PLTRELSZ));
    else if (plt)
        replace_rel(&object, address_of(&object, plt), value_of(&object, DT_PLTRELSZ));
}

bool watch_replaces_calls(void)
{
    return true;
}
