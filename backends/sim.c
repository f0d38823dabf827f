/* sim.c: the backend of the simulated network: what is registered, waiting, and
 * the jumps of its clock.
 *
 * A wait looks at every registered socket, from where the last one ended: so
 * nothing starves, and the order of what is told hangs on nothing but what was
 * done before, unless the faults shuffle it. */
#include "backends/sim.h"
#include "backends/posix.h"
#include <inttypes.h>
#include <poll.h>
#include <time.h>

enum { ENTRIES_AT_FIRST = 64 };

struct entry {
    int fd;
    uint32_t generation;
    unsigned wanted;
};

struct sim_state {
    struct wake wake;
    struct confab_backend_options options;
    struct sim_network *network;
    struct entry *entries;
    size_t count, room, next;
    uint32_t *place; /* by handle less the first: where it stands in entries, plus 1; 0: not at all */
    size_t places;
    long holds;
};

struct sim_network *sim_network_of(void *state)
{
    return ((struct sim_state *)state)->network;
}

static void *resize(const struct sim_state *sim, void *old, size_t n)
{
    return sim->options.alloc(sim->options.alloc_data, old, n);
}

static int sim_open(void **state, const struct confab_backend_options *options)
{
    struct sim_state *sim = options->alloc(options->alloc_data, NULL, sizeof *sim);
    struct sim_network *network = options->previous ? sim_network_of(options->previous) : options->network;

    if (!sim)
        return -ENOMEM;
    *sim = (struct sim_state){ .options = *options };
    int error = wake_open(&sim->wake);
    if (error)
        goto free_state;
    sim->network = network ? sim_network_ref(network) : sim_network_new(0);
    if (!sim->network) {
        error = -ENOMEM;
        goto close_wake;
    }
    *state = sim;
    return 0;

close_wake:
    wake_close(&sim->wake);
free_state:
    resize(sim, sim, 0);
    return error;
}

static void sim_backend_close(void *state, bool forked)
{
    struct sim_state *sim = state;
    const struct confab_backend_options options = sim->options;

    (void)forked; /* the parent's network is another one: memory is not shared */
    wake_close(&sim->wake);
    sim_network_unref(sim->network);
    if (sim->place)
        resize(sim, sim->place, 0);
    if (sim->entries)
        resize(sim, sim->entries, 0);
    options.alloc(options.alloc_data, sim, 0);
}

/* -- What is registered --------------------------------------------------------------- */

static struct entry *entry_of(const struct sim_state *sim, int fd)
{
    size_t i = (size_t)(fd - sim->network->first);

    return fd >= sim->network->first && i < sim->places && sim->place[i] ? &sim->entries[sim->place[i] - 1]
                                                                         : NULL;
}

static int reserve(struct sim_state *sim, int fd)
{
    size_t i = (size_t)(fd - sim->network->first), places = sim->places ? sim->places : ENTRIES_AT_FIRST;

    if (sim->count == sim->room) {
        size_t room = sim->room ? 2 * sim->room : ENTRIES_AT_FIRST;
        struct entry *entries = resize(sim, sim->entries, room * sizeof *entries);
        if (!entries)
            return -ENOMEM;
        sim->entries = entries;
        sim->room = room;
    }
    if (i < sim->places)
        return 0;
    while (places <= i)
        places *= 2;
    uint32_t *place = resize(sim, sim->place, places * sizeof *place);
    if (!place)
        return -ENOMEM;
    for (size_t k = sim->places; k < places; k++)
        place[k] = 0;
    sim->place = place;
    sim->places = places;
    return 0;
}

static void forget(struct sim_state *sim, int fd)
{
    struct entry *entry = entry_of(sim, fd), *last = sim->count ? &sim->entries[sim->count - 1] : NULL;

    if (!entry)
        return;
    if (entry != last) {
        *entry = *last;
        sim->place[entry->fd - sim->network->first] = (uint32_t)(entry - sim->entries) + 1;
    }
    sim->place[fd - sim->network->first] = 0;
    sim->count--;
}

static int sim_set(void *state, int fd, uint32_t generation, unsigned armed, unsigned wanted)
{
    struct sim_state *sim = state;
    struct entry *entry = entry_of(sim, fd);

    (void)armed;
    if (!wanted) {
        forget(sim, fd);
        return 0;
    }
    if (!sim_socket_of(sim->network, fd))
        return -EBADF;
    if (!entry) {
        int error = reserve(sim, fd);
        if (error)
            return error;
        entry = &sim->entries[sim->count++];
        sim->place[fd - sim->network->first] = (uint32_t)sim->count;
    }
    *entry = (struct entry){ .fd = fd, .generation = generation, .wanted = wanted };
    return 0;
}

