/* timers.c: timers that have an id.
 *
 * With many timers, time is spent on waiting for memory.  So what starting and
 * stopping look at lies apart from the rest, and an id leads there without a
 * table in between: it is the number of a place (plus one, so that it is never 0)
 * and the place's generation, which counts up each time the place is given up.
 * A timer's neighbours in the wheel, whose links a stop changes, are fetched into
 * the cache while it waits in the batch.
 *
 * Places come in groups of 64.  A group that has room is used up before the next
 * one is, so that timers that are started together lie together, whatever the
 * order in which others were given up.  Groups come in extents, each twice as
 * large as the one before it, which never move and are kept. */
#include "core/timers.h"
#include <assert.h>

enum { GROUP_BITS = 6, GROUP = 1 << GROUP_BITS, CACHE_LINE = 64 };

/* A name: from the top, a bit for one in the batch (its deadline is its number
 * there) and one for one on an owner's list, two for the kind, the generation, and
 * the number of its place plus one; that is 0 where it does not run. */
#define PENDING         (UINT64_C(1) << 63)
#define LISTED          (UINT64_C(1) << 62)
#define KIND_SHIFT      TIMER_ID_BITS
#define KIND_MASK       (UINT64_C(3) << KIND_SHIFT)
#define PLACE_BITS      27
#define PLACE_MASK      ((UINT64_C(1) << PLACE_BITS) - 1)
#define GENERATION_ONE  (UINT64_C(1) << PLACE_BITS)
#define GENERATION_MASK (TIMER_ID_MASK & ~PLACE_MASK)

_Static_assert((UINT64_C(1) << (GROUP_BITS + TIMERS_EXTENTS)) - GROUP <= PLACE_MASK,
               "too few bits for the number of a place");
_Static_assert(CACHE_LINE % sizeof(struct timer) == 0, "a timer would lie in two lines of the cache");

/* What is looked at only when it fires, or its owner ends. */
struct timer_rest {
    struct timer_call call;
    struct timer *next, **previous; /* the owner's list */
};

struct timer_group {
    uint64_t free; /* a bit for each free place */
    struct timer *timer;
    struct timer_rest *rest;
    struct timer_group *next; /* that has room */
    uint32_t number;
};

/* -- Places --------------------------------------------------------------- */

/* Extent e holds 2^e groups, and 2^e - 1 lie before it. */
static unsigned extent_of(uint32_t group)
{
    return 31u - (unsigned)__builtin_clz(group + 1);
}

static uint32_t groups_before(unsigned extent)
{
    return (UINT32_C(1) << extent) - 1;
}

static struct timer_group *group_at(const struct timers *timers, uint32_t group)
{
    unsigned e = extent_of(group);

    return &timers->extent[e].group[group - groups_before(e)];
}

static struct timer *timer_at(const struct timers *timers, uint32_t place)
{
    unsigned e = extent_of(place >> GROUP_BITS);

    return &timers->extent[e].timer[place - (groups_before(e) << GROUP_BITS)];
}

static struct timer_rest *rest_of(const struct timers *timers, const struct timer *timer)
{
    uint32_t place = (uint32_t)(timer->name & PLACE_MASK) - 1;
    unsigned e = extent_of(place >> GROUP_BITS);

    return &timers->extent[e].rest[place - (groups_before(e) << GROUP_BITS)];
}

static bool add_extent(struct timers *timers, unsigned e)
{
    size_t groups = (size_t)1 << e, places = groups << GROUP_BITS;
    struct timer_extent *made = &timers->extent[e];

    if (e == TIMERS_EXTENTS)
        return false;
    made->memory = alloc_new(timers->alloc, CACHE_LINE + places * (sizeof *made->timer + sizeof *made->rest) +
                                                groups * sizeof *made->group);
    if (!made->memory)
        return false;
    size_t unaligned = (uintptr_t)made->memory % CACHE_LINE;
    made->timer = (struct timer *)(void *)((char *)made->memory + CACHE_LINE - unaligned);
    made->rest = (struct timer_rest *)(void *)(made->timer + places);
    made->group = (struct timer_group *)(void *)(made->rest + places);
    return true;
}

