/* sim_io.c: the io of the simulated network: handles in the place of
 * descriptors, and the faults that befall the reactor's side. */
#include "backends/sim.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <unistd.h>

enum { PIECE = 16384 }; /* bytes of a file that are read at once */

#define WALL_START INT64_C(1000000000000000000) /* 2001-09-09 01:46:40 UTC */

/* The socket of a handle, and all that has arrived by now. */
static struct sim_socket *find(void *state, int fd)
{
    struct sim_network *network = sim_network_of(state);

    sim_arrivals(network);
    return sim_socket_of(network, fd);
}

static int io_socket(void *state, int domain, int type, int protocol)
{
    struct sim_network *network = sim_network_of(state);

    (void)protocol;
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return -EAFNOSUPPORT;
    if (type != SOCK_STREAM)
        return -EPROTONOSUPPORT;
    if (sim_chance(network, network->faults.no_descriptor)) {
        sim_note(network, "fault: socket -> no descriptor");
        return -EMFILE;
    }
    struct sim_socket *made = sim_socket_new(network, domain);
    if (!made)
        return -ENOMEM;
    int fd = sim_handle(made);
    if (fd < 0)
        sim_socket_unref(made);
    sim_note(network, "socket -> %d", fd);
    return fd;
}

static int io_bind(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    struct sim_socket *s = find(state, fd);
    int error = s ? sim_bind(s, address, len) : -EBADF;

    sim_note(sim_network_of(state), "bind %d -> %d", fd, error);
    return error;
}

static int io_listen(void *state, int fd, int backlog)
{
    struct sim_socket *s = find(state, fd);
    int error = s ? sim_listen(s, backlog) : -EBADF;

    sim_note(sim_network_of(state), "listen %d -> %d", fd, error);
    return error;
}

/* Those at the head of the queue that a fault takes away. */
static void abort_some(struct sim_socket *listener)
{
    struct sim_network *network = listener->network;

    while (listener->first && sim_chance(network, network->faults.aborted)) {
        struct sim_socket *gone = sim_accept(listener);

        sim_note(network, "fault: a connection to %d is aborted", listener->handle);
        sim_reset(gone);
        sim_close(gone);
    }
}

static int accept_one(struct sim_socket *listener)
{
    struct sim_network *network = listener->network;

    abort_some(listener);
    if (!listener->first)
        return -EAGAIN;
    if (sim_chance(network, network->faults.again)) {
        sim_note(network, "fault: accept %d -> again", listener->handle);
        return -EAGAIN;
    }
    if (sim_chance(network, network->faults.no_descriptor)) {
        sim_note(network, "fault: accept %d -> no descriptor", listener->handle);
        return -EMFILE;
    }
    int fd = sim_handle(listener->first);
    if (fd >= 0)
        sim_accept(listener);
    return fd;
}

static int io_accept(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    struct sim_socket *listener = find(state, fd);
    int made;

    if (!listener)
        return -EBADF;
    made = listener->kind == SIM_LISTENING ? accept_one(listener) : -EINVAL;
    sim_note(listener->network, "accept %d -> %d", fd, made);
    if (made < 0)
        return made;
    const struct sim_socket *s = sim_socket_of(listener->network, made);
    if (address && len)
        sim_address_give(&s->peer, s->peer_len, address, len);
    return made;
}

static int io_connect(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    struct sim_socket *s = find(state, fd);
    int error = s ? sim_connect(s, address, len) : -EBADF;

    sim_note(sim_network_of(state), "connect %d -> %d", fd, error);
    return error;
}

static int io_setsockopt(void *state, int fd, int level, int name, const void *value, socklen_t len)
{
    struct sim_socket *s = find(state, fd);
    const struct linger *linger = value;
    const int *number = value;

    if (!s)
        return -EBADF;
    if (level == SOL_SOCKET && name == SO_LINGER && len >= sizeof *linger)
        s->abort_on_close = linger->l_onoff && linger->l_linger == 0;
    if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && len >= sizeof *number)
        s->six_only = *number != 0;
    if (level != SOL_SOCKET || len < sizeof *number)
        return 0;
    if (name == SO_REUSEPORT)
        s->reuse_port = *number != 0;
    if ((name == SO_SNDBUF || name == SO_RCVBUF) && *number > 0)
        *(name == SO_SNDBUF ? &s->send_limit : &s->receive_limit) = (size_t)*number;
    return 0;
}

static int io_socket_error(void *state, int fd)
{
    struct sim_socket *s = find(state, fd);

    return s ? -sim_error(s) : -EBADF;
}

static int io_getsockname(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    const struct sim_socket *s = find(state, fd);

    if (!s)
        return -EBADF;
    sim_address_give(&s->local, s->local_len, address, len);
    return 0;
}

