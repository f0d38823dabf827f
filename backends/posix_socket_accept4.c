/* posix_socket_accept4.c: making descriptors where the flags can be given with
 * the call (Linux, the BSDs). */
#include "backends/posix.h"
#include <sys/ioctl.h>

int posix_socket(int domain, int type, int protocol)
{
    int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

    return fd < 0 ? -errno : fd;
}

int posix_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    int connection = accept4(fd, address, len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    return connection < 0 ? -errno : connection;
}

/* Two calls where fcntl(2) needs four: it cannot set a flag without reading them all. */
int posix_prepare(int fd)
{
    int yes = 1;

    if (ioctl(fd, FIONBIO, &yes) < 0 || ioctl(fd, FIOCLEX) < 0)
        return -errno;
    return 0;
}