/* Makes the next group, which has room.  False: out of memory. */
__attribute__((noinline)) static bool add_group(struct timers *timers)
{
    uint32_t number = timers->groups;
    unsigned e = extent_of(number);
    size_t first = (size_t)(number - groups_before(e)) << GROUP_BITS; /* place, in the extent */

    if (first == 0 && !add_extent(timers, e))
        return false;
    struct timer_group *group = group_at(timers, number);
    *group = (struct timer_group){ .free = UINT64_MAX,
                                   .timer = timers->extent[e].timer + first,
                                   .rest = timers->extent[e].rest + first,
                                   .next = timers->room,
                                   .number = number };
    memset(group->timer, 0, GROUP * sizeof *group->timer);
    timers->room = group;
    timers->groups++;
    return true;
}

/* A free place; NULL: out of memory. */
static struct timer *take(struct timers *timers, struct timer_rest **rest)
{
    if (!timers->room && !add_group(timers))
        return NULL;
    struct timer_group *group = timers->room;
    unsigned i = (unsigned)__builtin_ctzll(group->free);
    struct timer *timer = &group->timer[i];

    group->free &= group->free - 1;
    if (!group->free)
        timers->room = group->next;
    timer->name |= (group->number << GROUP_BITS) + i + 1;
    *rest = &group->rest[i];
    return timer;
}

static void give_back(struct timers *timers, struct timer_group *group, struct timer *timer)
{
    if (!group->free) {
        group->next = timers->room;
        timers->room = group;
    }
    group->free |= UINT64_C(1) << (timer - group->timer);
}

/* -- An owner's list ------------------------------------------------------ */

static void list_add(struct timers *timers, struct timer **list, struct timer *timer)
{
    struct timer_rest *rest = rest_of(timers, timer);

    timer->name |= LISTED;
    rest->next = *list;
    rest->previous = list;
    if (rest->next)
        rest_of(timers, rest->next)->previous = &rest->next;
    *list = timer;
}

static void list_remove(struct timers *timers, struct timer *timer)
{
    struct timer_rest *rest = rest_of(timers, timer);

    *rest->previous = rest->next;
    if (rest->next)
        rest_of(timers, rest->next)->previous = rest->previous;
}

/* -- The batch ------------------------------------------------------------ */

static struct timer_change *change_of(struct timers *timers, struct timer *timer)
{
    if (timer->name & PENDING)
        return &timers->batch[timer->node.deadline];
    assert(!timers_full(timers));
    timer->name |= PENDING;
    timer->node.deadline = timers->pending;
    timers->batch[timers->pending].timer = timer;
    return &timers->batch[timers->pending++];
}

static void run_after(struct timers *timers, struct timer *timer, int64_t ns)
{
    struct timer_change *change = change_of(timers, timer);

    change->ns = ns > 0 ? ns : 0;
    change->group = NULL;
}

static void fetch_neighbours(const struct timer *timer)
{
    __builtin_prefetch(timer->node.link.next, 1);
    __builtin_prefetch(timer->node.link.prev, 1);
}

void timers_settle(struct timers *timers, int64_t now)
{
    struct wheel *wheel = timers->wheel;

    /* Nobody tells an empty wheel the time. */
    if (wheel->count == 0)
        wheel_expire(wheel, now);
    for (uint32_t i = 0; i < timers->pending; i++) {
        struct timer_change *change = &timers->batch[i];
        struct timer *timer = change->timer;
        int64_t deadline;

        timer->name &= ~PENDING;
        wheel_stop(wheel, &timer->node);
        if (change->group) {
            give_back(timers, change->group, timer);
            continue;
        }
        if (__builtin_add_overflow(now, change->ns, &deadline))
            deadline = INT64_MAX;
        wheel_start(wheel, &timer->node, deadline);
    }
    timers->pending = 0;
}

