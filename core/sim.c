/* sim.c: simulations: a network in memory with one reactor in it, and its time. */
#include "core/sim.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { SHARE_MAX = 900, TURNS_MAX = 100000, RESET_AFTER = 4096 };

/* -- Making ---------------------------------------------------------------------- */

static int read_faults(struct sim_faults *read, const struct confab_sim_faults *faults)
{
    struct confab_sim_faults f = { 0 };

    if (faults && (faults->size < sizeof faults->size || faults->size > sizeof f))
        return -EINVAL;
    if (faults)
        memcpy(&f, faults, faults->size);
    const unsigned shares[] = { f.short_reads, f.short_writes,  f.again,  f.interrupted, f.aborted,
                                f.refused,     f.no_descriptor, f.resets, f.unanswered };
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        if (shares[i] > SHARE_MAX)
            return -EINVAL;
    if (f.delay < 0 || f.delay > CONFAB_SIM_DELAY_MAX || f.buffer > CONFAB_SIM_BUFFER_MAX)
        return -EINVAL;
    if (f.work < 0 || f.work > CONFAB_SIM_DELAY_MAX)
        return -EINVAL;
    *read = (struct sim_faults){ .short_reads = f.short_reads,
                                 .short_writes = f.short_writes,
                                 .again = f.again,
                                 .interrupted = f.interrupted,
                                 .aborted = f.aborted,
                                 .no_descriptor = f.no_descriptor,
                                 .refused = f.refused,
                                 .unanswered = f.unanswered,
                                 .resets = f.resets,
                                 .reset_after = f.reset_after ? f.reset_after : RESET_AFTER,
                                 .delay = f.delay,
                                 .shuffle = f.shuffle,
                                 .buffer = f.buffer ? f.buffer : SIM_BUFFER,
                                 .work = f.work };
    return 0;
}

static int make_reactor(confab_sim *sim, const struct confab_reactor_options *options)
{
    struct confab_reactor_options o = { .size = sizeof o };

    if (options && (options->size < sizeof options->size || options->size > sizeof o))
        return -EINVAL;
    if (options)
        memcpy(&o, options, options->size);
    o.size = sizeof o;
    o.backend = confab_backend_sim.name;
    return reactor_new(&sim->reactor, &o, sim->network);
}

int confab_sim_new(confab_sim **made, uint64_t seed, const struct confab_sim_faults *faults,
                   const struct confab_reactor_options *options)
{
    struct sim_faults read;
    int error = read_faults(&read, faults);
    confab_sim *sim;

    *made = NULL;
    if (error)
        return error;
    sim = calloc(1, sizeof *sim);
    if (!sim)
        return -ENOMEM;
    sim->network = sim_network_new(seed);
    if (sim->network)
        sim_handles_low(sim->network);
    error = sim->network ? make_reactor(sim, options) : -ENOMEM;
    if (error) {
        confab_sim_free(sim);
        return error;
    }
    sim->network->faults = read;
    *made = sim;
    return 0;
}

int confab_sim_free(confab_sim *sim)
{
    if (!sim)
        return 0;
    int error = confab_reactor_free(sim->reactor);
    if (error)
        return error;
    while (sim->ends)
        confab_sim_close(sim->ends);
    while (sim->listeners)
        confab_sim_listener_close(sim->listeners);
    if (sim->network)
        sim_network_unref(sim->network);
    free(sim);
    return 0;
}

confab_reactor *confab_sim_reactor(confab_sim *sim)
{
    return sim->reactor;
}

int confab_sim_set_faults(confab_sim *sim, const struct confab_sim_faults *faults)
{
    return read_faults(&sim->network->faults, faults);
}

/* -- Time --------------------------------------------------------------------------- */

/* Whether there is something to be done at this moment. */
static bool busy(const confab_sim *sim)
{
    const confab_reactor *reactor = sim->reactor;

    return reactor_work_waits(reactor) || reactor->slots.queued || atomic_load(&reactor->posted) ||
           sim_anything_ready(reactor->state);
}

struct turns {
    int all, here; /* here: since the clock last moved */
    int64_t clock;
};

/* A turn that may wait for ns; -ELOOP: there were too many without the clock's moving. */
static int take_turn(confab_sim *sim, struct turns *turns, int64_t ns)
{
    if (turns->clock != sim->network->clock)
        turns->here = 0;
    turns->clock = sim->network->clock;
    if (turns->here == TURNS_MAX)
        return -ELOOP;
    turns->here++;
    turns->all += turns->all < INT_MAX;
    return confab_reactor_run_once(sim->reactor, ns);
}

static int settle(confab_sim *sim, struct turns *turns)
{
    int n;

    do
        n = take_turn(sim, turns, 0);
    while (n > 0 || (n == 0 && busy(sim)));
    return n;
}

/* One turn that may sleep until `until`, then as many as there is something to do for. */
static int pass_to(confab_sim *sim, int64_t until, struct turns *turns)
{
    int n = take_turn(sim, turns, until - sim->network->clock);

    return n < 0 ? n : settle(sim, turns);
}

int confab_sim_settle(confab_sim *sim)
{
    struct turns turns = { 0 };
    int error = settle(sim, &turns);

    return error ? error : turns.all;
}

int confab_sim_deliver(confab_sim *sim)
{
    struct turns turns = { 0 };
    int error = settle(sim, &turns);

    while (!error && sim_next_delivery(sim->network) != INT64_MAX)
        error = pass_to(sim, sim_next_delivery(sim->network), &turns);
    return error ? error : turns.all;
}

int confab_sim_advance(confab_sim *sim, int64_t ns)
{
    struct turns turns = { 0 };
    int64_t until = sim->network->clock;

    if (ns < 0 || ns > SIM_CLOCK_MAX - until)
        return -EINVAL;
    until += ns;
    int error = settle(sim, &turns);
    while (!error && sim->network->clock < until)
        error = pass_to(sim, until, &turns);
    return error ? error : turns.all;
}

int64_t confab_sim_next(confab_sim *sim)
{
    confab_reactor *reactor = sim->reactor;
    int64_t next = sim_next_arrival(sim->network);

    if (reactor->timers.pending > 0)
        reactor_settle(reactor);
    const int64_t timers[] = { wheel_next(&reactor->channel_wheel), wheel_next(&reactor->timer_wheel) };
    for (int i = 0; i < 2; i++)
        next = timers[i] < next ? timers[i] : next;
    if (busy(sim) || next <= sim->network->clock)
        return 0;
    return next == INT64_MAX ? -1 : next - sim->network->clock;
}

int64_t confab_sim_now(confab_sim *sim)
{
    return sim->network->clock - sim->network->start;
}

/* -- What happened -------------------------------------------------------------------- */

int confab_sim_keep_trace(confab_sim *sim, size_t limit)
{
    return sim_keep_trace(sim->network, limit);
}

const char *confab_sim_trace(confab_sim *sim, size_t *len)
{
    return sim_trace(sim->network, len);
}

uint64_t confab_sim_digest(confab_sim *sim)
{
    return sim->network->digest;
}
