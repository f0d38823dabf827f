/* test_timers.c: timers that have an id. */
#include "core/timers.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define TICK (INT64_C(1) << WHEEL_TICK_SHIFT)

static struct wheel wheel;
static struct timers timers;

static long blocks;            /* that are allocated */
static long allocs_to_go = -1; /* until one fails; -1: none does */

static void *counting_alloc(void *data, void *old, size_t n)
{
    void *p;

    (void)data;
    if (n == 0) {
        free(old);
        blocks--;
        return NULL;
    }
    if (allocs_to_go == 0)
        return NULL;
    if (allocs_to_go > 0)
        allocs_to_go--;
    p = realloc(old, n);
    blocks += p && !old;
    return p;
}

static const struct alloc alloc = { .call = counting_alloc };

static void setup(void)
{
    wheel_init(&wheel, 0);
    timers_init(&timers, &alloc, &wheel);
}

static void teardown(void)
{
    timers_free(&timers);
    /* An assertion that fails after a test does not count; a crash does. */
    if (blocks != 0 || wheel.count != 0)
        abort();
}

static void function(void)
{
}

/* The time is 0 when it is started; -1 for every: one of the wall clock. */
static confab_id start_on(struct timer **list, void *data, int64_t deadline, int64_t every)
{
    enum timer_kind kind = every > 0 ? TIMER_EVERY : every < 0 ? TIMER_AT : TIMER_ONCE;
    struct timer_call call = { .call = function, .data = data, .owner = data, .when = every };
    confab_id id = timer_start(&timers, kind, &call, deadline, list);

    cr_assert_neq(id, 0);
    timers_settle(&timers, 0);
    return id;
}

static confab_id start(int64_t deadline, int64_t every)
{
    return start_on(NULL, NULL, deadline, every);
}

/* Moves on to now and has one timer fire, as a turn does; returns false where none is due. */
static bool fire(int64_t now, struct timer_call *fired)
{
    struct wheel_node *node;

    timers_settle(&timers, 0);
    wheel_expire(&wheel, now);
    do
        node = wheel_take(&wheel);
    while (node && timer_pending((struct timer *)node));
    if (!node)
        return false;
    timer_fired(&timers, (struct timer *)node, now, fired);
    return true;
}

TestSuite(timers, .init = setup, .fini = teardown);

Test(timers, an_id_finds_its_timer)
{
    confab_id first = start(TICK, 0), second = start(2 * TICK, 0);

    cr_assert_neq(first, second);
    cr_assert_eq(timer_find(&timers, first)->node.deadline, TICK);
    cr_assert_eq(timer_find(&timers, second)->node.deadline, 2 * TICK);
    cr_assert_eq(timers.count, 2);
}

Test(timers, an_id_that_was_never_given_finds_nothing)
{
    confab_id id = start(TICK, 0);

    cr_assert_null(timer_find(&timers, 0));
    cr_assert_null(timer_find(&timers, id + 1));
    cr_assert_null(timer_find(&timers, id + 1000000));
    cr_assert_null(timer_find(&timers, id + (UINT64_C(1) << 32)));
    cr_assert_null(timer_find(&timers, UINT64_MAX));
}

Test(timers, the_id_of_a_cancelled_timer_finds_nothing)
{
    confab_id id = start(TICK, 0);
    struct timer_call fired;

    timer_cancel(&timers, timer_find(&timers, id));
    cr_assert_null(timer_find(&timers, id));
    cr_assert_not(fire(2 * TICK, &fired));
    cr_assert_eq(timers.count, 0);
}

Test(timers, an_old_id_does_not_find_the_next_timer_in_its_place)
{
    confab_id old = start(TICK, 0), new;
    struct timer *place = timer_find(&timers, old);

    timer_cancel(&timers, place);
    timers_settle(&timers, 0);
    new = start(TICK, 0);
    cr_assert_eq(timer_find(&timers, new), place, "the place was not used again");
    cr_assert_neq(old, new);
    cr_assert_null(timer_find(&timers, old));
    timer_cancel(&timers, place);
    cr_assert_null(timer_find(&timers, old));
    cr_assert_null(timer_find(&timers, new + (new - old)), "an id that is not given yet");
}

Test(timers, that_come_and_go_need_no_more_memory)
{
    start(TICK, 0);
    long before = blocks;

    for (int i = 0; i < 1000; i++) {
        confab_id id[50];
        for (int k = 0; k < 50; k++)
            id[k] = start(TICK, 0);
        for (int k = 0; k < 50; k++)
            timer_cancel(&timers, timer_find(&timers, id[k]));
    }
    cr_assert_eq(blocks, before);
}

Test(timers, that_are_started_together_lie_together_whatever_was_given_up_before)
{
    enum { MANY = 64 * 63, GROUP = 64 };
    static confab_id id[MANY];
    struct timer *timer[GROUP];

    for (int i = 0; i < MANY; i++)
        id[i] = start(TICK, 0);
    for (int i = 0; i < MANY; i++)
        timer_cancel(&timers, timer_find(&timers, id[i * 65 % MANY])); /* each group comes by in turn */
    for (int i = 0; i < GROUP; i++) {
        timer[i] = timer_find(&timers, start(TICK, 0));
        cr_assert_lt(timer[i] - timer[0], GROUP);
        cr_assert_geq(timer[i] - timer[0], 0);
    }
}

