/* posix_cork_none.c: for systems that have no such thing, or one that may keep the last bytes (TCP_NOPUSH of macOS). */
#include "backends/posix.h"

int posix_cork(int fd, bool on)
{
    (void)fd, (void)on;
    return -ENOTSUP;
}
