/* timers.h: timers that have an id: confab_call_later and its kin, and those of
 * a chat.  The ids are weak.
 *
 * What is started, restarted and cancelled waits in a batch until timers_settle
 * tells the time and does it in the wheel: so timers that are started close to
 * each other share one reading of the clock. */
#ifndef CONFAB_CORE_TIMERS_H
#define CONFAB_CORE_TIMERS_H

#include "core/alloc.h"
#include "core/wheel.h"
#include <confab/base.h>

/* What finding, starting and stopping one looks at: half a cache line. */
struct timer {
    _Alignas(32) struct wheel_node node; /* so that none lies in two lines of the cache */
    uint64_t name;                       /* its id, and above it what kind of timer it is (timers.c) */
};

enum { TIMER_ID_BITS = 60 };
#define TIMER_ID_MASK ((UINT64_C(1) << TIMER_ID_BITS) - 1)

enum timer_kind {
    TIMER_ONCE,
    TIMER_EVERY, /* again and again */
    TIMER_AT     /* once, when the wall clock shows a time: who takes it from the wheel looks there first */
};

/* What one is for. */
struct timer_call {
    void (*call)(void); /* a confab_call, or of a chat: void (*)(confab_chat *, void *) */
    void *data;
    confab_chat *owner; /* NULL: the reactor's own */
    int64_t when;       /* EVERY: each so many ns; AT: since 1970 */
};

enum { TIMERS_EXTENTS = 21, TIMERS_BATCH = 64 };

struct timers {
    const struct alloc *alloc;
    struct wheel *wheel;
    uint32_t count;           /* timers that run */
    uint32_t groups;          /* that have been made */
    uint32_t pending;         /* in the batch */
    struct timer_group *room; /* the first group that has room; NULL: none */
    struct timer_extent {
        void *memory;
        struct timer *timer;
        struct timer_rest *rest;
        struct timer_group *group;
    } extent[TIMERS_EXTENTS];
    struct timer_change {
        struct timer *timer;
        int64_t ns; /* from the time that is told */
        struct timer_group
            *group; /* NULL: it is to run; else it was cancelled, and its place is this one's */
    } batch[TIMERS_BATCH];
};

void timers_init(struct timers *timers, const struct alloc *alloc, struct wheel *wheel);
void timers_free(struct timers *timers);

/* Whether the batch is full: timers_settle must come before anything else is started. */
static inline bool timers_full(const struct timers *timers)
{
    return timers->pending == TIMERS_BATCH;
}

/* Tells those of the batch the time.  Also to be called before the wheel is
 * asked for the next one, or told the time itself. */
void timers_settle(struct timers *timers, int64_t now);

/* Starts one that fires ns (< 0: 0) after the time that timers_settle tells.
 * list is the owner's list head, or NULL.  0: out of memory. */
confab_id timer_start(struct timers *timers, enum timer_kind kind, const struct timer_call *call, int64_t ns,
                      struct timer **list);

/* Where the timer of an id is, if it is not gone; NULL: there has been none of such an id. */
struct timer *timer_place(const struct timers *timers, confab_id id);

/* The timer of an id; NULL: gone.  Inline, so that it is a branch that decides, and
 * what the caller goes on to do with it need not wait for the name to arrive from memory. */
static inline struct timer *timer_find(const struct timers *timers, confab_id id)
{
    struct timer *timer = timer_place(timers, id);

    return timer && (timer->name & TIMER_ID_MASK) == id ? timer : NULL;
}

enum timer_kind timer_kind(const struct timer *timer);

/* What it is for; valid until it is gone. */
struct timer_call *timer_call(const struct timers *timers, const struct timer *timer);

/* Ends one, and all of an owner's list. */
void timer_cancel(struct timers *timers, struct timer *timer);
void timers_cancel_list(struct timers *timers, struct timer **list);

/* Starts it anew, to fire ns after the time that timers_settle tells: as it is;
 * or as a reset does, which gives one that repeats a new period, and makes one
 * of the wall clock one that is not. */
void timer_again(struct timers *timers, struct timer *timer, int64_t ns);
void timer_reset(struct timers *timers, struct timer *timer, int64_t ns, int64_t every);

/* Whether a timer that was taken from the wheel as expired is not to fire: it
 * was cancelled or started anew since then. */
bool timer_pending(const struct timer *timer);

/* For any other that was taken from the wheel, to be called before
 * its function is: copies what it is for to *fired, then starts a repeating one
 * again (without drift: deadline + k * every, the first after now) and ends any other. */
void timer_fired(struct timers *timers, struct timer *timer, int64_t now, struct timer_call *fired);

#endif