Test(timers, ids_hold_while_there_are_more_and_more)
{
    enum { MANY = 1000 };
    static confab_id id[MANY];

    for (int i = 0; i < MANY; i++)
        id[i] = start((i + 1) * TICK, 0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(timer_find(&timers, id[i])->node.deadline, (i + 1) * TICK);
}

Test(timers, firing_copies_what_is_to_be_called_and_ends_the_timer)
{
    int data;
    confab_chat *owner = (confab_chat *)(void *)&data;
    struct timer *list = NULL;
    struct timer_call fired;
    confab_id id = start_on(&list, owner, TICK, 0);

    cr_assert_not(fire(TICK - 1, &fired));
    cr_assert(fire(TICK, &fired));
    cr_assert_eq(fired.call, function);
    cr_assert_eq(fired.data, owner);
    cr_assert_eq(fired.owner, owner);
    cr_assert_null(timer_find(&timers, id));
    cr_assert_null(list);
    cr_assert_eq(timers.count, 0);
}

Test(timers, a_repeating_timer_keeps_its_id_and_does_not_drift)
{
    confab_id id = start(10 * TICK, 10 * TICK + 1);
    struct timer_call fired;

    cr_assert(fire(13 * TICK, &fired)); /* late */
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 20 * TICK + 1);
    cr_assert(fire(21 * TICK, &fired));
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 30 * TICK + 2);
}

Test(timers, the_times_that_a_repeating_timer_missed_are_dropped)
{
    confab_id id = start(10 * TICK, 10 * TICK);
    struct timer_call fired;

    cr_assert(fire(45 * TICK, &fired));
    cr_assert_not(fire(45 * TICK, &fired));
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 50 * TICK);
    cr_assert(fire(50 * TICK, &fired)); /* on the dot: the next is a whole period away */
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 60 * TICK);
}

Test(timers, a_period_beyond_the_end_of_time_is_cut)
{
    confab_id id = start(INT64_MIN, INT64_MAX), other = start(TICK, INT64_MAX);
    struct timer_call fired;

    cr_assert(fire(2 * TICK, &fired));
    cr_assert(fire(2 * TICK, &fired));
    cr_assert_gt(timer_find(&timers, id)->node.deadline, 2 * TICK);
    cr_assert_eq(timer_find(&timers, other)->node.deadline, INT64_MAX);
}

Test(timers, a_repeating_timer_can_be_cancelled_after_it_fired)
{
    confab_id id = start(TICK, TICK);
    struct timer_call fired;

    cr_assert(fire(TICK, &fired));
    timer_cancel(&timers, timer_find(&timers, id));
    cr_assert_not(fire(5 * TICK, &fired));
}

Test(timers, a_timer_that_is_due_can_be_cancelled_before_it_fires)
{
    confab_id first = start(TICK, 0), second = start(TICK, 0);
    struct timer_call fired;

    cr_assert(fire(TICK, &fired));
    cr_assert_null(timer_find(&timers, first));
    timer_cancel(&timers, timer_find(&timers, second));
    cr_assert_not(fire(TICK, &fired));
}

Test(timers, reset_starts_it_anew)
{
    confab_id id = start(TICK, 0);
    struct timer_call fired;

    timer_reset(&timers, timer_find(&timers, id), 5 * TICK, 0);
    timers_settle(&timers, 0);
    cr_assert_not(fire(4 * TICK, &fired));
    cr_assert(fire(5 * TICK, &fired));
    cr_assert_null(timer_find(&timers, id));
}

static void reset(confab_id id, int64_t ns)
{
    timer_reset(&timers, timer_find(&timers, id), ns, ns);
    timers_settle(&timers, 0);
}

Test(timers, reset_gives_a_repeating_timer_a_new_period)
{
    confab_id id = start(TICK, TICK);
    struct timer_call fired;

    reset(id, 3 * TICK);
    cr_assert_eq(timer_call(&timers, timer_find(&timers, id))->when, 3 * TICK);
    cr_assert(fire(3 * TICK, &fired));
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 6 * TICK);
}

Test(timers, reset_makes_no_repeating_timer_of_another)
{
    confab_id once = start(TICK, 0), at = start(TICK, -1);
    struct timer_call fired;

    reset(once, 3 * TICK);
    reset(at, 3 * TICK);
    cr_assert_eq(timer_kind(timer_find(&timers, once)), TIMER_ONCE);
    cr_assert_eq(timer_kind(timer_find(&timers, at)), TIMER_ONCE, "it still looks at the wall clock");
    cr_assert(fire(3 * TICK, &fired));
    cr_assert(fire(3 * TICK, &fired));
    cr_assert_eq(timers.count, 0);
}

