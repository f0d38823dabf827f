/* test_wheel.c: the timing wheel. */
#include "core/wheel.h"
#include <criterion/criterion.h>

#define TICK (INT64_C(1) << WHEEL_TICK_SHIFT)
#define HOUR (INT64_C(3600) * 1000000000)

static struct wheel wheel;

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Takes what has expired; returns how many. */
static int take_all(void)
{
    int n = 0;

    while (wheel_take(&wheel))
        n++;
    return n;
}

Test(wheel, never_expires_early_and_at_most_a_tick_late)
{
    uint64_t seed = 42;

    for (int i = 0; i < 2000; i++) {
        struct wheel_node node = { .deadline = 0 };
        int64_t start = (int64_t)(random_next(&seed) >> 20), late;
        int64_t deadline = start + TICK + (int64_t)(random_next(&seed) >> (24 + i % 30));

        wheel_init(&wheel, start);
        wheel_start(&wheel, &node, deadline);
        wheel_expire(&wheel, deadline - 1);
        cr_assert_null(wheel_take(&wheel), "expired before %lld", (long long)deadline);
        late = deadline + TICK - 1;
        wheel_expire(&wheel, late);
        cr_assert_eq(wheel_take(&wheel), &node, "not expired at %lld", (long long)late);
    }
}

Test(wheel, a_deadline_on_a_tick_expires_at_it)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node, 5 * TICK);
    wheel_expire(&wheel, 5 * TICK);
    cr_assert_eq(wheel_take(&wheel), &node);
}

Test(wheel, keeps_the_deadline_in_nanoseconds)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node, 5 * TICK + 1);
    cr_assert_eq(node.deadline, 5 * TICK + 1);
    wheel_stop(&wheel, &node);
    wheel_start(&wheel, &node, -7);
    cr_assert_eq(node.deadline, -7);
}

Test(wheel, a_past_deadline_is_due_one_tick_after_now)
{
    /* 63 ticks: the tick after it is in another slot of a higher level. */
    static const int64_t now[] = { 0, 10 * TICK, 63 * TICK, 4095 * TICK + 5, HOUR };

    for (size_t i = 0; i < sizeof now / sizeof *now; i++) {
        struct wheel_node node[4] = { { .deadline = 0 } }, later = { .deadline = 0 };

        wheel_init(&wheel, now[i]);
        wheel_start(&wheel, &later, now[i] + 2 * TICK);
        wheel_start(&wheel, &node[0], now[i]);
        wheel_start(&wheel, &node[1], now[i] - TICK);
        wheel_start(&wheel, &node[2], 0);
        wheel_start(&wheel, &node[3], INT64_MIN);
        wheel_expire(&wheel, now[i] / TICK * TICK + TICK - 1);
        cr_assert_null(wheel_take(&wheel));
        wheel_expire(&wheel, now[i] / TICK * TICK + TICK);
        cr_assert_eq(take_all(), 4);
    }
}

Test(wheel, what_is_started_while_others_are_taken_waits_for_a_later_turn)
{
    struct wheel_node first = { .deadline = 0 }, second = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &first, TICK);
    wheel_expire(&wheel, 3 * TICK);
    cr_assert_eq(wheel_take(&wheel), &first);
    wheel_start(&wheel, &second, TICK);
    wheel_start(&wheel, &first, 3 * TICK);
    wheel_expire(&wheel, 3 * TICK);
    cr_assert_null(wheel_take(&wheel));
    wheel_expire(&wheel, 4 * TICK);
    cr_assert_eq(take_all(), 2);
}

Test(wheel, expires_in_the_order_of_ticks_however_far_it_moves)
{
    enum { NODES = 500 };
    static struct wheel_node node[NODES];
    uint64_t seed = 7;
    int64_t last = 0;

    wheel_init(&wheel, 0);
    for (int i = 0; i < NODES; i++)
        wheel_start(&wheel, &node[i], (int64_t)(random_next(&seed) >> (10 + i % 30)));
    wheel_expire(&wheel, INT64_MAX);
    for (int i = 0; i < NODES; i++) {
        struct wheel_node *taken = wheel_take(&wheel);

        cr_assert_not_null(taken);
        cr_assert_geq((taken->deadline + TICK - 1) / TICK, (last + TICK - 1) / TICK);
        last = taken->deadline;
    }
    cr_assert_null(wheel_take(&wheel));
}

