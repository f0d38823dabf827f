/* calls.c: the public face of the reactor's own timers. */
#include "core/reactor.h"
#include <errno.h>

/* How long a timer of the wall clock sleeps at the most before it looks again:
 * nobody tells us that the clock was set or that the machine slept. */
#define LOOK_AGAIN CONFAB_MINUTE

int64_t reactor_settle(confab_reactor *reactor)
{
    int64_t now = reactor_clock(reactor);

    now = now > reactor->now ? now : reactor->now + 1;
    timers_settle(&reactor->timers, now);
    return now;
}

/* Outside a turn nobody knows when the next one will come. */
static void settle_in_time(confab_reactor *reactor)
{
    if (!reactor->running || timers_full(&reactor->timers))
        reactor_settle(reactor);
}

confab_id reactor_call(confab_reactor *reactor, enum timer_kind kind, const struct timer_call *call,
                       int64_t ns, struct timer **list)
{
    confab_id id = timer_start(&reactor->timers, kind, call, ns, list);

    settle_in_time(reactor);
    return id;
}

confab_id confab_call_later(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    const struct timer_call what = { .call = (void (*)(void))call, .data = data };

    return reactor_call(reactor, TIMER_ONCE, &what, ns, NULL);
}

confab_id confab_call_every(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    int64_t every = reactor_period(ns);
    const struct timer_call what = { .call = (void (*)(void))call, .data = data, .when = every };

    return reactor_call(reactor, TIMER_EVERY, &what, every, NULL);
}

/* How long until the wall clock shows a time. */
static int64_t until_wall(confab_reactor *reactor, int64_t unix_ns)
{
    int64_t left;

    if (__builtin_sub_overflow(unix_ns, confab_reactor_wall_time(reactor), &left))
        return unix_ns < 0 ? 0 : INT64_MAX;
    return left;
}

static int64_t next_look(int64_t left)
{
    return left < LOOK_AGAIN ? left : LOOK_AGAIN;
}

confab_id confab_call_at(confab_reactor *reactor, int64_t unix_ns, confab_call *call, void *data)
{
    const struct timer_call what = { .call = (void (*)(void))call, .data = data, .when = unix_ns };

    return reactor_call(reactor, TIMER_AT, &what, next_look(until_wall(reactor, unix_ns)), NULL);
}

bool reactor_call_due(confab_reactor *reactor, struct timer *timer)
{
    int64_t left = until_wall(reactor, timer_call(&reactor->timers, timer)->when);

    if (left <= 0)
        return true;
    timer_again(&reactor->timers, timer, next_look(left));
    settle_in_time(reactor);
    return false;
}

int confab_call_reset(confab_reactor *reactor, confab_id id, int64_t ns)
{
    struct timer *timer = timer_find(&reactor->timers, id);

    if (!timer)
        return -ENOENT;
    timer_reset(&reactor->timers, timer, ns, reactor_period(ns));
    settle_in_time(reactor);
    return 0;
}

int confab_call_cancel(confab_reactor *reactor, confab_id id)
{
    struct timer *timer = timer_find(&reactor->timers, id);

    if (!timer)
        return -ENOENT;
    timer_cancel(&reactor->timers, timer);
    if (reactor->timers.pending >= TIMERS_BATCH - 1)
        reactor_settle(reactor);
    return 0;
}
