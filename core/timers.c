/* timers.c: timers that have an id.  An id is the number of a row (plus one, so
 * that it is never 0) and the row's generation, which counts up each time the
 * row is given up: an id of a timer that is gone finds nothing. */
#include "core/timers.h"
#include <assert.h>

enum {
    TIMERS_FIRST_ROWS = 16,
    TIMERS_ROWS_MAX = 1 << 27 /* a table of 2 GiB */
};

struct timer_row {
    struct timer *timer; /* NULL: free */
    uint32_t generation;
    uint32_t next_free; /* of a free row: the next one's index plus one; 0: none */
};

/* Doubles the table.  False: out of memory. */
static bool add_rows(struct timers *timers)
{
    uint32_t capacity = timers->capacity ? 2 * timers->capacity : TIMERS_FIRST_ROWS;
    struct timer_row *rows;

    if (capacity > TIMERS_ROWS_MAX)
        return false;
    rows = alloc_resize(timers->alloc, timers->rows, capacity * sizeof *rows);
    if (!rows)
        return false;
    /* From the last to the first, so that the first is taken first. */
    for (uint32_t i = capacity; i > timers->capacity; i--) {
        rows[i - 1] = (struct timer_row){ .next_free = timers->free_row };
        timers->free_row = i;
    }
    timers->rows = rows;
    timers->capacity = capacity;
    return true;
}

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
    struct timer_row *row = &timers->rows[timer->index];

    list_remove(timer);
    row->timer = NULL;
    row->generation++;
    row->next_free = timers->free_row;
    timers->free_row = timer->index + 1;
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
}

void timers_free(struct timers *timers)
{
    for (uint32_t i = 0; i < timers->capacity; i++) {
        if (timers->rows[i].timer)
            timer_cancel(timers, timers->rows[i].timer);
    }
    alloc_free(timers->alloc, timers->rows);
    timers_init(timers, timers->alloc, timers->wheel);
}

confab_id timer_start(struct timers *timers, int64_t deadline, int64_t every, void (*call)(void), void *data,
                      confab_chat *owner, struct timer **list)
{
    struct timer *timer;
    struct timer_row *row;
    uint32_t index;

    if (!timers->free_row && !add_rows(timers))
        return 0;
    timer = alloc_new(timers->alloc, sizeof *timer);
    if (!timer)
        return 0;
    index = timers->free_row - 1;
    row = &timers->rows[index];
    timers->free_row = row->next_free;
    row->timer = timer;
    timers->count++;

    *timer = (struct timer){ .every = every, .index = index, .call = call, .data = data, .owner = owner };
    if (list)
        list_add(list, timer);
    wheel_start(timers->wheel, &timer->node, deadline);
    return (confab_id)row->generation << 32 | (index + 1);
}

struct timer *timer_find(struct timers *timers, confab_id id)
{
    uint32_t index = (uint32_t)id - 1; /* of id 0: beyond any table */

    if (index >= timers->capacity || timers->rows[index].generation != id >> 32)
        return NULL;
    return timers->rows[index].timer;
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
