/* module_elf.c: what can be told of an ELF file before it is loaded.
 *
 * dlopen maps the file and touches its pages: where one is behind the file's
 * end, as in a copy that was cut short, the process dies of SIGBUS.  So each
 * part that the headers promise is looked for first. */
#include "core/complain.h"
#include "core/module.h"
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* The ELF class of this machine's pointers. */
#if UINTPTR_MAX > UINT32_MAX
typedef Elf64_Ehdr file_header;
typedef Elf64_Phdr part_header;
typedef Elf64_Dyn link_entry;
enum { BITS = 64 };
#else
typedef Elf32_Ehdr file_header;
typedef Elf32_Phdr part_header;
typedef Elf32_Dyn link_entry;
enum { BITS = 32 };
#endif

enum {
    PARTS_MAX = 256, /* parts of a file that are looked at; it has about ten */
    LINKS_MAX = 4096 /* entries of its dynamic part that are; it has about thirty */
};

/* Not in every system's elf.h. */
#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif

/* Our own header, which the linker puts at the start of what holds this
 * function: what the file's has to agree with, with no table of machines. */
extern const unsigned char __ehdr_start[sizeof(file_header)] __attribute__((weak, visibility("hidden")));

static int refuse(const char *path, char *error, size_t room, const char *why)
{
    return complain(error, room, -ENOEXEC, "%s: not a shared object: %s", path, why);
}

static int refuse_program(const char *path, char *error, size_t room)
{
    return complain(error, room, -ENOEXEC, "%s: it is a program, not a shared object", path);
}

static int truncated(const char *path, uint64_t size, uint64_t wanted, char *error, size_t room)
{
    return complain(error, room, -ENOEXEC,
                    "%s: truncated: %" PRIu64 " bytes, and its headers tell of %" PRIu64 " or more", path,
                    size, wanted);
}

/* Whether the len bytes from offset are in the file; where not, how long it should be. */
static bool holds(uint64_t size, uint64_t offset, uint64_t len, uint64_t *wanted)
{
    if (__builtin_add_overflow(offset, len, wanted))
        *wanted = UINT64_MAX;
    return *wanted <= size;
}

/* What a file of this class and byte order on this machine begins with. */
static bool is_ours(const file_header *header)
{
    file_header own;

    if (header->e_ident[EI_CLASS] != (BITS == 64 ? ELFCLASS64 : ELFCLASS32))
        return false;
    /* An array's address is never NULL to the compiler, unless it is weak as this one. */
    const unsigned char *start = __ehdr_start;
    if (!start)
        return true;
    memcpy(&own, start, sizeof own);
    return header->e_ident[EI_DATA] == own.e_ident[EI_DATA] && header->e_machine == own.e_machine;
}

static int check_header(const file_header *header, const char *path, char *error, size_t room)
{
    unsigned class = header->e_ident[EI_CLASS], order = header->e_ident[EI_DATA];

    if (!is_ours(header))
        return complain(error, room, -ENOEXEC,
                        "%s: built for another machine: ELF class %u, byte order %u, machine %u", path, class,
                        order, (unsigned)header->e_machine);
    if (header->e_type == ET_REL)
        return refuse(path, error, room, "it is an object file that was not linked (-shared)");
    if (header->e_type == ET_EXEC)
        return refuse_program(path, error, room);
    if (header->e_type != ET_DYN)
        return refuse(path, error, room, "it is a core file or the like");
    if (header->e_phentsize != sizeof(part_header) || header->e_phnum == 0 || header->e_phnum > PARTS_MAX)
        return refuse(path, error, room, "its ELF header is damaged");
    return 0;
}

/* Whether this is a program that may be mapped anywhere, which has the type of a
 * shared object.  That it names an interpreter does not tell: the C library does too. */
static bool is_program(int fd, const part_header *dynamic)
{
    uint64_t count = dynamic->p_filesz / sizeof(link_entry);
    link_entry entry;

    for (uint64_t i = 0; i < count && i < LINKS_MAX; i++) {
        off_t at = (off_t)(dynamic->p_offset + i * sizeof entry);
        if (pread(fd, &entry, sizeof entry, at) != (ssize_t)sizeof entry || entry.d_tag == DT_NULL)
            return false;
        if (entry.d_tag == DT_FLAGS_1)
            return (entry.d_un.d_val & DF_1_PIE) != 0;
    }
    return false;
}

/* Each part that will be mapped is in the file, and there is something to link with. */
static int check_parts(int fd, const file_header *header, const char *path, uint64_t size, char *error,
                       size_t room)
{
    bool loads = false, dynamic = false;
    uint64_t wanted;

    for (unsigned i = 0; i < header->e_phnum; i++) {
        part_header part;
        uint64_t at = header->e_phoff + (uint64_t)i * sizeof part;

        if (pread(fd, &part, sizeof part, (off_t)at) != (ssize_t)sizeof part)
            return complain(error, room, -EIO, "%s: it cannot be read", path);
        if (part.p_type != PT_LOAD && part.p_type != PT_DYNAMIC)
            continue;
        loads |= part.p_type == PT_LOAD;
        dynamic |= part.p_type == PT_DYNAMIC;
        if (!holds(size, part.p_offset, part.p_filesz, &wanted))
            return truncated(path, size, wanted, error, room);
        if (part.p_type == PT_DYNAMIC && is_program(fd, &part))
            return refuse_program(path, error, room);
    }
    return loads && dynamic ? 0 : refuse(path, error, room, "it has nothing to load, or to link with");
}

int module_check_file(int fd, const char *path, uint64_t size, char *error, size_t room)
{
    file_header header = { 0 };
    uint64_t wanted;
    int result;
    ssize_t n = pread(fd, &header, sizeof header, 0);

    if (n < 0)
        return complain(error, room, -errno, "%s: %s", path, strerror(errno));
    if (n == 0)
        return truncated(path, size, sizeof header, error, room);
    if (memcmp(header.e_ident, ELFMAG, n < SELFMAG ? (size_t)n : SELFMAG) != 0)
        return refuse(path, error, room, "it is no ELF file");
    if ((size_t)n < sizeof header)
        return truncated(path, size, sizeof header, error, room);
    result = check_header(&header, path, error, room);
    if (result)
        return result;
    if (!holds(size, header.e_phoff, (uint64_t)header.e_phnum * sizeof(part_header), &wanted))
        return truncated(path, size, wanted, error, room);
    result = check_parts(fd, &header, path, size, error, room);
    if (result)
        return result;
    /* Sections are not mapped, but they come last, so they tell of any cut. */
    if (header.e_shoff &&
        !holds(size, header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, &wanted))
        return truncated(path, size, wanted, error, room);
    return 0;
}
