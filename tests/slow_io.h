/* slow_io.h: a reactor on real sockets that take one byte a call (slow_bytes of
 * them), so that what is sent is cut everywhere it can be. */
#ifndef CONFAB_TESTS_SLOW_IO_H
#define CONFAB_TESTS_SLOW_IO_H

#include "core/reactor.h"

static struct confab_io slow, slowed; /* what the reactor has, what it had */
static size_t slow_bytes = 1;         /* that a call takes at the most */
static size_t slow_calls;

static inline size_t slow_part(size_t len)
{
    slow_calls++;
    return len < slow_bytes ? len : slow_bytes;
}

/* The front of the first piece that has bytes. */
static inline struct iovec slow_piece(const struct iovec *iov, int count)
{
    while (count > 1 && iov->iov_len == 0)
        iov++, count--;
    return (struct iovec){ .iov_base = iov->iov_base, .iov_len = slow_part(iov->iov_len) };
}

static inline ssize_t slow_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    return slowed.send(state, fd, bytes, slow_part(len), flags);
}

static inline ssize_t slow_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    struct iovec piece = slow_piece(iov, count);

    return slowed.sendmsg(state, fd, &piece, 1, flags);
}

static inline ssize_t slow_writev(void *state, int fd, const struct iovec *iov, int count)
{
    struct iovec piece = slow_piece(iov, count);

    return slowed.writev(state, fd, &piece, 1);
}

static inline ssize_t slow_sendfile(void *state, int fd, int file, int64_t offset, size_t len)
{
    return slowed.sendfile(state, fd, file, offset, slow_part(len));
}

static inline void slow_io(confab_reactor *reactor)
{
    slow = slowed = *reactor->io;
    slow.send = slow_send;
    slow.sendmsg = slow_sendmsg;
    slow.writev = slow_writev;
    slow.sendfile = slow_sendfile;
    reactor->io = &slow;
}

#endif
