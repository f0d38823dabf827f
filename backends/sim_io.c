/* sim_io.c: the io of the simulated network: handles in the place of
 * descriptors, and the faults that befall the reactor's side. */
#include "backends/sim.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <unistd.h>

#define WALL_START INT64_C(1000000000000000000) /* 2001-09-09 01:46:40 UTC */

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
    struct sim_socket *s = sim_find(state, fd);
    int error = s ? sim_bind(s, address, len) : -EBADF;

    sim_note(sim_network_of(state), "bind %d -> %d", fd, error);
    return error;
}

static int io_listen(void *state, int fd, int backlog)
{
    struct sim_socket *s = sim_find(state, fd);
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
    struct sim_socket *listener = sim_find(state, fd);
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
    struct sim_socket *s = sim_find(state, fd);
    int error = s ? sim_connect(s, address, len) : -EBADF;

    sim_note(sim_network_of(state), "connect %d -> %d", fd, error);
    return error;
}

static int io_setsockopt(void *state, int fd, int level, int name, const void *value, socklen_t len)
{
    struct sim_socket *s = sim_find(state, fd);
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
    struct sim_socket *s = sim_find(state, fd);

    return s ? -sim_error(s) : -EBADF;
}

static int io_getsockname(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    const struct sim_socket *s = sim_find(state, fd);

    if (!s)
        return -EBADF;
    sim_address_give(&s->local, s->local_len, address, len);
    return 0;
}

static int io_getpeername(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    const struct sim_socket *s = sim_find(state, fd);

    if (!s)
        return -EBADF;
    if (s->kind != SIM_CONNECTED || s->reset)
        return -ENOTCONN;
    sim_address_give(&s->peer, s->peer_len, address, len);
    return 0;
}

/* -- Ends, and the rest ----------------------------------------------------------- */

static int io_unsent(void *state, int fd)
{
    const struct sim_socket *s = sim_find(state, fd);

    if (!s)
        return -EBADF;
    return (int)(s->other ? s->other->in.held - s->other->in.arrived : s->nowhere);
}

static int io_shutdown(void *state, int fd, int how)
{
    struct sim_socket *s = sim_find(state, fd);
    int error = s ? sim_shutdown(s, how) : -EBADF;

    sim_note(sim_network_of(state), "shutdown %d -> %d", fd, error);
    return error;
}

static int io_close(void *state, int fd)
{
    struct sim_socket *s = sim_find(state, fd);

    if (!s && fd < SIM_FIRST)
        return close(fd) < 0 && errno != EINTR ? -errno : 0;
    if (!s)
        return -EBADF;
    sim_note(s->network, "close %d", fd);
    sim_close(s);
    return 0;
}

static int io_adopt(void *state, int fd)
{
    const struct sim_socket *s = sim_find(state, fd);

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
    .recv = sim_io_recv,
    .send = sim_io_send,
    .sendmsg = sim_io_sendmsg,
    .read = sim_io_read,
    .writev = sim_io_writev,
    .recvfrom = sim_io_recvfrom,
    .sendto = sim_io_sendto,
    .sendfile = sim_io_sendfile,
    .unsent = io_unsent,
    .shutdown = io_shutdown,
    .close = io_close,
    .adopt = io_adopt,
    .resolve = io_resolve,
    .clock = io_clock,
    .wall_clock = io_wall_clock,
    .random = io_random,
};
