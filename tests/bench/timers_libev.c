/* timers_libev.c: libev's timers: a heap of those that run, the caller's memory, and no
 * reading of the clock: they count from the loop's own time. */
#include "timers.h"
#include <ev.h>
#include <stdlib.h>

struct theirs {
    struct ev_loop *loop;
    ev_timer *timer, **next;
};

static void fired(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
    abort();
}

static void libev_close(void *self)
{
    struct theirs *theirs = self;

    if (theirs->loop)
        ev_loop_destroy(theirs->loop);
    free(theirs->next);
    free(theirs->timer);
    free(theirs);
}

static void *libev_open(const struct plan *plan)
{
    struct theirs *theirs = calloc(1, sizeof *theirs);

    if (!theirs)
        return NULL;
    theirs->timer = calloc(plan->count, sizeof *theirs->timer);
    theirs->next = calloc(plan->count, sizeof *theirs->next);
    theirs->loop = ev_loop_new(EVFLAG_AUTO);
    if (theirs->timer && theirs->next && theirs->loop)
        return theirs;
    libev_close(theirs);
    return NULL;
}

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

static void libev_start(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++) {
        ev_timer_init(&theirs->timer[i], fired, seconds(plan->first[i]), 0.);
        ev_timer_start(theirs->loop, &theirs->timer[i]);
    }
}

static void libev_line_up(void *self, const struct plan *plan, const uint32_t *order)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++)
        theirs->next[i] = &theirs->timer[order ? order[i] : i];
}

static void libev_restart(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++) {
        theirs->next[i]->repeat = seconds(plan->second[i]);
        ev_timer_again(theirs->loop, theirs->next[i]);
    }
}

static void libev_stop(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++)
        ev_timer_stop(theirs->loop, theirs->next[i]);
}

const struct subject libev_subject = { .name = "libev",
                                       .how = "ev_timer_start, _again, _stop",
                                       .open = libev_open,
                                       .start = libev_start,
                                       .line_up = libev_line_up,
                                       .restart = libev_restart,
                                       .stop = libev_stop,
                                       .close = libev_close };
