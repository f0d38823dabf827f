/* calls.c: the public face of the reactor's own timers. */
#include "core/reactor.h"
#include <errno.h>

int64_t reactor_from_now(const confab_reactor *reactor, int64_t ns)
{
    int64_t now = reactor_clock(reactor), deadline;

    now = now > reactor->now ? now : reactor->now + 1;
    if (ns <= 0)
        return now;
    return __builtin_add_overflow(now, ns, &deadline) ? INT64_MAX : deadline;
}

confab_id confab_call_later(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    return timer_start(&reactor->timers, reactor_from_now(reactor, ns), 0, (void (*)(void))call, data, NULL,
                       NULL);
}

confab_id confab_call_every(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    int64_t every = ns < CONFAB_MILLISECOND ? CONFAB_MILLISECOND : ns;

    return timer_start(&reactor->timers, reactor_from_now(reactor, every), every, (void (*)(void))call, data,
                       NULL, NULL);
}

confab_id confab_call_at(confab_reactor *reactor, int64_t unix_ns, confab_call *call, void *data)
{
    int64_t left;

    if (__builtin_sub_overflow(unix_ns, confab_reactor_wall_time(reactor), &left))
        left = unix_ns < 0 ? 0 : INT64_MAX;
    return confab_call_later(reactor, left, call, data);
}

int confab_call_reset(confab_reactor *reactor, confab_id id, int64_t ns)
{
    struct timer *timer = timer_find(&reactor->timers, id);

    if (!timer)
        return -ENOENT;
    timer_reset(&reactor->timers, timer, reactor_from_now(reactor, ns),
                ns < CONFAB_MILLISECOND ? CONFAB_MILLISECOND : ns);
    return 0;
}

int confab_call_cancel(confab_reactor *reactor, confab_id id)
{
    struct timer *timer = timer_find(&reactor->timers, id);

    if (!timer)
        return -ENOENT;
    timer_cancel(&reactor->timers, timer);
    return 0;
}
