/* wake_pipe2.c: a wake is a pipe that is born non-blocking and close-on-exec, where
 * there is no eventfd(2) (OpenBSD, older FreeBSD and NetBSD). */
#include "backends/posix.h"
#include <fcntl.h>
#include <unistd.h>

int wake_open(struct wake *wake)
{
    int ends[2];

    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
        return -errno;
    wake->read_fd = ends[0];
    wake->write_fd = ends[1];
    atomic_init(&wake->sent, false);
    return 0;
}
