/* posix_stream.c: output by calls that know no MSG_NOSIGNAL: writev, sendfile.
 *
 * A library must not change what the process does with SIGPIPE, so the signal
 * is held back for the length of the call, and what the call raised is taken
 * away.  That costs two more system calls, which neither a pipe nor a call that
 * moves most of a megabyte feels. */
#include "backends/posix.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum {
    COPY_PIECE = 16384,  /* bytes that are read at once */
    COPY_BYTES = 1 << 20 /* bytes that one call copies at the most */
};

struct quiet {
    sigset_t before; /* the thread's mask */
    bool pending;    /* a SIGPIPE was held back before us: it is not ours to take */
};

static bool sigpipe_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void quiet_begin(struct quiet *quiet)
{
    sigset_t pipe;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet->before);
    quiet->pending = sigismember(&quiet->before, SIGPIPE) == 1 && sigpipe_pending();
}

static void quiet_end(struct quiet *quiet, bool raised)
{
    sigset_t pipe;
    int signo;

    if (raised && !quiet->pending && sigpipe_pending()) {
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        sigwait(&pipe, &signo);
    }
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

ssize_t posix_stream_writev(int fd, const struct iovec *iov, int count)
{
    struct quiet quiet;
    unsigned times = 0;
    ssize_t n;

    quiet_begin(&quiet);
    do
        n = writev(fd, iov, count);
    while (n < 0 && posix_interrupted(&times));
    if (n < 0)
        n = posix_failed();
    quiet_end(&quiet, n == -EPIPE);
    return n;
}

ssize_t posix_stream_sendfile(int fd, int file, int64_t offset, size_t len)
{
    struct quiet quiet;
    unsigned times = 0;
    ssize_t n;

    quiet_begin(&quiet);
    do
        n = posix_sendfile(fd, file, offset, len);
    while (n == -EINTR && ++times < POSIX_INTERRUPTIONS);
    /* Bytes may have left before it was raised: a short count may hide it. */
    quiet_end(&quiet, n < 0 || (size_t)n < len);
    return n == -EINTR || n == -EWOULDBLOCK ? -EAGAIN : n;
}

/* A piece that is not taken whole is read again next time: nothing is kept. */
ssize_t posix_stream_copy(int fd, int file, int64_t offset, size_t len)
{
    char piece[COPY_PIECE];
    size_t moved = 0;

    len = len < COPY_BYTES ? len : COPY_BYTES;
    while (moved < len) {
        size_t want = len - moved < sizeof piece ? len - moved : sizeof piece;
        ssize_t got = pread(file, piece, want, (off_t)(offset + (int64_t)moved));
        if (got == 0)
            break;
        ssize_t n = got < 0 ? got : write(fd, piece, (size_t)got);
        if (n < 0)
            return moved > 0 ? (ssize_t)moved : -errno;
        moved += (size_t)n;
        if (n < got)
            break;
    }
    return (ssize_t)moved;
}
