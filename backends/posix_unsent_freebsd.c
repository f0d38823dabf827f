/* posix_unsent_freebsd.c: FIONWRITE tells what is in the send buffer (FreeBSD,
 * NetBSD).  Over a unix socket that is 0: what was sent is in the peer's already,
 * where our close does not touch it. */
#include "backends/posix.h"
#include <sys/ioctl.h>

int posix_unsent(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONWRITE, &bytes) < 0 ? -errno : bytes;
}
