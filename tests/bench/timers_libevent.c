/* timers_libevent.c: libevent's timers: a heap of those that run, and the caller's memory.  Inside its
 * loop it reads the clock once for all of them. */
#include "timers.h"
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

struct theirs {
    struct event_base *base;
    struct event *timer, **next;
};

static void fired(evutil_socket_t fd, short events, void *data)
{
    (void)fd, (void)events, (void)data;
    abort();
}

static void libevent_close(void *self)
{
    struct theirs *theirs = self;

    if (theirs->base)
        event_base_free(theirs->base);
    free(theirs->next);
    free(theirs->timer);
    free(theirs);
}

static void *libevent_open(const struct plan *plan)
{
    struct theirs *theirs = calloc(1, sizeof *theirs);

    if (!theirs)
        return NULL;
    theirs->timer = calloc(plan->count, sizeof *theirs->timer);
    theirs->next = calloc(plan->count, sizeof *theirs->next);
    theirs->base = event_base_new();
    if (theirs->timer && theirs->next && theirs->base)
        return theirs;
    libevent_close(theirs);
    return NULL;
}

struct task {
    void (*work)(void *data);
    void *data;
};

static void run_task(evutil_socket_t fd, short events, void *data)
{
    struct task *task = data;

    (void)fd, (void)events;
    task->work(task->data);
}

static void libevent_inside(void *self, void (*work)(void *data), void *data)
{
    const struct timeval now = { .tv_sec = 0 };
    struct theirs *theirs = self;
    struct task task = { .work = work, .data = data };

    if (event_base_once(theirs->base, -1, EV_TIMEOUT, run_task, &task, &now) ||
        event_base_loop(theirs->base, EVLOOP_ONCE) < 0)
        abort();
}

static struct timeval time_of(int64_t ns)
{
    return (struct timeval){ .tv_sec = ns / 1000000000, .tv_usec = ns % 1000000000 / 1000 };
}

static void libevent_start(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++) {
        struct timeval after = time_of(plan->first[i]);
        event_assign(&theirs->timer[i], theirs->base, -1, 0, fired, NULL);
        event_add(&theirs->timer[i], &after);
    }
}

static void libevent_line_up(void *self, const struct plan *plan, const uint32_t *order)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++)
        theirs->next[i] = &theirs->timer[order ? order[i] : i];
}

static void libevent_restart(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++) {
        struct timeval after = time_of(plan->second[i]);
        event_add(theirs->next[i], &after);
    }
}

static void libevent_stop(void *self, const struct plan *plan)
{
    struct theirs *theirs = self;

    for (size_t i = 0; i < plan->count; i++)
        event_del(theirs->next[i]);
}

const struct subject libevent_subject = { .name = "libevent",
                                          .how = "evtimer_add, evtimer_del",
                                          .open = libevent_open,
                                          .inside = libevent_inside,
                                          .start = libevent_start,
                                          .line_up = libevent_line_up,
                                          .restart = libevent_restart,
                                          .stop = libevent_stop,
                                          .close = libevent_close };
