/* stub_io.h: a reactor on real sockets whose clock stands still until the test
 * moves it, and whose accept fails when the test says so.  So a machine that is
 * slow changes nothing, and a shortage of descriptors is an exact one. */
#ifndef CONFAB_TESTS_STUB_IO_H
#define CONFAB_TESTS_STUB_IO_H

#include "core/reactor.h"

static struct confab_io stub, stubbed; /* what the reactor has, what it had */
static int64_t stub_now;
static int stub_accept_error; /* 0: none */
static bool stub_short;       /* no descriptor is left but the reactor's spare one, once it is given up */
static int stub_accepts;      /* calls of accept */
static confab_reactor *stub_reactor;

static inline int64_t stub_clock(void *state)
{
    (void)state;
    return stub_now;
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

static inline void stub_io(confab_reactor *reactor)
{
    stub = stubbed = *reactor->io;
    stub_now = reactor_clock(reactor);
    stub.clock = stub_clock;
    stub.accept = stub_accept;
    stub_reactor = reactor;
    reactor->io = &stub;
}

/* Lets time pass, and what is due then happen.  A timer may be a tick late. */
static inline void stub_pass(int64_t ns)
{
    stub_now += ns + 2 * CONFAB_MILLISECOND;
    run_quiet(stub_reactor);
}

#endif
