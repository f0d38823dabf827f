/* object_elf.c: reading a shared object's own word of itself: what the loader reads, as sections may have been
 * stripped. */
#include "tools/check/object_elf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 4096 }; /* entries of the dynamic part; it has about thirty */

/* A file that tells nothing of its stack gets one that is executable, on these. */
#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))
enum { STACK_UNTOLD = true };
#else
enum { STACK_UNTOLD = false };
#endif

/* What the dynamic part tells; addresses, 0: not there. */
struct links {
    uint64_t symbols, names, names_size, hash, gnu_hash;
};

/* -- The file ------------------------------------------------------------------------------------- */

static int read_all(int fd, struct object *object)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > OBJECT_SIZE_MAX)
        return -EFBIG;
    object->bytes = calloc(1, (size_t)st.st_size + 1);
    if (!object->bytes)
        return -ENOMEM;
    while (object->size < (size_t)st.st_size) {
        ssize_t n = read(fd, object->bytes + object->size, (size_t)st.st_size - object->size);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break; /* it has become shorter */
        object->size += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

bool elf_get(const struct elf *elf, uint64_t offset, void *to, size_t n)
{
    const struct object *object = elf->object;

    if (offset > object->size || n > object->size - offset)
        return false;
    memcpy(to, object->bytes + offset, n);
    return true;
}

const char *elf_text(const struct elf *elf, uint64_t table, uint64_t size, uint64_t at)
{
    const struct object *object = elf->object;
    uint64_t end;

    if (__builtin_add_overflow(table, size, &end) || end > object->size)
        end = object->size;
    if (table >= end || at >= end - table)
        return NULL;
    const char *text = object->bytes + table + at;
    return memchr(text, '\0', (size_t)(end - table - at)) ? text : NULL;
}

/* Where an address of the loaded object comes from in the file, and how many bytes follow there. */
static bool offset_of(const struct elf *elf, uint64_t address, uint64_t *offset)
{
    for (unsigned i = 0; i < elf->part_count; i++) {
        const elf_part *part = &elf->parts[i];
        if (part->p_type != PT_LOAD || address < part->p_vaddr || address - part->p_vaddr >= part->p_filesz)
            continue;
        return !__builtin_add_overflow((uint64_t)part->p_offset, address - part->p_vaddr, offset);
    }
    return false;
}

/* -- Headers ---------------------------------------------------------------------------------------- */

static const char *check_header(const elf_header *header)
{
    static const uint16_t one = 1;
    unsigned char low, order;

    memcpy(&low, &one, 1);
    order = low ? ELFDATA2LSB : ELFDATA2MSB;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return "is no shared object: not an ELF file";
    if (header->e_ident[EI_CLASS] != OBJECT_CLASS)
        return OBJECT_CLASS == ELFCLASS64 ? "is built for another machine: not of 64 bits, as this host"
                                          : "is built for another machine: not of 32 bits, as this host";
    if (header->e_ident[EI_DATA] != order)
        return order == ELFDATA2LSB ? "is built for another machine: not little-endian, as this host"
                                    : "is built for another machine: not big-endian, as this host";
    if (header->e_type != ET_DYN)
        return "is no shared object: it was not linked with -shared";
    return header->e_phentsize == sizeof(elf_part) ? NULL : "is no shared object: its ELF header is damaged";
}

static const char *read_headers(struct elf *elf)
{
    const char *refused;

    if (!elf_get(elf, 0, &elf->header, sizeof elf->header))
        return "is no shared object: too short for an ELF header";
    refused = check_header(&elf->header);
    for (unsigned i = 0; !refused && i < elf->header.e_phnum && i < OBJECT_PARTS_MAX; i++) {
        uint64_t at = (uint64_t)elf->header.e_phoff + (uint64_t)i * sizeof(elf_part);
        if (at < elf->header.e_phoff || !elf_get(elf, at, &elf->parts[i], sizeof(elf_part)))
            refused = "is truncated: its headers tell of more than there is";
        else
            elf->part_count++;
    }
    return refused;
}

static bool has_executable_stack(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->part_count; i++)
        if (elf->parts[i].p_type == PT_GNU_STACK)
            return (elf->parts[i].p_flags & PF_X) != 0;
    return STACK_UNTOLD;
}

/* -- The dynamic part ------------------------------------------------------------------------------------ */

static void take_link(struct object *object, struct links *links, const elf_link *link,
                      uint64_t needed[OBJECT_NEEDED_MAX])
{
    uint64_t value = link->d_un.d_val;

    if (link->d_tag == DT_SYMTAB)
        links->symbols = value;
    else if (link->d_tag == DT_STRTAB)
        links->names = value;
    else if (link->d_tag == DT_STRSZ)
        links->names_size = value;
    else if (link->d_tag == DT_HASH)
        links->hash = value;
    else if (link->d_tag == DT_GNU_HASH)
        links->gnu_hash = value;
    else if (link->d_tag == DT_TEXTREL || (link->d_tag == DT_FLAGS && (value & DF_TEXTREL)))
        object->text_relocations = true;
    else if (link->d_tag == DT_NEEDED && object->needed_count < OBJECT_NEEDED_MAX)
        needed[object->needed_count++] = value;
}

