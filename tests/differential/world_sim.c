/* world_sim.c: a world in memory. */
#include "core/wheel.h"
#include "world.h"
#include <confab/sim.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_PORT = 20000, TICK = 1 << WHEEL_TICK_SHIFT };

struct sim_world {
    struct world world;
    confab_sim *sim;
    unsigned ports; /* that far ends have come from */
};

static confab_sim *sim_of(struct world *world)
{
    return ((struct sim_world *)world)->sim;
}

/* How many turns that were tells nothing: the last ones were quiet. */
static int turn(struct world *world)
{
    int turns = confab_sim_settle(sim_of(world));

    return turns < 0 ? turns : 0;
}

static int wait_a_moment(struct world *world)
{
    (void)world;
    return -ETIMEDOUT;
}

static int pass(struct world *world, int64_t ns)
{
    int turns = confab_sim_advance(sim_of(world), ns);

    return turns < 0 ? turns : 0;
}

static int end_connect(struct world *world, const char *address, struct far_end *end, char from[ADDRESS_ROOM])
{
    struct sim_world *w = (struct sim_world *)world;
    confab_sim_end *made = NULL;
    int error;

    snprintf(from, ADDRESS_ROOM, "127.0.0.1:%u", FIRST_PORT + w->ports++);
    error = confab_sim_connect(w->sim, address, from, &made);
    end->sim = made;
    return error;
}

static int end_listen(struct world *world, bool deaf, struct far_end *listener, char address[ADDRESS_ROOM])
{
    confab_sim_listener *made;
    int error = confab_sim_listen(sim_of(world), "127.0.0.1:0", &made);

    if (error)
        return error;
    snprintf(address, ADDRESS_ROOM, "%s", confab_sim_listener_address(made));
    listener->sim = made;
    if (deaf) {
        confab_sim_listener_close(made);
        listener->sim = NULL;
    }
    return 0;
}

static int end_accept(struct world *world, struct far_end *listener, struct far_end *end)
{
    confab_sim_end *made;
    int error = listener->sim ? confab_sim_accept(listener->sim, &made) : -EAGAIN;

    (void)world;
    if (!error)
        end->sim = made;
    return error;
}

static void end_unlisten(struct world *world, struct far_end *listener)
{
    (void)world;
    if (listener->sim)
        confab_sim_listener_close(listener->sim);
}

static ssize_t end_send(struct far_end *end, const void *bytes, size_t len)
{
    return confab_sim_send(end->sim, bytes, len);
}

static ssize_t end_recv(struct far_end *end, void *bytes, size_t room)
{
    return confab_sim_recv(end->sim, bytes, room);
}

static int end_shutdown(struct far_end *end)
{
    return confab_sim_shutdown(end->sim);
}

static void end_reset(struct far_end *end)
{
    confab_sim_reset(end->sim);
}

static void end_close(struct far_end *end)
{
    confab_sim_close(end->sim);
}

static void sim_free(struct world *world)
{
    confab_sim_free(sim_of(world));
    free(world);
}

static const struct world_ops sim_ops = {
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
    .free = sim_free,
};

int world_sim_open(struct world **world, const char *backend, bool cut, uint64_t seed,
                   const struct confab_reactor_options *options)
{
    const struct confab_sim_faults faults = {
        .size = sizeof faults, .short_reads = 300, .short_writes = 300, .interrupted = 100, .shuffle = true
    };
    struct sim_world *w = calloc(1, sizeof *w);
    int error = w ? confab_sim_new(&w->sim, seed, cut ? &faults : NULL, options) : -ENOMEM;

    (void)backend;
    if (error) {
        free(w);
        return error;
    }
    /* In each world the clock begins at the same distance from a tick. */
    w->world.reactor = confab_sim_reactor(w->sim);
    confab_sim_advance(w->sim, TICK - confab_reactor_now(w->world.reactor) % TICK);
    w->world.ops = &sim_ops;
    w->world.cut = cut;
    *world = &w->world;
    return 0;
}
