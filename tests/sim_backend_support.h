/* sim_backend_support.h: a state of the simulated backend as its tests see it. */
#ifndef CONFAB_TESTS_SIM_BACKEND_SUPPORT_H
#define CONFAB_TESTS_SIM_BACKEND_SUPPORT_H

#include "backend_support.h"
#include "backends/sim.h"
#include <errno.h>
#include <stdlib.h>

static const struct confab_io *const io = &sim_io;
static struct confab_ready ready[ROOM];

static inline void *allocate(void *data, void *old, size_t n)
{
    (void)data;
    if (n > 0)
        return realloc(old, n);
    free(old);
    return NULL;
}

static inline void *open_sim(struct sim_network *network, void *previous)
{
    const struct confab_backend_options options = {
        .size = sizeof options, .alloc = allocate, .network = network, .previous = previous
    };
    void *state;

    cr_assert_eq(confab_backend_sim.open(&state, &options), 0);
    return state;
}

static inline void close_sim(void *state)
{
    confab_backend_sim.close(state, false);
}

static inline int sim_waits(void *state, int64_t timeout)
{
    return confab_backend_sim.wait(state, timeout, ready, ROOM);
}

static inline void watch(void *state, int fd, unsigned wanted)
{
    cr_assert_eq(confab_backend_sim.set(state, fd, 1, 0, wanted), 0);
}

static inline int socket_of(void *state)
{
    int fd = io->socket(state, AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, SIM_FIRST);
    return fd;
}

/* pair[1] has connected to pair[0], which took as long as the network took. */
static inline void connect_sim(void *state, int pair[2])
{
    struct subject_address address = { .len = sizeof address.sa };
    struct sockaddr *sa = (struct sockaddr *)&address.sa;
    int listener = socket_of(state);

    cr_assert_eq(io->listen(state, listener, 8), 0);
    cr_assert_eq(io->getsockname(state, listener, sa, &address.len), 0);
    pair[1] = socket_of(state);
    cr_assert_eq(io->connect(state, pair[1], sa, address.len), -EINPROGRESS);
    watch(state, pair[1], BACKEND_WRITE);
    cr_assert_eq(sim_waits(state, -1), 1);
    cr_assert_eq(io->socket_error(state, pair[1]), 0);
    pair[0] = io->accept(state, listener, NULL, NULL);
    cr_assert_geq(pair[0], SIM_FIRST);
    confab_backend_sim.del(state, pair[1], BACKEND_WRITE);
    io->close(state, listener);
}

#endif
