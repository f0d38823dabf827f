/* world_real.c: a world of sockets: TCP on the loopback, of a port that the
 * kernel chooses.  The reactor's clocks stand still until they are told to go on,
 * so how slow the machine is changes nothing. */
#include "core/reactor.h"
#include "world.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a connection holds is to be far less than what a scenario calls much. */
enum { SOCKET_BUFFER = 128 << 10, CUT_BITS = 17 };

struct real_world {
    struct world world;
    struct confab_io io, before; /* what the reactor has, and what it had */
    int64_t now, wall;
    uint64_t random;
};

/* The io's functions are given the backend's state, which is not ours. */
static struct real_world *real;

/* -- The reactor's side ------------------------------------------------------- */

static int64_t clock_now(void *state)
{
    (void)state;
    return real->now;
}

static int64_t wall_clock(void *state)
{
    (void)state;
    return real->wall;
}

/* Every other call in full; else as much of it as is drawn: a little, most of the time. */
static size_t cut(size_t len)
{
    size_t most = (size_t)1 << drawn_under(&real->random, CUT_BITS);

    if (!real->world.cut || len < 2 || drawn_under(&real->random, 2))
        return len;
    return 1 + (size_t)(drawn(&real->random) % (len < most ? len : most));
}

static ssize_t cut_recv(void *state, int fd, void *bytes, size_t len, int flags)
{
    return real->before.recv(state, fd, bytes, cut(len), flags);
}

static ssize_t cut_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    return real->before.send(state, fd, bytes, cut(len), flags);
}

static ssize_t cut_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    struct iovec piece;
    size_t first = 0;

    while (first + 1 < (size_t)count && iov[first].iov_len == 0)
        first++;
    piece = iov[first];
    piece.iov_len = cut(piece.iov_len);
    return piece.iov_len == iov[first].iov_len ? real->before.sendmsg(state, fd, iov, count, flags)
                                               : real->before.sendmsg(state, fd, &piece, 1, flags);
}

static ssize_t cut_sendfile(void *state, int fd, int file, int64_t offset, size_t len)
{
    return real->before.sendfile(state, fd, file, offset, cut(len));
}

static void small_buffers(int fd)
{
    int size = SOCKET_BUFFER, on = 1;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* What is accepted inherits what its listener has. */
static int small_socket(void *state, int domain, int type, int protocol)
{
    int fd = real->before.socket(state, domain, type, protocol);

    if (fd >= 0 && domain != AF_UNIX)
        small_buffers(fd);
    return fd;
}

static void replace_io(struct real_world *w)
{
    confab_reactor *reactor = w->world.reactor;

    w->io = w->before = *reactor->io;
    w->now = reactor_clock(reactor);
    /* In each world the clock begins at the same distance from a tick. */
    w->now += (1 << WHEEL_TICK_SHIFT) - w->now % (1 << WHEEL_TICK_SHIFT);
    w->wall = confab_reactor_wall_time(reactor);
    w->io.clock = clock_now;
    w->io.wall_clock = wall_clock;
    w->io.socket = small_socket;
    w->io.recv = cut_recv;
    w->io.send = cut_send;
    w->io.sendmsg = cut_sendmsg;
    w->io.sendfile = cut_sendfile;
    reactor->io = &w->io;
}

static int turn(struct world *world)
{
    return confab_reactor_run_once(world->reactor, 0);
}

static int wait_a_moment(struct world *world)
{
    return confab_reactor_run_once(world->reactor, CONFAB_MILLISECOND);
}

static int pass(struct world *world, int64_t ns)
{
    (void)world;
    real->now += ns;
    real->wall += ns;
    return 0;
}

/* -- The far ends ------------------------------------------------------------- */

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void tell_address(int fd, char text[ADDRESS_ROOM])
{
    struct sockaddr_in sa = { 0 };
    socklen_t len = sizeof sa;

    getsockname(fd, (struct sockaddr *)&sa, &len);
    snprintf(text, ADDRESS_ROOM, "127.0.0.1:%u", ntohs(sa.sin_port));
}

static int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    small_buffers(fd);
    return fd;
}

/* Connects while it still blocks: nobody needs to accept it for that. */
static int end_connect(struct world *world, const char *address, struct far_end *end, char from[ADDRESS_ROOM])
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in sa = loopback(colon ? (unsigned)atoi(colon + 1) : 0);
    int fd = new_socket();

    (void)world;
    if (fd < 0)
        return fd;
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    tell_address(fd, from);
    end->fd = fd;
    return 0;
}

/* A port that is bound, and not listened on, refuses and is nobody else's. */
static int end_listen(struct world *world, bool deaf, struct far_end *listener, char address[ADDRESS_ROOM])
{
    struct sockaddr_in sa = loopback(0);
    int fd = new_socket();

    (void)world;
    if (fd < 0)
        return fd;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || (!deaf && listen(fd, 8) < 0)) {
        int error = -errno;
        close(fd);
        return error;
    }
    tell_address(fd, address);
    listener->fd = fd;
    return 0;
}

static int end_accept(struct world *world, struct far_end *listener, struct far_end *end)
{
    int fd = accept(listener->fd, NULL, NULL);

    (void)world;
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    end->fd = fd;
    return 0;
}

static void end_unlisten(struct world *world, struct far_end *listener)
{
    (void)world;
    close(listener->fd);
}

static ssize_t end_send(struct far_end *end, const void *bytes, size_t len)
{
    ssize_t n = send(end->fd, bytes, len, MSG_NOSIGNAL);

    return n < 0 ? -errno : n;
}

static ssize_t end_recv(struct far_end *end, void *bytes, size_t room)
{
    ssize_t n = recv(end->fd, bytes, room, 0);

    return n < 0 ? -errno : n;
}

static int end_shutdown(struct far_end *end)
{
    return shutdown(end->fd, SHUT_WR) < 0 ? -errno : 0;
}

static void end_reset(struct far_end *end)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(end->fd);
}

static void end_close(struct far_end *end)
{
    close(end->fd);
}

/* -- Its life ----------------------------------------------------------------- */

static void real_free(struct world *world)
{
    confab_reactor_free(world->reactor);
    free(real);
    real = NULL;
}

static const struct world_ops real_ops = {
    .turn = turn,
    .wait = wait_a_moment,
    .pass = pass,
    .connect = end_connect,
    .listen = end_listen,
    .accept = end_accept,
    .unlisten = end_unlisten,
    .send = end_send,
    .recv = end_recv,
    .shutdown = end_shutdown,
    .reset = end_reset,
    .close = end_close,
    .free = real_free,
};

int world_real_open(struct world **world, const char *backend, bool cut, uint64_t seed,
                    const struct confab_reactor_options *options)
{
    struct confab_reactor_options with = *options;
    struct real_world *w = calloc(1, sizeof *w);
    int error = w ? 0 : -ENOMEM;

    with.backend = backend;
    if (!error)
        error = confab_reactor_new(&w->world.reactor, &with);
    if (error) {
        free(w);
        return error;
    }
    w->world.ops = &real_ops;
    w->world.cut = cut;
    w->random = seed;
    real = w;
    replace_io(w);
    *world = &w->world;
    error = confab_reactor_run_once(w->world.reactor, 0);
    return error < 0 ? error : 0;
}
