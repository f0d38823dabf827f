/* stub_io.h: a reactor on real sockets whose clocks stand still until the test
 * moves them, and whose calls fail when the test says so.  So a machine that is
 * slow changes nothing, a shortage of descriptors is an exact one, and a
 * connection breaks in each way that there is. */
#ifndef CONFAB_TESTS_STUB_IO_H
#define CONFAB_TESTS_STUB_IO_H

#include "core/reactor.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>

static struct confab_io stub, stubbed; /* what the reactor has, what it had */
static int64_t stub_now, stub_wall;    /* the monotonic clock; the one on the wall */
static int stub_accept_error;          /* 0: none */
static bool stub_short;  /* no descriptor is left but the reactor's spare one, once it is given up */
static int stub_accepts; /* calls of accept */
static int stub_connect_error, stub_socket_error; /* what they return; 0: what is so */
static bool stub_connect_at_once;            /* a connect is waited for, and has been done when it returns */
static int stub_socket_errors;               /* calls of socket_error */
static int stub_recv_error, stub_send_error; /* of all that receive, and all that send; 0: none */
static confab_reactor *stub_reactor;

static inline int64_t stub_clock(void *state)
{
    (void)state;
    return stub_now;
}

static inline int64_t stub_wall_clock(void *state)
{
    (void)state;
    return stub_wall;
}

static inline int stub_accept(void *state, int fd, struct sockaddr *address, socklen_t *len)
{
    stub_accepts++;
    if (stub_accept_error)
        return stub_accept_error;
    if (stub_short && stub_reactor->spare >= 0)
        return -EMFILE;
    return stubbed.accept(state, fd, address, len);
}

static inline int stub_connect(void *state, int fd, const struct sockaddr *address, socklen_t len)
{
    int error = stub_connect_error ? stub_connect_error : stubbed.connect(state, fd, address, len);

    if (error != -EINPROGRESS || !stub_connect_at_once)
        return error;
    cr_assert_eq(poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 10000), 1);
    return 0;
}

static inline int stub_ask_error(void *state, int fd)
{
    stub_socket_errors++;
    return stub_socket_error ? stub_socket_error : stubbed.socket_error(state, fd);
}

static inline ssize_t stub_recv(void *state, int fd, void *bytes, size_t len, int flags)
{
    return stub_recv_error ? stub_recv_error : stubbed.recv(state, fd, bytes, len, flags);
}

static inline ssize_t stub_recvfrom(void *state, int fd, void *bytes, size_t len, int flags,
                                    struct sockaddr *from, socklen_t *from_len)
{
    return stub_recv_error ? stub_recv_error : stubbed.recvfrom(state, fd, bytes, len, flags, from, from_len);
}

static inline ssize_t stub_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    return stub_send_error ? stub_send_error : stubbed.send(state, fd, bytes, len, flags);
}

static inline ssize_t stub_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    return stub_send_error ? stub_send_error : stubbed.sendmsg(state, fd, iov, count, flags);
}

static inline ssize_t stub_sendto(void *state, int fd, const void *bytes, size_t len, int flags,
                                  const struct sockaddr *to, socklen_t to_len)
{
    return stub_send_error ? stub_send_error : stubbed.sendto(state, fd, bytes, len, flags, to, to_len);
}

static inline void stub_io(confab_reactor *reactor)
{
    stub = stubbed = *reactor->io;
    stub_now = reactor_clock(reactor);
    stub_wall = confab_reactor_wall_time(reactor);
    stub.clock = stub_clock;
    stub.wall_clock = stub_wall_clock;
    stub.accept = stub_accept;
    stub.connect = stub_connect;
    stub.socket_error = stub_ask_error;
    stub.recv = stub_recv;
    stub.recvfrom = stub_recvfrom;
    stub.send = stub_send;
    stub.sendmsg = stub_sendmsg;
    stub.sendto = stub_sendto;
    stub_reactor = reactor;
    reactor->io = &stub;
}

/* Lets time pass, and what is due then happen.  A timer may be a tick late. */
static inline void stub_pass(int64_t ns)
{
    stub_now += ns + 2 * CONFAB_MILLISECOND;
    stub_wall += ns + 2 * CONFAB_MILLISECOND;
    run_quiet(stub_reactor);
}

#endif
