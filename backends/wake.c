/* wake.c: ending a wait from another thread or from a signal handler.
 *
 * `sent` says that the descriptor is readable, or is about to be: however often
 * wake_send is called, one write is made for a wait.  So at most eight bytes are
 * ever in it: a pipe never fills up, and one read empties it. */
#include "backends/posix.h"
#include <unistd.h>

void wake_close(struct wake *wake)
{
    close(wake->read_fd);
    if (wake->write_fd != wake->read_fd)
        close(wake->write_fd);
}

int wake_send(struct wake *wake)
{
    const uint64_t one = 1;
    int saved = errno, error = 0;
    unsigned times = 0;
    ssize_t n;

    if (atomic_exchange(&wake->sent, true))
        return 0;
    do
        n = write(wake->write_fd, &one, sizeof one);
    while (n < 0 && posix_interrupted(&times));
    if (n < 0) {
        error = -errno;
        atomic_store(&wake->sent, false);
    }
    errno = saved;
    return error;
}

/* First read, then clear.  A wake between the two writes nothing, and need not:
 * the wait that drains ends anyway.  The other way round its write would be
 * read here with `sent` left set, and no later wake would ever write.  The
 * exchange (and not a mere store) makes what the waker did before visible to
 * whoever this wait returns to. */
void wake_drain(struct wake *wake)
{
    unsigned times = 0;
    uint64_t count;
    ssize_t n;

    do
        n = read(wake->read_fd, &count, sizeof count);
    while (n < 0 && posix_interrupted(&times));
    atomic_exchange(&wake->sent, false);
}
