/* wake_pipe.c: a wake is a pipe where there is neither eventfd(2) nor pipe2(2) (macOS). */
#include "backends/posix.h"
#include <unistd.h>

int wake_open(struct wake *wake)
{
    int error, ends[2];

    if (pipe(ends) < 0)
        return -errno;
    wake->read_fd = ends[0];
    wake->write_fd = ends[1];
    atomic_init(&wake->sent, false);
    error = posix_prepare(ends[0]);
    if (!error)
        error = posix_prepare(ends[1]);
    if (error)
        wake_close(wake);
    return error;
}