static int sim_del(void *state, int fd, unsigned armed)
{
    (void)armed;
    forget(state, fd);
    return 0;
}

/* -- Waiting ------------------------------------------------------------------------------ */

/* Returns whether there is something to tell of an entry. */
static bool look(const struct sim_state *sim, const struct entry *entry, struct confab_ready *ready)
{
    const struct sim_socket *socket = sim_socket_of(sim->network, entry->fd);

    *ready = (struct confab_ready){ .fd = entry->fd, .generation = entry->generation };
    if (!socket) {
        ready->events = BACKEND_FAILED;
        ready->error = EBADF;
    } else {
        ready->events = sim_ready(socket) & entry->wanted;
    }
    return ready->events != 0;
}

bool sim_anything_ready(void *state)
{
    const struct sim_state *sim = state;
    struct confab_ready ready;

    sim_arrivals(sim->network);
    for (size_t i = 0; i < sim->count; i++)
        if (look(sim, &sim->entries[i], &ready))
            return true;
    return false;
}

static void shuffle(struct sim_network *network, struct confab_ready *out, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int k = (int)sim_draw(network, (uint64_t)i + 1);
        struct confab_ready other = out[k];

        out[k] = out[i];
        out[i] = other;
    }
}

static int gather(struct sim_state *sim, struct confab_ready *out, int cap)
{
    size_t i = sim->next;
    int n = 0;

    for (size_t looked = 0; looked < sim->count && n < cap; looked++, i++) {
        if (i >= sim->count)
            i = 0;
        n += look(sim, &sim->entries[i], &out[n]);
    }
    sim->next = i;
    if (sim->network->faults.shuffle)
        shuffle(sim->network, out, n);
    for (int k = 0; k < n; k++)
        sim_note(sim->network, "ready %d %u", out[k].fd, (unsigned)out[k].events);
    return n;
}

static int64_t real_clock(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Something real is waited for, or nothing comes in this age: lets real time pass, until `until` of the clock at the
 * most, or a wake.  Returns whether it was ended early. */
static bool sleep_until(struct sim_state *sim, int64_t until)
{
    struct pollfd polled = { .fd = sim->wake.read_fd, .events = POLLIN };
    int64_t begin = real_clock(), left = until - sim->network->clock;
    int n = poll(&polled, 1, posix_milliseconds(until == INT64_MAX ? -1 : left));
    int64_t passed = n == 0 ? left : real_clock() - begin;

    sim->network->clock += passed < left ? passed : left;
    if (n > 0)
        wake_drain(&sim->wake);
    return n != 0;
}

/* Moves the clock on; returns whether the wait is over before its time. */
static bool pass_time(struct sim_state *sim, int64_t deadline)
{
    int64_t arrival = sim_next_arrival(sim->network), until = arrival < deadline ? arrival : deadline;

    if (sim->holds > 0 || until > SIM_CLOCK_MAX)
        return sleep_until(sim, until);
    sim->network->clock = until;
    sim_note(sim->network, "clock");
    return false;
}

static int sim_wait(void *state, int64_t timeout_ns, struct confab_ready *out, int cap)
{
    struct sim_state *sim = state;
    struct sim_network *network = sim->network;
    int64_t deadline;
    bool over = atomic_load(&sim->wake.sent);

    if (timeout_ns < 0 || __builtin_add_overflow(network->clock, timeout_ns, &deadline))
        deadline = INT64_MAX;
    if (over)
        wake_drain(&sim->wake);
    if (sim_chance(network, network->faults.interrupted)) {
        sim_note(network, "fault: wait -> interrupted");
        return 0;
    }
    for (;;) {
        sim_arrivals(network);
        if (network->no_memory)
            return -ENOMEM;
        int n = gather(sim, out, cap);
        if (n > 0 || over || network->clock >= deadline)
            return n;
        over = pass_time(sim, deadline);
    }
}

static int sim_wake(void *state)
{
    struct sim_state *sim = state;

    return wake_send(&sim->wake);
}

static void sim_hold(void *state, long holds)
{
    ((struct sim_state *)state)->holds = holds;
}

static int64_t sim_job_time(void *state)
{
    struct sim_network *network = sim_network_of(state);

    if (network->faults.work == 0)
        return 0;
    int64_t ns = (int64_t)sim_draw(network, (uint64_t)network->faults.work + 1);
    sim_note(network, "fault: a job takes %" PRId64 " ns", ns);
    return ns;
}

const struct confab_backend confab_backend_sim = {
    .name = "sim",
    .simulated = true,
    .open = sim_open,
    .close = sim_backend_close,
    .set = sim_set,
    .del = sim_del,
    .wait = sim_wait,
    .wake = sim_wake,
    .hold = sim_hold,
    .job_time = sim_job_time,
    .io = &sim_io,
};
