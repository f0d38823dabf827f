/* timers.h: timers that have an id: confab_call_later and its kin, and those of
 * a chat.  The ids are weak. */
#ifndef CONFAB_CORE_TIMERS_H
#define CONFAB_CORE_TIMERS_H

#include "core/ids.h"
#include "core/wheel.h"
#include <confab/base.h>

struct timer {
    struct wheel_node node;
    int64_t every; /* 0: once */
    confab_id id;
    void (*call)(void); /* a confab_call, or of a chat: void (*)(confab_chat *, void *) */
    void *data;
    confab_chat *owner;             /* NULL: the reactor's own */
    struct timer *next, **previous; /* the owner's list */
};

struct timers {
    const struct alloc *alloc;
    struct wheel *wheel;
    struct ids ids;
    uint32_t count; /* timers that run */
};

void timers_init(struct timers *timers, const struct alloc *alloc, struct wheel *wheel);
void timers_free(struct timers *timers);

/* Starts one that fires at deadline and then each `every` ns (0: never again).
 * list is the owner's list head, or NULL.  0: out of memory. */
confab_id timer_start(struct timers *timers, int64_t deadline, int64_t every, void (*call)(void), void *data,
                      confab_chat *owner, struct timer **list);

/* The timer of an id; NULL: gone. */
struct timer *timer_find(struct timers *timers, confab_id id);

/* Ends and frees one, and all of an owner's list. */
void timer_cancel(struct timers *timers, struct timer *timer);
void timers_cancel_list(struct timers *timers, struct timer **list);

/* Starts it anew, to fire at deadline; every > 0 gives a repeating one a new period (ignored for others). */
void timer_reset(struct timers *timers, struct timer *timer, int64_t deadline, int64_t every);

/* For one whose node was taken from the wheel as expired, to be called before
 * its function is: copies it to *fired (call, data, owner), then starts a
 * repeating one again (without drift: deadline + k * every, the first after
 * now) and frees any other. */
void timer_fired(struct timers *timers, struct timer *timer, int64_t now, struct timer *fired);

#endif
