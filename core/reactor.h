/* core/reactor.h: the reactor from the inside: what the channels above it
 * (dispatcher, listener, chat, linger) stand on.
 *
 * One turn (turn.c): tell the backend what changed; wait; read the clock;
 * ready descriptors; timers; posts and signals; listed work; the closing list. */
#ifndef CONFAB_CORE_REACTOR_H
#define CONFAB_CORE_REACTOR_H

#include "backends/backend.h"
#include "core/alloc.h"
#include "core/feed.h"
#include "core/ids.h"
#include "core/slots.h"
#include "core/terminator.h"
#include "core/timers.h"
#include "core/wheel.h"
#include <confab/reactor.h>
#include <pthread.h>
#include <stdatomic.h>

enum { READY_MAX = 512 }; /* ready entries of one wait at the most */

/* What a kind of channel does with what the turn has for it. */
struct channel_ops {
    /* Its descriptor is ready: a sum of BACKEND_READ, _WRITE, _EXCEPT as far as
     * wanted, or BACKEND_FAILED with a positive errno. */
    void (*ready)(struct channel *, unsigned events, int error);

    /* Listed work is due: the bits that were given to channel_list since the last time. */
    void (*work)(struct channel *, unsigned bits);

    /* Its timer has expired (it is not running any more). */
    void (*timer)(struct channel *);

    /* confab_reactor_close_all: close it as its user would. */
    void (*close)(struct channel *);

    /* In the closing phase: the last hooks, then free it. */
    void (*finish)(struct channel *);
};

enum {
    CHANNEL_LISTED = 1,  /* on the work list */
    CHANNEL_RETIRED = 2, /* closed: on the closing list, or found there once the work list is swept */
    CHANNEL_LOOSE = 4,   /* has no descriptor: linked, by its timer's link, in reactor.loose */
    CHANNEL_CHAT = 8,    /* is a chat (for confab_chat_find) */
    CHANNEL_LOST = 16    /* its descriptor was closed behind our back, and the number is another's now */
};

/* What every kind of channel begins with.  The timer is first, as no event looks at it: the rest lies beside what is
 * behind the channel. */
struct channel {
    struct wheel_node timer;
    const struct channel_ops *ops;
    struct confab_reactor *reactor;
    struct channel *next; /* on the work list or the closing list */
    int fd;               /* -1: none */
    uint16_t work;
    uint16_t flags;
};

struct channel_queue {
    struct channel *first, *last;
};

struct post {
    struct post *next;
    confab_call *call;
    void *data;
};

struct pool;
struct segment;

struct confab_reactor {
    const struct confab_io *io;
    void *state; /* the backend's, first argument of every call of io and backend */
    int64_t now;
    uint32_t tick; /* now in wheel ticks, wrapping */
    struct slots slots;
    struct channel_queue work, closing;

    /* The read buffer, read_buffer bytes and room for a NUL, where a cache line begins in the block of its memory. */
    char *buffer, *buffer_block;
    size_t read_buffer;
    unsigned accepts, reads, messages;

    /* For chats: output chunks that nobody uses now (output.c), releases due
     * (output.c), and terminators. */
    struct segment *chunks;
    unsigned chunks_kept;
    struct segment *releases, **releases_end;
    struct segment *spare_segments;
    struct terminators terminators;
    struct feed feed; /* what is being delivered now (chat_feed.c) */

    struct alloc alloc;
    const struct confab_backend *backend;
    void *network; /* what reactor_new was given */
    struct confab_ready *ready;
    struct wheel channel_wheel, timer_wheel;
    struct timers timers;
    struct ids chat_ids;     /* weak names of chats that began without a descriptor */
    struct wheel_link loose; /* channels without a descriptor */
    uint32_t channels;       /* that live */
    uint32_t retired_listed; /* retired ones that are still on the work list */
    long holds;
    bool running; /* a turn is going on */
    bool freeing; /* nothing new may be made */
    bool lost;    /* somebody closed a descriptor behind our back: build the backend anew */
    int spare;    /* a descriptor to give up when there are none left; -1 */
    uint64_t random;
    int32_t *given_up; /* descriptors given up since the last wait, so that their stale events are known */
    uint32_t given_up_count;
    bool given_up_many, stale_logged;

    _Atomic(void *) wake_state; /* state, for those who wake from elsewhere */
    atomic_int waking;          /* how many do so now: the state they saw must outlive them */
    atomic_bool stop;
    atomic_bool signalled; /* a bit in the table of signals is set for us */
    atomic_uint signals;   /* signals that belong to us */
    atomic_bool posted;    /* a call, or a job that a pool has finished, waits for the turn */
    pthread_mutex_t post_lock;
    struct post *posts, **posts_end;
    bool posts_refused;

    unsigned work_threads;
    struct pool *work_pool, *names_pool; /* NULL: not needed so far */
};

/* As confab_reactor_new; network: that of a simulated backend, NULL: one of its own. */
int reactor_new(confab_reactor **made, const struct confab_reactor_options *options, void *network);

