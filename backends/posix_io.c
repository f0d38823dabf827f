/* posix_io.c: how bytes move over real sockets, pipes and terminals.
 *
 * The table at the end is the io of every backend of a real system; state is
 * the backend's own and not looked at.  What differs from system to system is
 * in files of its own: see posix.h. */
#include "backends/posix.h"
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Connections that one accept passes over at the most. */
enum { ACCEPT_PASSES = 64 };

/* accept(2) hands on errors of the connection that it would have returned. */
static const int passed_over[] = {
    ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH,
#ifdef ENONET
    ENONET,
#endif
};

static int io_socket(void *state, int domain, int type, int protocol)
{
    (void)state;
    return posix_socket(domain, type, protocol);
}

static int io_bind(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    (void)state;
    return bind(fd, address, len) < 0 ? -errno : 0;
}

static int io_listen(void *state, int fd, int backlog)
{
    (void)state;
    return listen(fd, backlog) < 0 ? -errno : 0;
}

static bool went_away(int error)
{
    for (size_t i = 0; i < sizeof passed_over / sizeof passed_over[0]; i++)
        if (passed_over[i] == error)
            return true;
    return false;
}

static int io_accept(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    const socklen_t room = len ? *len : 0;

    (void)state;
    for (int i = 0; i < ACCEPT_PASSES; i++) {
        if (len)
            *len = room;
        int connection = posix_accept(fd, address, len);
        if (connection >= 0)
            return connection;
        if (connection == -EAGAIN || connection == -EWOULDBLOCK)
            break;
        if (connection != -EINTR && !went_away(-connection))
            return connection;
    }
    return -EAGAIN;
}

static int io_connect(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    (void)state;
    if (connect(fd, address, len) == 0)
        return 0;
    return errno == EINTR ? -EINPROGRESS : posix_failed();
}

static int io_setsockopt(void *state, int fd, int level, int name, const void *value, socklen_t len)
{
    (void)state;
    return setsockopt(fd, level, name, value, len) < 0 ? -errno : 0;
}

static int io_socket_error(void *state, int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    (void)state;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -errno : -error;
}

static int io_getsockname(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    (void)state;
    return getsockname(fd, address, len) < 0 ? -errno : 0;
}

static int io_getpeername(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    (void)state;
    return getpeername(fd, address, len) < 0 ? -errno : 0;
}

static ssize_t io_recv(void *state, int fd, void *bytes, size_t len, int flags)
{
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = recv(fd, bytes, len, flags);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = send(fd, bytes, len, flags | MSG_NOSIGNAL);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    /* An int in POSIX, a size_t on Linux: 16 bits, in which IOV_MAX has room, become either. */
    const struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)iov,
                                    .msg_iovlen = (uint16_t)count };
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = sendmsg(fd, &message, flags | MSG_NOSIGNAL);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_read(void *state, int fd, void *bytes, size_t len)
{
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = read(fd, bytes, len);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_writev(void *state, int fd, const struct iovec *iov, int count)
{
    (void)state;
    return posix_stream_writev(fd, iov, count);
}

static ssize_t io_recvfrom(void *state, int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                           socklen_t *from_len)
{
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = recvfrom(fd, bytes, len, flags, from, from_len);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_sendto(void *state, int fd, const void *bytes, size_t len, int flags,
                         const struct sockaddr *to, socklen_t to_len)
{
    unsigned times = 0;
    ssize_t n;

    (void)state;
    do
        n = sendto(fd, bytes, len, flags | MSG_NOSIGNAL, to, to_len);
    while (n < 0 && posix_interrupted(&times));
    return n < 0 ? posix_failed() : n;
}

static ssize_t io_sendfile(void *state, int fd, int file, int64_t offset, size_t len)
{
    (void)state;
    return posix_stream_sendfile(fd, file, offset, len);
}

static int io_shutdown(void *state, int fd, int how)
{
    (void)state;
    return shutdown(fd, how) < 0 ? -errno : 0;
}

static int io_cork(void *state, int fd, bool on)
{
    (void)state;
    return posix_cork(fd, on);
}

static int io_unsent(void *state, int fd)
{
    (void)state;
    return posix_unsent(fd);
}

/* Never made again: an interrupted close has closed the descriptor, and its
 * number may be another thread's by now. */
static int io_close(void *state, int fd)
{
    (void)state;
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

static int io_adopt(void *state, int fd)
{
    (void)state;
    return posix_adopt(fd);
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t io_clock(void *state)
{
    (void)state;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t io_wall_clock(void *state)
{
    (void)state;
    return read_clock(CLOCK_REALTIME);
}

/* What to seed a generator with where there is no /dev/urandom (a bare chroot)
 * or no descriptor left: SplitMix64's finish over what differs between calls. */
static uint64_t makeshift_random(void)
{
    uint64_t x = (uint64_t)read_clock(CLOCK_MONOTONIC) ^ (uint64_t)read_clock(CLOCK_REALTIME) << 20 ^
                 (uint64_t)getpid() << 40 ^ (uint64_t)(uintptr_t)&x;

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t io_random(void *state)
{
    uint64_t x = 0;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;

    (void)state;
    if (fd >= 0) {
        n = read(fd, &x, sizeof x);
        close(fd);
    }
    return n == (ssize_t)sizeof x ? x : makeshift_random();
}

const struct confab_io confab_posix_io = {
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
    .cork = io_cork,
    .unsent = io_unsent,
    .shutdown = io_shutdown,
    .close = io_close,
    .adopt = io_adopt,
    .clock = io_clock,
    .wall_clock = io_wall_clock,
    .random = io_random,
};
