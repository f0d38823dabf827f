/* posix_unsent_none.c: for systems that do not tell (OpenBSD). */
#include "backends/posix.h"

int posix_unsent(int fd)
{
    (void)fd;
    return -ENOTSUP;
}
