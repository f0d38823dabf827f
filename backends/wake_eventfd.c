/* wake_eventfd.c: a wake is an eventfd(2) where the system has one. */
#include "backends/posix.h"
#include <sys/eventfd.h>

int wake_open(struct wake *wake)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    wake->read_fd = wake->write_fd = fd;
    atomic_init(&wake->sent, false);
    return 0;
}
