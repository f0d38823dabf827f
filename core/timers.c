/* timers.c: timers that have an id. */
#include "core/timers.h"
#include <assert.h>

static void list_add(struct timer **list, struct timer *timer)
{
    timer->next = *list;
    timer->previous = list;
    if (timer->next)
        timer->next->previous = &timer->next;
    *list = timer;
}

static void list_remove(struct timer *timer)
{
    if (!timer->previous)
        return;
    *timer->previous = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
}

/* Frees a timer that the wheel does not hold. */
static void give_up(struct timers *timers, struct timer *timer)
{
    list_remove(timer);
    ids_give_up(&timers->ids, timer->id);
    timers->count--;
    alloc_free(timers->alloc, timer);
}

/* The first of deadline + k * every that is after now; deadline is not. */
static int64_t next_deadline(int64_t deadline, int64_t every, int64_t now)
{
    uint64_t late = (uint64_t)now - (uint64_t)deadline; /* unsigned: the two may be 2^64 apart */
    int64_t since_last = (int64_t)(late % (uint64_t)every);

    if (every - since_last > INT64_MAX - (now > 0 ? now : 0))
        return INT64_MAX;
    return now + (every - since_last);
}

void timers_init(struct timers *timers, const struct alloc *alloc, struct wheel *wheel)
{
    *timers = (struct timers){ .alloc = alloc, .wheel = wheel };
    ids_init(&timers->ids, alloc);
}

void timers_free(struct timers *timers)
{
    struct timer *timer;
    uint32_t cursor = 0;

    while ((timer = ids_next(&timers->ids, &cursor)))
        timer_cancel(timers, timer);
    ids_free(&timers->ids);
    timers_init(timers, timers->alloc, timers->wheel);
}

confab_id timer_start(struct timers *timers, int64_t deadline, int64_t every, void (*call)(void), void *data,
                      confab_chat *owner, struct timer **list)
{
    struct timer *timer = alloc_new(timers->alloc, sizeof *timer);

    if (!timer)
        return 0;
    *timer = (struct timer){ .every = every, .call = call, .data = data, .owner = owner };
    timer->id = ids_take(&timers->ids, timer);
    if (!timer->id) {
        alloc_free(timers->alloc, timer);
        return 0;
    }
    timers->count++;
    if (list)
        list_add(list, timer);
    wheel_start(timers->wheel, &timer->node, deadline);
    return timer->id;
}

struct timer *timer_find(struct timers *timers, confab_id id)
{
    return ids_find(&timers->ids, id);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
    wheel_stop(timers->wheel, &timer->node);
    give_up(timers, timer);
}

void timers_cancel_list(struct timers *timers, struct timer **list)
{
    while (*list)
        timer_cancel(timers, *list);
}

void timer_reset(struct timers *timers, struct timer *timer, int64_t deadline, int64_t every)
{
    wheel_stop(timers->wheel, &timer->node);
    if (timer->every > 0 && every > 0)
        timer->every = every;
    wheel_start(timers->wheel, &timer->node, deadline);
}

void timer_fired(struct timers *timers, struct timer *timer, int64_t now, struct timer *fired)
{
    assert(!wheel_running(&timer->node) && timer->node.deadline <= now);

    *fired = *timer;
    fired->next = NULL; /* the copy is on no list */
    fired->previous = NULL;
    if (timer->every > 0)
        wheel_start(timers->wheel, &timer->node, next_deadline(timer->node.deadline, timer->every, now));
    else
        give_up(timers, timer);
}