static void read_links(struct elf *elf, const elf_part *part, struct links *links,
                       uint64_t needed[OBJECT_NEEDED_MAX])
{
    elf_link link;

    for (uint64_t i = 0; i < part->p_filesz / sizeof link && i < LINKS_MAX; i++) {
        uint64_t at = (uint64_t)part->p_offset + i * sizeof link;
        if (at < part->p_offset || !elf_get(elf, at, &link, sizeof link) || link.d_tag == DT_NULL)
            return;
        take_link(elf->object, links, &link, needed);
    }
}

/* The table of chains is as long as that of symbols; of the other kind the last chain's end has to be found. */
static uint64_t count_by_hash(const struct elf *elf, uint64_t address)
{
    uint32_t head[2];
    uint64_t offset;

    return offset_of(elf, address, &offset) && elf_get(elf, offset, head, sizeof head) ? head[1] : 0;
}

static uint64_t count_by_gnu_hash(const struct elf *elf, uint64_t address)
{
    uint32_t head[4], bucket, last = 0, hash = 0; /* buckets, first symbol, words of the filter, its shift */
    uint64_t offset, at;

    if (!offset_of(elf, address, &offset) || !elf_get(elf, offset, head, sizeof head))
        return 0;
    at = offset + sizeof head + (uint64_t)head[2] * sizeof(elf_word);
    for (uint32_t i = 0; i < head[0] && i < OBJECT_SYMBOLS_MAX; i++) {
        if (!elf_get(elf, at + (uint64_t)i * sizeof bucket, &bucket, sizeof bucket))
            return 0;
        last = bucket > last ? bucket : last;
    }
    if (last < head[1])
        return head[1];
    at += (uint64_t)head[0] * sizeof bucket;
    while (!(hash & 1) && last - head[1] < OBJECT_SYMBOLS_MAX) {
        if (!elf_get(elf, at + (uint64_t)(last - head[1]) * sizeof hash, &hash, sizeof hash))
            return last;
        last++;
    }
    return last;
}

/* -- Symbols ------------------------------------------------------------------------------------------------ */

static void take_symbol(struct elf *elf, const elf_symbol *symbol, const char *name)
{
    struct object *object = elf->object;
    struct object_symbol *taken = &object->symbols[object->symbol_count];
    unsigned bind = ELF_BIND(symbol), visibility = ELF_VISIBILITY(symbol);

    if (!name || !*name || bind == STB_LOCAL)
        return;
    taken->name = name;
    taken->defined = symbol->st_shndx != SHN_UNDEF;
    taken->required = !taken->defined && bind == STB_GLOBAL;
    if (taken->defined &&
        (symbol->st_shndx == SHN_ABS || visibility == STV_HIDDEN || visibility == STV_INTERNAL))
        return;
    object->symbol_count++;
    if (taken->defined && strcmp(name, "confab_plugin_entry") == 0) {
        elf->entry = symbol->st_value;
        elf->entry_size = symbol->st_size;
    }
}

static int read_symbols(struct elf *elf, const struct links *links)
{
    struct object *object = elf->object;
    uint64_t count = links->hash ? count_by_hash(elf, links->hash) : 0, table, names;
    elf_symbol symbol;

    if (links->gnu_hash && count == 0)
        count = count_by_gnu_hash(elf, links->gnu_hash);
    if (count > OBJECT_SYMBOLS_MAX)
        count = OBJECT_SYMBOLS_MAX;
    if (!offset_of(elf, links->symbols, &table) || !offset_of(elf, links->names, &names))
        return 0;
    if (count > object->size / sizeof symbol)
        count = object->size / sizeof symbol;
    object->symbols = calloc((size_t)count + 1, sizeof *object->symbols);
    if (!object->symbols)
        return -ENOMEM;
    for (uint64_t i = 1; i < count; i++) {
        if (!elf_get(elf, table + i * sizeof symbol, &symbol, sizeof symbol))
            return 0;
        take_symbol(elf, &symbol, elf_text(elf, names, links->names_size, symbol.st_name));
    }
    return 0;
}

static void name_needed(const struct elf *elf, const struct links *links, const uint64_t *needed)
{
    struct object *object = elf->object;
    uint64_t names;
    size_t count = object->needed_count;

    object->needed_count = 0;
    if (!offset_of(elf, links->names, &names))
        return;
    for (size_t i = 0; i < count; i++) {
        const char *name = elf_text(elf, names, links->names_size, needed[i]);
        if (name)
            object->needed[object->needed_count++] = name;
    }
}

static int read_object(struct object *object)
{
    struct elf elf = { .object = object };
    struct links links = { .symbols = 0 };
    uint64_t needed[OBJECT_NEEDED_MAX];

    object->refused = read_headers(&elf);
    if (object->refused)
        return 0;
    for (unsigned i = 0; i < elf.part_count; i++)
        if (elf.parts[i].p_type == PT_DYNAMIC)
            read_links(&elf, &elf.parts[i], &links, needed);
    name_needed(&elf, &links, needed);
    object->executable_stack = has_executable_stack(&elf);
    int result = read_symbols(&elf, &links);
    elf_find_data(&elf);
    return result;
}

int object_read(const char *path, struct object *object)
{
    /* Not blocking: a FIFO of that name is to be told, not to be waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;

    *object = (struct object){ .bytes = NULL };
    if (fd < 0)
        return -errno;
    result = read_all(fd, object);
    close(fd);
    return result ? result : read_object(object);
}

bool object_reads(void)
{
    return true;
}

void object_free(struct object *object)
{
    free(object->symbols);
    free(object->bytes);
    *object = (struct object){ .bytes = NULL };
}
