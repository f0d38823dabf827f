/* object_data.c: an object's static data that can be written to.
 *
 * The sections tell which it is, and their symbols its names.  Where these were stripped its size is what is left of
 * the part that can be written to without what every object has there. */
#include "tools/check/object_elf.h"
#include <string.h>

enum {
    SECTIONS_MAX = 4096,
    GIVEN = 16,    /* bytes: __dso_handle in .data, completed.0 in .bss */
    GIVEN_CPP = 40 /* and by C++: what its entry is aligned to, the address of its personality */
};

struct sections {
    uint64_t names, names_size;
    unsigned count;
};

/* -- Which sections ----------------------------------------------------------------------------------- */

static bool get_section(const struct elf *elf, unsigned i, elf_section *section)
{
    uint64_t at = (uint64_t)elf->header.e_shoff + (uint64_t)i * sizeof *section;

    return at >= elf->header.e_shoff && elf_get(elf, at, section, sizeof *section);
}

static bool find_sections(const struct elf *elf, struct sections *sections)
{
    const elf_header *header = &elf->header;
    elf_section names;

    if (!header->e_shoff || header->e_shentsize != sizeof(elf_section) || !header->e_shnum ||
        !get_section(elf, header->e_shstrndx, &names))
        return false;
    sections->count = header->e_shnum < SECTIONS_MAX ? header->e_shnum : SECTIONS_MAX;
    sections->names = names.sh_offset;
    sections->names_size = names.sh_size;
    return true;
}

/* The loader closes this part once it has written to it. */
static bool is_closed(const struct elf *elf, uint64_t address)
{
    for (unsigned i = 0; i < elf->part_count; i++)
        if (elf->parts[i].p_type == PT_GNU_RELRO && address >= elf->parts[i].p_vaddr &&
            address - elf->parts[i].p_vaddr < elf->parts[i].p_memsz)
            return true;
    return false;
}

static bool holds_data(const struct elf *elf, const struct sections *sections, const elf_section *section)
{
    static const char *const prefixes[] = { ".data",  ".bss",  ".tdata", ".tbss",
                                            ".sdata", ".sbss", ".ldata", ".lbss" };
    const uint64_t flags = SHF_WRITE | SHF_ALLOC;
    const char *name = elf_text(elf, sections->names, sections->names_size, section->sh_name);

    if (!name || (section->sh_flags & flags) != flags || strncmp(name, ".data.rel.ro", 12) == 0)
        return false;
    if (is_closed(elf, section->sh_addr) && !(section->sh_flags & SHF_TLS))
        return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* -- Its names ------------------------------------------------------------------------------------------ */

/* What the compiler and the linker put there.  In C++ the entry is filled when the plugin is loaded; DW.ref is how handlers
 * of exceptions find their types. */
static bool is_given(const char *name)
{
    static const char *const given[] = { "_DYNAMIC", "_GLOBAL_OFFSET_TABLE_", "_edata", "_end",
                                         "confab_plugin_entry" };

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (strcmp(name, given[i]) == 0)
            return true;
    return strncmp(name, "__", 2) == 0 || strncmp(name, "completed.", 10) == 0 ||
           strncmp(name, "DW.ref.", 7) == 0;
}

static void take_symbol(const struct elf *elf, const struct sections *sections, const elf_symbol *symbol,
                        const char *name)
{
    struct object *object = elf->object;
    unsigned type = ELF_TYPE(symbol);
    elf_section section;

    if ((type != STT_OBJECT && type != STT_TLS) || symbol->st_shndx >= sections->count || !name || !*name ||
        is_given(name) || !get_section(elf, symbol->st_shndx, &section) ||
        !holds_data(elf, sections, &section))
        return;
    if (object->data_count < OBJECT_DATA_MAX)
        object->data[object->data_count] = name;
    object->data_count++;
}

/* Whether there was a table of all symbols, which stripping removes. */
static bool find_names(const struct elf *elf, const struct sections *sections)
{
    elf_section table, names;
    elf_symbol symbol;

    for (unsigned i = 0; i < sections->count; i++) {
        if (!get_section(elf, i, &table))
            return false;
        if (table.sh_type != SHT_SYMTAB || table.sh_link >= sections->count ||
            !get_section(elf, table.sh_link, &names))
            continue;
        for (uint64_t k = 0; k < table.sh_size / sizeof symbol && k < OBJECT_SYMBOLS_MAX; k++) {
            uint64_t at = (uint64_t)table.sh_offset + k * sizeof symbol;
            if (at < table.sh_offset || !elf_get(elf, at, &symbol, sizeof symbol))
                return false;
            take_symbol(elf, sections, &symbol,
                        elf_text(elf, names.sh_offset, names.sh_size, symbol.st_name));
        }
        return true;
    }
    return false;
}

/* -- Its size -------------------------------------------------------------------------------------------- */

static uint64_t size_of_sections(const struct elf *elf, const struct sections *sections)
{
    elf_section section;
    uint64_t size = 0;

    for (unsigned i = 0; i < sections->count; i++)
        if (get_section(elf, i, &section) && holds_data(elf, sections, &section) &&
            __builtin_add_overflow(size, (uint64_t)section.sh_size, &size))
            return UINT64_MAX;
    return size;
}

/* Of what can be written to, without what is closed and the words of functions that are found when they are called
 * first: three, and one for each. */
static uint64_t size_of_parts(const struct elf *elf)
{
    uint64_t size = 0, closed = 0, words = 0;

    for (unsigned i = 0; i < elf->part_count; i++) {
        const elf_part *part = &elf->parts[i];
        elf_link link;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W))
            size += part->p_memsz;
        if (part->p_type == PT_GNU_RELRO)
            closed += part->p_memsz;
        if (part->p_type != PT_DYNAMIC)
            continue;
        for (uint64_t k = 0; k < part->p_filesz / sizeof link && k < SECTIONS_MAX; k++)
            if (elf_get(elf, (uint64_t)part->p_offset + k * sizeof link, &link, sizeof link) &&
                link.d_tag == DT_PLTRELSZ)
                words = 3 + link.d_un.d_val / (2 * sizeof(elf_word));
    }
    closed += words * sizeof(elf_word);
    return size > closed ? size - closed : 0;
}

/* Without what every object has. */
static uint64_t without_given(const struct elf *elf, uint64_t size)
{
    uint64_t given = GIVEN + (elf->entry && !is_closed(elf, elf->entry) ? elf->entry_size + GIVEN_CPP : 0);

    return size > given ? size - given : 0;
}

void elf_find_data(const struct elf *elf)
{
    struct sections sections;

    if (!find_sections(elf, &sections))
        elf->object->data_size = without_given(elf, size_of_parts(elf));
    else if (!find_names(elf, &sections))
        elf->object->data_size = without_given(elf, size_of_sections(elf, &sections));
}