/* Whether the next turn has something to do, whatever is ready. */
static inline bool reactor_work_waits(const confab_reactor *reactor)
{
    return reactor->work.first || reactor->closing.first || reactor->releases;
}

/* Whether anything new may be made in it: not while it is being freed. */
static inline bool reactor_open(const confab_reactor *reactor)
{
    return !reactor->freeing;
}

/* Readies a channel's common part, without a descriptor, and counts it as one that lives. */
void channel_init(struct channel *channel, confab_reactor *reactor, const struct channel_ops *ops);

/* Gives the channel a descriptor and its slot; from now on it is closed by
 * channel_close_fd or channel_retire.  -ENOMEM, -EMFILE (a number beyond what
 * we index): the descriptor is still the caller's. */
int channel_watch(struct channel *channel, int fd);

/* What the channel wants to be told of; reaches the backend once a turn. */
static inline void channel_want(struct channel *channel, unsigned wanted)
{
    if (channel->fd >= 0)
        slots_want(&channel->reactor->slots, channel->fd, wanted);
}

/* What it wants now. */
static inline unsigned channel_wanted(const struct channel *channel)
{
    return channel->fd >= 0 ? channel->reactor->slots.slot[channel->fd].wanted : 0;
}

/* The backend forgets the descriptor, and the slot is free; returns the
 * descriptor, now the caller's, -1 for none. */
int channel_unwatch(struct channel *channel);

/* channel_unwatch, then close(2). */
void channel_close_fd(struct channel *channel);

/* Lists work; channel_ops.work gets the bits in this turn if its phase has not
 * begun, else in the next.  No-op for one that is retired. */
void channel_list_slow(struct channel *channel);
static inline void channel_list(struct channel *channel, unsigned bits)
{
    channel->work |= (uint16_t)bits;
    if (!(channel->flags & (CHANNEL_LISTED | CHANNEL_RETIRED)))
        channel_list_slow(channel);
}

/* Has channel_ops.finish called in this turn's closing phase.  Stops its timer,
 * closes its descriptor if it has one.  Once. */
void channel_retire(struct channel *channel);

/* (Re)starts the channel's timer, for one that has a descriptor.  deadline < 0: stops it. */
void channel_set_timer(struct channel *channel, int64_t deadline);

/* Counts it out; for finish, just before it frees the memory. */
void channel_done(struct channel *channel);

/* The work phase: does what was listed when it began; returns how many channels that were. */
int channels_work(confab_reactor *reactor);

/* Closes every channel, as each kind does it. */
void channels_close_all(confab_reactor *reactor);

/* The closing phase: finishes what is retired until nothing is. */
void channels_finish(confab_reactor *reactor);

/* Outside a turn the turn's time stands still: brings it up to date. */
void reactor_refresh(confab_reactor *reactor);

/* calls.c.  Starts a timer with an id, to fire ns from now: in a turn, from the
 * moment at which the turn reads the clock for all that were started in it, which
 * is not earlier; never in the present turn.  0: out of memory. */
confab_id reactor_call(confab_reactor *reactor, enum timer_kind kind, const struct timer_call *call,
                       int64_t ns, struct timer **list);

/* That moment: reads the clock for those, and returns what it says. */
int64_t reactor_settle(confab_reactor *reactor);

/* Whether a timer of the wall clock that has expired is to fire; if not, it is started again. */
bool reactor_call_due(confab_reactor *reactor, struct timer *timer);

/* The period of a repeating timer, which has a shortest one. */
static inline int64_t reactor_period(int64_t ns)
{
    return ns < CONFAB_MILLISECOND ? CONFAB_MILLISECOND : ns;
}

/* The real time, where the turn's own will not do. */
static inline int64_t reactor_clock(const confab_reactor *reactor)
{
    return reactor->io->clock(reactor->state);
}

/* Ends the present wait, or the next.  Any thread, and a signal handler. */
void reactor_wake(confab_reactor *reactor);

/* Opens a new backend in place of the present one and registers all anew.
 * forked: the old one is the parent's. */
int reactor_rebuild(confab_reactor *reactor, bool forked);

/* Closes and opens the spare descriptor; give: true once there is one to accept with. */
bool reactor_give_spare(confab_reactor *reactor);
void reactor_take_spare(confab_reactor *reactor);

/* post.c, signals.c: what the turn runs of them, where reactor->posted and reactor->signalled say that there is something;
 * each returns how many.  posts_run also ends the jobs of the pools. */
int posts_run(confab_reactor *reactor);
void posts_cancel(confab_reactor *reactor);
void posts_refuse(confab_reactor *reactor); /* from now on: the reactor is being freed */
int signals_run(confab_reactor *reactor);
void signals_forked(void); /* in the child: the handlers of other threads are not there */
void signals_release(confab_reactor *reactor);

/* The threads of confab_work, which confab_reactor_free waits for; those that resolve names, which it does not.
 * Made when first asked for; NULL: out of memory. */
struct pool *reactor_work_pool(confab_reactor *reactor);
struct pool *reactor_names_pool(confab_reactor *reactor);

#endif