static int io_getpeername(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    const struct sim_socket *s = find(state, fd);

    if (!s)
        return -EBADF;
    if (s->kind != SIM_CONNECTED || s->reset)
        return -ENOTCONN;
    sim_address_give(&s->peer, s->peer_len, address, len);
    return 0;
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
    struct sim_socket *s = find(state, fd);

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

static ssize_t io_recv(void *state, int fd, void *bytes, size_t len, int flags)
{
    return flags & MSG_OOB ? -EINVAL : receive(state, fd, bytes, len, (flags & MSG_PEEK) != 0);
}

static ssize_t io_read(void *state, int fd, void *bytes, size_t len)
{
    return receive(state, fd, bytes, len, false);
}

static ssize_t io_recvfrom(void *state, int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                           socklen_t *from_len)
{
    (void)from;
    if (from_len)
        *from_len = 0;
    return io_recv(state, fd, bytes, len, flags);
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

static ssize_t io_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    struct sim_socket *s = find(state, fd);
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

static ssize_t io_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    const struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };

    return io_sendmsg(state, fd, &iov, 1, flags);
}

static ssize_t io_writev(void *state, int fd, const struct iovec *iov, int count)
{
    return io_sendmsg(state, fd, iov, count, 0);
}

static ssize_t io_sendto(void *state, int fd, const void *bytes, size_t len, int flags,
                         const struct sockaddr *to, socklen_t to_len)
{
    (void)to_len;
    return to ? -EISCONN : io_send(state, fd, bytes, len, flags);
}

static ssize_t io_sendfile(void *state, int fd, int file, int64_t offset, size_t len)
{
    struct sim_socket *s = find(state, fd);
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

static int io_unsent(void *state, int fd)
{
    const struct sim_socket *s = find(state, fd);

    if (!s)
        return -EBADF;
    return (int)(s->other ? s->other->in.held - s->other->in.arrived : s->nowhere);
}

/* -- Ends, and the rest ----------------------------------------------------------- */

static int io_shutdown(void *state, int fd, int how)
{
    struct sim_socket *s = find(state, fd);
    int error = s ? sim_shutdown(s, how) : -EBADF;

    sim_note(sim_network_of(state), "shutdown %d -> %d", fd, error);
    return error;
}

static int io_close(void *state, int fd)
{
    struct sim_socket *s = find(state, fd);

    if (fd < SIM_FIRST)
        return close(fd) < 0 && errno != EINTR ? -errno : 0;
    if (!s)
        return -EBADF;
    sim_note(s->network, "close %d", fd);
    sim_close(s);
    return 0;
}

static int io_adopt(void *state, int fd)
{
    const struct sim_socket *s = find(state, fd);

    if (!s)
        return fd < SIM_FIRST && fcntl(fd, F_GETFD) >= 0 ? -EPERM : -EBADF;
    switch (s->kind) {
    case SIM_NEW:
        break;
    case SIM_LISTENING:
        return CONFAB_FD_LISTENER;
    case SIM_CONNECTING:
    case SIM_FAILED:
        return CONFAB_FD_CONNECTING;
    case SIM_CONNECTED:
        return CONFAB_FD_SOCKET;
    }
    return CONFAB_FD_UNCONNECTED;
}

static int io_resolve(void *state, const char *host, uint16_t port, struct sockaddr_storage *addresses,
                      int room)
{
    struct sim_network *network = sim_network_of(state);
    int n = sim_name_find(network, host, port, addresses, room);

    sim_note(network, "resolve %s -> %d", host, n);
    return n;
}

static int64_t io_clock(void *state)
{
    return sim_network_of(state)->clock;
}

static int64_t io_wall_clock(void *state)
{
    const struct sim_network *network = sim_network_of(state);

    return WALL_START + network->clock - network->start;
}

static uint64_t io_random(void *state)
{
    return sim_random(sim_network_of(state));
}

const struct confab_io sim_io = {
    .socket = io_socket,
    .bind = io_bind,
    .listen = io_listen,
    .accept = io_accept,
    .connect = io_connect,
    .setsockopt = io_setsockopt,
    .socket_error = io_socket_error,
    .getsockname = io_getsockname,
    .getpeername = io_getpeername,
    .recv = io_recv,
    .send = io_send,
    .sendmsg = io_sendmsg,
    .read = io_read,
    .writev = io_writev,
    .recvfrom = io_recvfrom,
    .sendto = io_sendto,
    .sendfile = io_sendfile,
    .unsent = io_unsent,
    .shutdown = io_shutdown,
    .close = io_close,
    .adopt = io_adopt,
    .resolve = io_resolve,
    .clock = io_clock,
    .wall_clock = io_wall_clock,
    .random = io_random,
};