Test(wheel, those_of_one_tick_expire_in_the_order_of_their_start)
{
    struct wheel_node node[4] = { { .deadline = 0 } };
    const int64_t deadline = 5000 * TICK; /* at level 2 seen from 0, at 1 from 4096, at 0 from 4992 */

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node[0], deadline);
    wheel_start(&wheel, &node[1], deadline - 1);
    wheel_expire(&wheel, 4100 * TICK);
    wheel_start(&wheel, &node[2], deadline);
    wheel_expire(&wheel, 4995 * TICK);
    wheel_start(&wheel, &node[3], deadline - 2);
    wheel_expire(&wheel, deadline);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(wheel_take(&wheel), &node[i]);
}

Test(wheel, a_stopped_timer_does_not_expire)
{
    struct wheel_node node[3] = { { .deadline = 0 } };

    wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++)
        wheel_start(&wheel, &node[i], 4 * TICK);
    wheel_stop(&wheel, &node[1]);
    cr_assert_not(wheel_running(&node[1]));
    cr_assert(wheel_running(&node[0]));
    wheel_expire(&wheel, 4 * TICK);
    cr_assert_eq(wheel_take(&wheel), &node[0]);
    cr_assert_eq(wheel_take(&wheel), &node[2]);
    cr_assert_null(wheel_take(&wheel));
}

Test(wheel, one_that_expired_can_be_stopped_before_it_is_taken)
{
    struct wheel_node node[2] = { { .deadline = 0 } }, later = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node[0], TICK);
    wheel_start(&wheel, &node[1], TICK);
    wheel_start(&wheel, &later, 9 * TICK);
    wheel_expire(&wheel, TICK);
    wheel_stop(&wheel, &node[0]);
    cr_assert_eq(wheel_take(&wheel), &node[1]);
    wheel_start(&wheel, &node[0], 2 * TICK);
    wheel_expire(&wheel, 2 * TICK);
    wheel_stop(&wheel, &node[0]); /* the only one that is due */
    cr_assert_null(wheel_take(&wheel));
    cr_assert_eq(wheel_next(&wheel), 9 * TICK);
}

Test(wheel, stopping_one_that_is_not_running_does_nothing)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_stop(&wheel, &node);
    cr_assert_eq(wheel.count, 0);
    wheel_start(&wheel, &node, TICK);
    wheel_stop(&wheel, &node);
    wheel_stop(&wheel, &node);
    cr_assert_eq(wheel.count, 0);
}

Test(wheel, stopping_the_last_of_a_slot_makes_the_slot_unused)
{
    struct wheel_node node[3] = { { .deadline = 0 } };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node[0], 7 * TICK);
    wheel_start(&wheel, &node[1], 7 * TICK);
    wheel_start(&wheel, &node[2], HOUR);
    wheel_stop(&wheel, &node[0]);
    cr_assert_eq(wheel_next(&wheel), 7 * TICK);
    wheel_stop(&wheel, &node[1]);
    cr_assert_gt(wheel_next(&wheel), HOUR / 2);
    wheel_stop(&wheel, &node[2]);
    cr_assert_eq(wheel_next(&wheel), INT64_MAX);
    for (int level = 0; level < WHEEL_LEVELS; level++)
        cr_assert_eq(wheel.used[level], 0);
}

Test(wheel, next_tells_empty_from_expired)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 0);
    cr_assert_eq(wheel_next(&wheel), INT64_MAX);
    wheel_start(&wheel, &node, 2 * TICK - 1);
    cr_assert_eq(wheel_next(&wheel), 2 * TICK);
    wheel_expire(&wheel, 2 * TICK);
    cr_assert_eq(wheel_next(&wheel), INT64_MIN);
    wheel_take(&wheel);
    cr_assert_eq(wheel_next(&wheel), INT64_MAX);
}

Test(wheel, a_deadline_hours_away_is_reached_in_a_handful_of_wakeups)
{
    struct wheel_node node = { .deadline = 0 };
    int wakeups = 0;

    wheel_init(&wheel, HOUR + 12345);
    wheel_start(&wheel, &node, 30 * HOUR + 6789);
    while (wheel_running(&node) && wakeups <= WHEEL_LEVELS) {
        int64_t next = wheel_next(&wheel);

        cr_assert_leq(next, 30 * HOUR + 6789 + TICK);
        wheel_expire(&wheel, next);
        wakeups++;
        wheel_take(&wheel);
    }
    cr_assert_leq(wakeups, WHEEL_LEVELS);
}

