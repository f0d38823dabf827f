/* posix_unsent_macos.c: SO_NWRITE tells what is in the send buffer. */
#include "backends/posix.h"

int posix_unsent(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;

    return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &len) < 0 ? -errno : bytes;
}
