/* world.h: where a scenario takes place: a reactor on a backend, far ends, and a
 * clock that stands still unless it is told to go on.  world_real.c has it on
 * sockets, world_sim.c in memory. */
#ifndef CONFAB_TESTS_DIFFERENTIAL_WORLD_H
#define CONFAB_TESTS_DIFFERENTIAL_WORLD_H

#include <confab/reactor.h>

enum { ADDRESS_ROOM = 128 };

struct world;

/* A far end, and where one is listened for. */
struct far_end {
    int fd;    /* on sockets */
    void *sim; /* in memory */
};

struct world_ops {
    /* Lets the loop do what it can now.  Whether anything happened, or -errno. */
    int (*turn)(struct world *world);

    /* The same where nothing more could be done, and yet something is under way: waits a moment for the system.
     * -ETIMEDOUT: nothing that is under way can come. */
    int (*wait)(struct world *world);

    /* Moves the clock. */
    int (*pass)(struct world *world, int64_t ns);

    /* Connects to a listener of the reactor, and tells where from: as confab_chat_peer will show it. */
    int (*connect)(struct world *world, const char *address, struct far_end *end, char from[ADDRESS_ROOM]);

    /* Listens, and tells where; deaf: it is an address where nobody does. */
    int (*listen)(struct world *world, bool deaf, struct far_end *listener, char address[ADDRESS_ROOM]);
    int (*accept)(struct world *world, struct far_end *listener, struct far_end *end);
    void (*unlisten)(struct world *world, struct far_end *listener);

    /* As confab_sim_send and so on. */
    ssize_t (*send)(struct far_end *end, const void *bytes, size_t len);
    ssize_t (*recv)(struct far_end *end, void *bytes, size_t room);
    int (*shutdown)(struct far_end *end);
    void (*reset)(struct far_end *end);
    void (*close)(struct far_end *end);

    /* Frees the reactor and the world. */
    void (*free)(struct world *world);
};

struct world {
    const struct world_ops *ops;
    confab_reactor *reactor;
    bool cut; /* what is read and sent is cut at random */
};

/* Makes a world; its backend is a name as confab_backend_name tells it.  seed: what is drawn where the bytes are
 * cut.  -errno as confab_reactor_new. */
int world_real_open(struct world **world, const char *backend, bool cut, uint64_t seed,
                    const struct confab_reactor_options *options);
int world_sim_open(struct world **world, const char *backend, bool cut, uint64_t seed,
                   const struct confab_reactor_options *options);

/* splitmix64 */
static inline uint64_t drawn(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline unsigned drawn_under(uint64_t *state, unsigned bound)
{
    return (unsigned)(drawn(state) >> 33) % bound;
}

#endif