Test(wheel, goes_over_any_stretch_of_time_at_once, .timeout = 10)
{
    struct wheel_node near = { .deadline = 0 }, far = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &near, TICK);
    wheel_start(&wheel, &far, INT64_MAX - TICK);
    wheel_expire(&wheel, INT64_MAX); /* 2^43 ticks */
    cr_assert_eq(wheel_take(&wheel), &near);
    cr_assert_eq(wheel_take(&wheel), &far);
}

Test(wheel, a_deadline_at_the_end_of_time_never_expires)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 0);
    wheel_start(&wheel, &node, INT64_MAX);
    for (int64_t now = 1; now < INT64_MAX / 3; now *= 3) {
        cr_assert_gt(wheel_next(&wheel), now);
        wheel_expire(&wheel, now);
        cr_assert_null(wheel_take(&wheel));
    }
    wheel_expire(&wheel, INT64_MAX);
    cr_assert_null(wheel_take(&wheel));
    cr_assert_eq(wheel_next(&wheel), INT64_MAX);
    wheel_stop(&wheel, &node);
    cr_assert_eq(wheel.count, 0);
}

Test(wheel, an_earlier_now_changes_nothing)
{
    struct wheel_node node = { .deadline = 0 };

    wheel_init(&wheel, 100 * TICK);
    wheel_expire(&wheel, 50 * TICK);
    wheel_expire(&wheel, INT64_MIN);
    wheel_start(&wheel, &node, 60 * TICK);
    wheel_expire(&wheel, 100 * TICK);
    cr_assert_null(wheel_take(&wheel));
    wheel_expire(&wheel, 101 * TICK);
    cr_assert_eq(wheel_take(&wheel), &node);
}

Test(wheel, counts_what_it_holds)
{
    struct wheel_node node[3] = { { .deadline = 0 } };

    wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++)
        wheel_start(&wheel, &node[i], (i + 1) * TICK);
    cr_assert_eq(wheel.count, 3);
    wheel_expire(&wheel, TICK);
    cr_assert_eq(wheel.count, 3);
    wheel_take(&wheel);
    cr_assert_eq(wheel.count, 2);
    wheel_stop(&wheel, &node[1]);
    cr_assert_eq(wheel.count, 1);
}

enum { MODEL_NODES = 64, MODEL_STEPS = 20000 };

struct model {
    struct wheel_node node[MODEL_NODES];
    int64_t tick[MODEL_NODES]; /* at which it is due; 0: not running */
    int64_t now;               /* ticks */
};

static void model_start_or_stop(struct model *model, size_t i, uint64_t *seed)
{
    int64_t ahead = (int64_t)(random_next(seed) >> (63 - random_next(seed) % 24));

    if (model->tick[i]) {
        wheel_stop(&wheel, &model->node[i]);
        model->tick[i] = 0;
        return;
    }
    model->tick[i] = model->now + ahead < model->now + 1 ? model->now + 1 : model->now + ahead;
    wheel_start(&wheel, &model->node[i], (model->now + ahead) * TICK - (ahead > 1 ? 1 : 0));
}

static int64_t model_next(const struct model *model)
{
    int64_t next = INT64_MAX / TICK;

    for (int i = 0; i < MODEL_NODES; i++) {
        if (model->tick[i] && model->tick[i] < next)
            next = model->tick[i];
    }
    return next;
}

static void model_move(struct model *model, uint64_t *seed)
{
    struct wheel_node *node;

    model->now += (int64_t)(random_next(seed) >> (63 - random_next(seed) % 20));
    wheel_expire(&wheel, model->now * TICK);
    while ((node = wheel_take(&wheel)) != NULL) {
        size_t i = (size_t)(node - model->node);

        cr_assert(model->tick[i] && model->tick[i] <= model->now, "one that was not due expired");
        model->tick[i] = 0;
    }
    cr_assert_gt(model_next(model), model->now, "one that was due did not expire");
}

Test(wheel, does_what_a_plain_list_would_do)
{
    static struct model model;
    uint64_t seed = 99;

    wheel_init(&wheel, 0);
    for (int step = 0; step < MODEL_STEPS; step++) {
        if (random_next(&seed) % 3)
            model_start_or_stop(&model, random_next(&seed) % MODEL_NODES, &seed);
        else
            model_move(&model, &seed);
        if (wheel.count > 0)
            cr_assert_leq(wheel_next(&wheel), model_next(&model) * TICK);
    }
}