Test(timers, cancelling_an_owners_list_leaves_the_others)
{
    struct timer *mine = NULL, *theirs = NULL;
    struct timer_call fired;
    confab_id id[5], other;

    for (int i = 0; i < 5; i++)
        id[i] = start_on(&mine, NULL, TICK, 0);
    other = start_on(&theirs, NULL, TICK, 0);
    /* From the middle, the front and the back of the list. */
    timer_cancel(&timers, timer_find(&timers, id[2]));
    timer_cancel(&timers, timer_find(&timers, id[4]));
    timer_cancel(&timers, timer_find(&timers, id[0]));
    cr_assert_not_null(timer_find(&timers, id[1]));
    timers_cancel_list(&timers, &mine);
    cr_assert_null(mine);
    cr_assert_null(timer_find(&timers, id[1]));
    cr_assert_null(timer_find(&timers, id[3]));
    cr_assert_not_null(timer_find(&timers, other));
    cr_assert(fire(TICK, &fired));
    cr_assert_null(theirs);
    cr_assert_not(fire(TICK, &fired));
}

Test(timers, an_owners_list_may_be_longer_than_a_batch)
{
    enum { MANY = 3 * TIMERS_BATCH };
    struct timer *mine = NULL;
    struct timer_call fired;

    for (int i = 0; i < MANY; i++)
        start_on(&mine, NULL, TICK, 0);
    timers_cancel_list(&timers, &mine);
    cr_assert_null(mine);
    cr_assert_not(timers_full(&timers), "there is no room for what must be in it");
    cr_assert_eq(timers.count, 0);
    cr_assert_not(fire(TICK, &fired));
    cr_assert_eq(wheel.count, 0);
    cr_assert_eq(timers.pending, 0);
}

Test(timers, one_that_was_not_told_the_time_yet_can_be_reset_and_cancelled)
{
    const struct timer_call call = { .call = function };
    confab_id id[3];
    struct timer_call fired;

    for (int i = 0; i < 3; i++)
        id[i] = timer_start(&timers, TIMER_ONCE, &call, TICK, NULL);
    timer_reset(&timers, timer_find(&timers, id[1]), 5 * TICK, 0);
    timer_cancel(&timers, timer_find(&timers, id[0]));
    cr_assert_null(timer_find(&timers, id[0]));
    cr_assert_eq(timers.pending, 3);
    cr_assert(fire(TICK, &fired));
    cr_assert_null(timer_find(&timers, id[2]));
    cr_assert_not(fire(4 * TICK, &fired));
    cr_assert(fire(5 * TICK, &fired));
    cr_assert_eq(timers.count, 0);
}

Test(timers, one_that_runs_can_be_reset_then_cancelled_in_the_same_batch)
{
    confab_id first = start(TICK, 0), second = start(TICK, 0);
    struct timer_call fired;

    timer_reset(&timers, timer_find(&timers, first), 3 * TICK, 0);
    timer_cancel(&timers, timer_find(&timers, first));
    timer_reset(&timers, timer_find(&timers, second), 3 * TICK, 0);
    timer_reset(&timers, timer_find(&timers, second), 5 * TICK, 0);
    cr_assert_eq(timers.pending, 2);
    cr_assert_not(fire(4 * TICK, &fired));
    cr_assert(fire(5 * TICK, &fired));
    cr_assert_eq(wheel.count, 0);
}

Test(timers, all_of_a_batch_count_from_the_time_that_they_are_told)
{
    const struct timer_call call = { .call = function };
    confab_id id = timer_start(&timers, TIMER_ONCE, &call, 10 * TICK, NULL), past, far;

    past = timer_start(&timers, TIMER_ONCE, &call, -5, NULL);
    far = timer_start(&timers, TIMER_ONCE, &call, INT64_MAX, NULL);
    timers_settle(&timers, 60 * TICK + 1);
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 70 * TICK + 1);
    cr_assert_eq(timer_find(&timers, past)->node.deadline, 60 * TICK + 1);
    cr_assert_eq(timer_find(&timers, far)->node.deadline, INT64_MAX);
    timers_settle(&timers, 65 * TICK);
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 70 * TICK + 1, "it is told twice");
}

Test(timers, an_empty_wheel_is_told_the_time_with_the_first_timer)
{
    const struct timer_call call = { .call = function };

    timer_start(&timers, TIMER_ONCE, &call, 3 * TICK, NULL);
    timers_settle(&timers, 1000000 * TICK);
    cr_assert_eq(wheel_next(&wheel), 1000003 * TICK, "the loop would wake up to sort it down");
}

Test(timers, freeing_them_all_empties_the_owners_lists)
{
    struct timer *list = NULL;

    start_on(&list, NULL, TICK, 0);
    timers_free(&timers);
    cr_assert_null(list);
    cr_assert_eq(wheel.count, 0);
}

Test(timers, without_memory_there_is_no_timer_and_no_harm)
{
    const struct timer_call call = { .call = function };
    struct timer *list = NULL;
    confab_id id;

    allocs_to_go = 0;
    cr_assert_eq(timer_start(&timers, TIMER_ONCE, &call, TICK, &list), 0);
    cr_assert_null(list);
    cr_assert_eq(wheel.count, 0);
    cr_assert_eq(timers.count, 0);
    allocs_to_go = -1;
    id = start(TICK, 0);
    cr_assert_not_null(timer_find(&timers, id));
}
