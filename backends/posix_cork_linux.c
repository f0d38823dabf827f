/* posix_cork_linux.c: TCP_CORK of tcp(7). */
#include "backends/posix.h"
#include <netinet/in.h>
#include <netinet/tcp.h>

int posix_cork(int fd, bool on)
{
    int value = on;

    return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value) < 0 ? -errno : 0;
}
