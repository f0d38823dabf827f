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

static confab_id start(int64_t deadline, int64_t every)
{
    confab_id id = timer_start(&timers, deadline, every, function, NULL, NULL, NULL);

    cr_assert_neq(id, 0);
    return id;
}

/* Moves on to now and has one timer fire; returns false where none is due. */
static bool fire(int64_t now, struct timer *fired)
{
    struct wheel_node *node;

    wheel_expire(&wheel, now);
    node = wheel_take(&wheel);
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
    struct timer fired;

    timer_cancel(&timers, timer_find(&timers, id));
    cr_assert_null(timer_find(&timers, id));
    cr_assert_not(fire(2 * TICK, &fired));
    cr_assert_eq(timers.count, 0);
}

Test(timers, an_old_id_does_not_find_the_next_timer_in_its_row)
{
    confab_id old = start(TICK, 0), new;

    timer_cancel(&timers, timer_find(&timers, old));
    new = start(TICK, 0);
    cr_assert_eq((uint32_t)old, (uint32_t) new, "the row was not used again");
    cr_assert_neq(old, new);
    cr_assert_null(timer_find(&timers, old));
    cr_assert_not_null(timer_find(&timers, new));
}

Test(timers, ids_hold_while_the_table_grows)
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
    struct timer *list = NULL, fired;
    confab_id id = timer_start(&timers, TICK, 0, function, &data, owner, &list);

    cr_assert_not(fire(TICK - 1, &fired));
    cr_assert(fire(TICK, &fired));
    cr_assert_eq(fired.call, function);
    cr_assert_eq(fired.data, &data);
    cr_assert_eq(fired.owner, owner);
    cr_assert_null(timer_find(&timers, id));
    cr_assert_null(list);
    cr_assert_eq(timers.count, 0);
}

Test(timers, a_repeating_timer_keeps_its_id_and_does_not_drift)
{
    confab_id id = start(10 * TICK, 10 * TICK + 1);
    struct timer fired;

    cr_assert(fire(13 * TICK, &fired)); /* late */
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 20 * TICK + 1);
    cr_assert(fire(21 * TICK, &fired));
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 30 * TICK + 2);
}

Test(timers, the_times_that_a_repeating_timer_missed_are_dropped)
{
    confab_id id = start(10 * TICK, 10 * TICK);
    struct timer fired;

    cr_assert(fire(45 * TICK, &fired));
    cr_assert_not(fire(45 * TICK, &fired));
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 50 * TICK);
    cr_assert(fire(50 * TICK, &fired)); /* on the dot: the next is a whole period away */
    cr_assert_eq(timer_find(&timers, id)->node.deadline, 60 * TICK);
}

Test(timers, a_period_beyond_the_end_of_time_is_cut)
{
    confab_id id = start(INT64_MIN, INT64_MAX), other = start(TICK, INT64_MAX);
    struct timer fired;

    cr_assert(fire(2 * TICK, &fired));
    cr_assert(fire(2 * TICK, &fired));
    cr_assert_gt(timer_find(&timers, id)->node.deadline, 2 * TICK);
    cr_assert_eq(timer_find(&timers, other)->node.deadline, INT64_MAX);
}

Test(timers, a_repeating_timer_can_be_cancelled_after_it_fired)
{
    confab_id id = start(TICK, TICK);
    struct timer fired;

    cr_assert(fire(TICK, &fired));
    timer_cancel(&timers, timer_find(&timers, id));
    cr_assert_not(fire(5 * TICK, &fired));
}

Test(timers, a_timer_that_is_due_can_be_cancelled_before_it_fires)
{
    confab_id first = start(TICK, 0), second = start(TICK, 0);
    struct timer fired;

    cr_assert(fire(TICK, &fired));
    cr_assert_null(timer_find(&timers, first));
    timer_cancel(&timers, timer_find(&timers, second));
    cr_assert_not(fire(TICK, &fired));
}

Test(timers, reset_starts_it_anew)
{
    confab_id id = start(TICK, 0);
    struct timer fired;

    timer_reset(&timers, timer_find(&timers, id), 5 * TICK, 0);
    cr_assert_not(fire(4 * TICK, &fired));
    cr_assert(fire(5 * TICK, &fired));
    cr_assert_null(timer_find(&timers, id));
}

Test(timers, reset_gives_a_repeating_timer_a_new_period_and_no_other_one)
{
    confab_id often = start(TICK, TICK), once = start(TICK, 0);

    timer_reset(&timers, timer_find(&timers, often), 2 * TICK, 0);
    cr_assert_eq(timer_find(&timers, often)->every, TICK);
    timer_reset(&timers, timer_find(&timers, often), 3 * TICK, 3 * TICK);
    cr_assert_eq(timer_find(&timers, often)->every, 3 * TICK);
    timer_reset(&timers, timer_find(&timers, once), 3 * TICK, 3 * TICK);
    cr_assert_eq(timer_find(&timers, once)->every, 0);
}

Test(timers, cancelling_an_owners_list_leaves_the_others)
{
    struct timer *mine = NULL, *theirs = NULL, fired;
    confab_id id[5], other;

    for (int i = 0; i < 5; i++)
        id[i] = timer_start(&timers, TICK, 0, function, NULL, NULL, &mine);
    other = timer_start(&timers, TICK, 0, function, NULL, NULL, &theirs);
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

Test(timers, freeing_the_table_empties_the_owners_lists)
{
    struct timer *list = NULL;

    cr_assert_neq(timer_start(&timers, TICK, 0, function, NULL, NULL, &list), 0);
    timers_free(&timers);
    cr_assert_null(list);
    cr_assert_eq(wheel.count, 0);
}

Test(timers, without_memory_there_is_no_timer_and_no_harm)
{
    struct timer *list = NULL;
    confab_id id;

    for (long i = 0; i < 2; i++) {
        allocs_to_go = i;
        cr_assert_eq(timer_start(&timers, TICK, 0, function, NULL, NULL, &list), 0);
        cr_assert_null(list);
        cr_assert_eq(wheel.count, 0);
        cr_assert_eq(timers.count, 0);
    }
    allocs_to_go = -1;
    id = start(TICK, 0);
    cr_assert_not_null(timer_find(&timers, id));
}
