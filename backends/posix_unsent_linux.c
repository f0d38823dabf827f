/* posix_unsent_linux.c: tcp(7) and unix(7) tell what is on its way. */
#include "backends/posix.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>

int posix_unsent(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}