/* -- Timers --------------------------------------------------------------- */

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
    timers_settle(timers, 0);
    for (uint32_t place = 0; timers->count > 0; place++) {
        struct timer *timer = timer_at(timers, place);
        if (!(timer->name & PLACE_MASK))
            continue;
        timer_cancel(timers, timer);
        timers_settle(timers, 0);
    }
    for (unsigned e = 0; e < TIMERS_EXTENTS; e++)
        alloc_free(timers->alloc, timers->extent[e].memory);
    timers_init(timers, timers->alloc, timers->wheel);
}

confab_id timer_start(struct timers *timers, enum timer_kind kind, const struct timer_call *call, int64_t ns,
                      struct timer **list)
{
    struct timer_rest *rest;
    struct timer *timer = take(timers, &rest);

    if (!timer)
        return 0;
    confab_id id = timer->name;
    timer->name |= (uint64_t)kind << KIND_SHIFT;
    rest->call = *call;
    timers->count++;
    if (list)
        list_add(timers, list, timer);
    run_after(timers, timer, ns);
    return id;
}

struct timer *timer_place(const struct timers *timers, confab_id id)
{
    uint32_t place = (uint32_t)(id & PLACE_MASK) - 1; /* of none: beyond any group */

    return place >> GROUP_BITS < timers->groups ? timer_at(timers, place) : NULL;
}

enum timer_kind timer_kind(const struct timer *timer)
{
    return (enum timer_kind)((timer->name & KIND_MASK) >> KIND_SHIFT);
}

struct timer_call *timer_call(const struct timers *timers, const struct timer *timer)
{
    return &rest_of(timers, timer)->call;
}

/* Its id names nothing from now on.  Returns the group that its place belongs to. */
static struct timer_group *end(struct timers *timers, struct timer *timer)
{
    uint32_t place = (uint32_t)(timer->name & PLACE_MASK) - 1;

    if (timer->name & LISTED)
        list_remove(timers, timer);
    timer->name = ((timer->name + GENERATION_ONE) & GENERATION_MASK) | (timer->name & PENDING);
    timers->count--;
    return group_at(timers, place >> GROUP_BITS);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
    struct timer_group *group = end(timers, timer);

    /* The last one of the batch is left to what must be in it. */
    if (timer->name & PENDING || timers->pending < TIMERS_BATCH - 1) {
        fetch_neighbours(timer);
        __builtin_prefetch(group, 1);
        change_of(timers, timer)->group = group;
    } else {
        wheel_stop(timers->wheel, &timer->node);
        give_back(timers, group, timer);
    }
}

void timers_cancel_list(struct timers *timers, struct timer **list)
{
    while (*list)
        timer_cancel(timers, *list);
}

void timer_again(struct timers *timers, struct timer *timer, int64_t ns)
{
    fetch_neighbours(timer);
    run_after(timers, timer, ns);
}

void timer_reset(struct timers *timers, struct timer *timer, int64_t ns, int64_t every)
{
    if (timer->name & KIND_MASK) {
        if (timer_kind(timer) == TIMER_EVERY)
            timer_call(timers, timer)->when = every;
        else
            timer->name &= ~KIND_MASK;
    }
    timer_again(timers, timer, ns);
}

bool timer_pending(const struct timer *timer)
{
    return timer->name & PENDING;
}

void timer_fired(struct timers *timers, struct timer *timer, int64_t now, struct timer_call *fired)
{
    assert(!wheel_running(&timer->node) && timer->node.deadline <= now);

    *fired = *timer_call(timers, timer);
    if (timer_kind(timer) == TIMER_EVERY)
        wheel_start(timers->wheel, &timer->node, next_deadline(timer->node.deadline, fired->when, now));
    else
        give_back(timers, end(timers, timer), timer);
}
