/* sim_io_bytes.c: the io of the simulated network: bytes in and out, short,
 * late or not at all, as the faults have it. */
#include "backends/sim.h"
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum { PIECE = 16384 }; /* bytes of a file that are read at once */

struct sim_socket *sim_find(void *state, int fd)
{
    struct sim_network *network = sim_network_of(state);

    sim_arrivals(network);
    return sim_socket_of(network, fd);
}

/* -- Input -------------------------------------------------------------------- */

/* A call told why it moves nothing has been told. */
static ssize_t told(struct sim_socket *s, const char *call, ssize_t error)
{
    if (error < 0 && error != -EAGAIN && -error == s->error)
        sim_error(s);
    sim_note(s->network, "%s %d -> %zd", call, s->handle, error);
    return error;
}

static ssize_t receive(void *state, int fd, char *bytes, size_t len, bool peek)
{
    struct sim_socket *s = sim_find(state, fd);

    if (!s)
        return -EBADF;
    struct sim_network *network = s->network;
    ssize_t there = sim_receivable(s);
    if (there <= 0)
        return told(s, "recv", there);
    /* What comes before a reset is there when that is: no system would take that back. */
    if (!s->reset && sim_chance(network, network->faults.again)) {
        sim_note(network, "fault: recv %d -> again", fd);
        return -EAGAIN;
    }
    size_t n = (size_t)there < len ? (size_t)there : len;
    if (n > 1 && sim_chance(network, network->faults.short_reads))
        n = 1 + (size_t)sim_draw(network, n - 1);
    sim_take(s, bytes, n, peek);
    sim_note(network, "%s %d %zu of %zu %08" PRIx32, peek ? "peek" : "recv", fd, n, len,
             sim_hash(bytes, n, 0));
    return (ssize_t)n;
}

ssize_t sim_io_recv(void *state, int fd, void *bytes, size_t len, int flags)
{
    return flags & MSG_OOB ? -EINVAL : receive(state, fd, bytes, len, (flags & MSG_PEEK) != 0);
}

ssize_t sim_io_read(void *state, int fd, void *bytes, size_t len)
{
    return receive(state, fd, bytes, len, false);
}

ssize_t sim_io_recvfrom(void *state, int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len)
{
    (void)from;
    if (from_len)
        *from_len = 0;
    return sim_io_recv(state, fd, bytes, len, flags);
}

/* -- Output -------------------------------------------------------------------- */

/* How much of len is to be put now. */
static ssize_t may_send(struct sim_socket *s, size_t len)
{
    struct sim_network *network = s->network;
    ssize_t room = sim_sendable(s);

    if (room < 0)
        return told(s, "send", room);
    if (len == 0)
        return 0;
    if (sim_chance(network, network->faults.again)) {
        sim_note(network, "fault: send %d -> again", s->handle);
        return -EAGAIN;
    }
    size_t n = (size_t)room < len ? (size_t)room : len;
    if (n > 1 && sim_chance(network, network->faults.short_writes))
        n = 1 + (size_t)sim_draw(network, n - 1);
    return (ssize_t)n;
}

ssize_t sim_io_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    struct sim_socket *s = sim_find(state, fd);
    size_t len = 0, left;
    uint32_t hash = 0;

    if (!s)
        return -EBADF;
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (int i = 0; i < count; i++)
        len += iov[i].iov_len;
    ssize_t n = may_send(s, len);
    if (n <= 0)
        return n;
    left = (size_t)n;
    for (int i = 0; left > 0; i++) {
        size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

        if (part == 0) /* its address may be NULL */
            continue;
        sim_put(s, iov[i].iov_base, part);
        hash = sim_hash(iov[i].iov_base, part, hash);
        left -= part;
    }
    sim_flush(s, (size_t)n);
    sim_note(s->network, "send %d %zd of %zu %08" PRIx32, fd, n, len, hash);
    return n;
}

ssize_t sim_io_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    const struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };

    return sim_io_sendmsg(state, fd, &iov, 1, flags);
}

ssize_t sim_io_writev(void *state, int fd, const struct iovec *iov, int count)
{
    return sim_io_sendmsg(state, fd, iov, count, 0);
}

ssize_t sim_io_sendto(void *state, int fd, const void *bytes, size_t len, int flags,
                      const struct sockaddr *to, socklen_t to_len)
{
    (void)to_len;
    return to ? -EISCONN : sim_io_send(state, fd, bytes, len, flags);
}

ssize_t sim_io_sendfile(void *state, int fd, int file, int64_t offset, size_t len)
{
    struct sim_socket *s = sim_find(state, fd);
    char piece[PIECE];
    size_t moved = 0;
    ssize_t n = s ? may_send(s, len) : -EBADF, got = 0;

    while (n > 0 && moved < (size_t)n) {
        size_t want = (size_t)n - moved < sizeof piece ? (size_t)n - moved : sizeof piece;

        got = pread(file, piece, want, (off_t)(offset + (int64_t)moved));
        if (got <= 0)
            break;
        sim_put(s, piece, (size_t)got);
        moved += (size_t)got;
    }
    if (n < 0)
        return n;
    if (moved == 0)
        return got < 0 ? -errno : 0;
    sim_flush(s, moved);
    sim_note(s->network, "sendfile %d %zu of %zu", fd, moved, len);
    return (ssize_t)moved;
}
