/* posix.h: what the backends of real systems share among themselves.
 *
 * Where systems differ, a function has a file for each way to do it, and CMake
 * picks one:
 *
 *     posix_socket_   accept4 fcntl                making descriptors
 *     posix_sendfile_ linux freebsd macos copy     a file to a descriptor
 *     posix_cork_     linux none                   holding back what is no full packet
 *     posix_unsent_   linux freebsd macos none     what is on its way to the peer
 *     wake_           eventfd pipe2 pipe           what wake writes to
 */
#ifndef CONFAB_BACKENDS_POSIX_H
#define CONFAB_BACKENDS_POSIX_H

#include "backends/backend.h"
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* Where there is no MSG_NOSIGNAL, posix_socket_fcntl.c tells each descriptor instead. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* A call that signals keep interrupting is made this often at the most; then it
 * counts as one that would block, which the next wait brings up again. */
enum { POSIX_INTERRUPTIONS = 100 };

static inline bool posix_interrupted(unsigned *times)
{
    return errno == EINTR && ++*times < POSIX_INTERRUPTIONS;
}

/* errno as our functions return it. */
static inline int posix_failed(void)
{
    return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

/* A wait's time in milliseconds, rounded up; -1: for ever.  A time that an int
 * cannot hold ends early, after 24 days, which the reactor takes as nothing ready. */
static inline int posix_milliseconds(int64_t ns)
{
    int64_t ms = ns / 1000000 + (ns % 1000000 != 0);

    if (ns < 0)
        return -1;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* A descriptor's mode from fstat(2); -EBADF: none; -EPERM: one that cannot be
 * waited for, such as a regular file. */
int posix_pollable(int fd, mode_t *mode);

/* As confab_io.adopt; posix_adopt.c, as is posix_pollable. */
int posix_adopt(int fd);

/* posix_socket_*.c: each makes or readies a descriptor that does not block, is
 * closed by an exec and, where a descriptor has to be told so, raises no
 * SIGPIPE.  posix_accept tries once. */
int posix_socket(int domain, int type, int protocol);
int posix_accept(int fd, struct sockaddr *address, socklen_t *len);
int posix_prepare(int fd);

/* posix_sendfile_*.c: as confab_io.sendfile, but may raise SIGPIPE. */
ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len);

/* posix_cork_*.c: as confab_io.cork. */
int posix_cork(int fd, bool on);

/* posix_unsent_*.c: as confab_io.unsent. */
int posix_unsent(int fd);

/* posix_stream.c: confab_io's writev and sendfile, and copying by read and
 * write for where there is no sendfile(2) (may raise SIGPIPE). */
ssize_t posix_stream_writev(int fd, const struct iovec *iov, int count);
ssize_t posix_stream_sendfile(int fd, int file, int64_t offset, size_t len);
ssize_t posix_stream_copy(int fd, int file, int64_t offset, size_t len);

/* What ends a wait: a descriptor that can be read once wake_send was called. */
struct wake {
    int read_fd, write_fd; /* the same one where it is an eventfd */
    atomic_bool sent;      /* since the last wake_drain */
};

/* wake_eventfd.c, wake_pipe2.c, wake_pipe.c */
int wake_open(struct wake *wake);

/* wake.c */
void wake_close(struct wake *wake);
int wake_send(struct wake *wake); /* as confab_backend.wake */
void wake_drain(struct wake *wake);

#endif
