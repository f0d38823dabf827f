/* module_plain.c: where shared objects are no ELF files: only what any file can be asked. */
#include "core/complain.h"
#include "core/module.h"
#include <errno.h>
#include <unistd.h>

int module_check_file(int fd, const char *path, uint64_t size, char *error, size_t room)
{
    char byte;

    if (size == 0)
        return complain(error, room, -ENOEXEC, "%s: truncated: it is empty, and a shared object was expected",
                        path);
    if (pread(fd, &byte, 1, 0) != 1)
        return complain(error, room, -ENOEXEC, "%s: it cannot be read", path);
    return 0;
}
