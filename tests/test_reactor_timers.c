/* test_reactor_timers.c: timers: never early, never in the turn that started
 * them, gone when cancelled or when their chat is. */
#include "core/reactor.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHORT (20 * CONFAB_MILLISECOND)

static int64_t wall(confab_reactor *reactor)
{
    struct timespec ts;

    if (test_simulated())
        return confab_reactor_wall_time(reactor);

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * CONFAB_SECOND + ts.tv_nsec;
}

/* What one timer did. */
struct tick {
    int fired;
    int64_t last; /* when, on the real clock */
    confab_id id;
};

static void fire(confab_reactor *reactor, void *data)
{
    struct tick *tick = data;

    cr_assert_not_null(reactor);
    tick->fired++;
    tick->last = test_clock();
}

Test(timers, later_fires_once_and_not_early)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };
    int64_t start = test_clock();

    cr_assert_neq(confab_call_later(reactor, SHORT, fire, &tick), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0, "run ends with the last timer");
    cr_assert_eq(tick.fired, 1);
    cr_assert_geq(tick.last - start, SHORT);
    test_reactor_free(reactor);
}

Test(timers, of_any_length_are_not_early)
{
    enum { TIMERS = 60 };
    confab_reactor *reactor = test_reactor();
    struct tick tick[TIMERS] = { 0 };
    int64_t start[TIMERS];

    for (int i = 0; i < TIMERS; i++) {
        start[i] = test_clock();
        confab_call_later(reactor, i * (CONFAB_MILLISECOND + 77777), fire, &tick[i]);
    }
    cr_assert_eq(confab_reactor_run(reactor), 0);
    for (int i = 0; i < TIMERS; i++) {
        cr_assert_eq(tick[i].fired, 1);
        cr_assert_geq(tick[i].last - start[i], i * (CONFAB_MILLISECOND + 77777), "timer %d is early", i);
    }
    test_reactor_free(reactor);
}

Test(timers, a_hook_that_took_long_does_not_make_the_next_one_early)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };
    int64_t start;

    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0);
    usleep(30000);
    start = test_clock();
    confab_call_later(reactor, SHORT, fire, &tick);
    run_until_set(reactor, &tick.fired);
    cr_assert_geq(tick.last - start, SHORT);
    test_reactor_free(reactor);
}

static char order[16];

static void note(confab_reactor *reactor, void *data)
{
    (void)reactor;
    strncat(order, data, 1);
}

Test(timers, fire_in_the_order_of_their_deadlines)
{
    static char name[] = "abcd";
    confab_reactor *reactor = test_reactor();

    stub_io(reactor); /* so that no time passes between their starts */
    confab_call_later(reactor, 4 * SHORT, note, &name[3]);
    confab_call_later(reactor, 1 * SHORT, note, &name[0]);
    confab_call_later(reactor, 3 * SHORT, note, &name[2]);
    confab_call_later(reactor, 2 * SHORT, note, &name[1]);
    stub_pass(4 * SHORT);
    cr_assert_str_eq(order, "abcd");
    test_reactor_free(reactor);
}

static void fire_and_chain(confab_reactor *reactor, void *data)
{
    fire(reactor, data);
    confab_call_later(reactor, 0, fire_and_chain, data);
}

Test(timers, one_that_a_timer_starts_does_not_fire_in_that_turn)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };
    int seen = 0;

    confab_call_later(reactor, 0, fire_and_chain, &tick);
    while (seen < 5) {
        cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
        cr_assert_leq(tick.fired - seen, 1);
        seen = tick.fired;
    }
    test_reactor_free(reactor);
}

struct beat {
    int fired;
    int64_t start, period;
};

static void beat(confab_reactor *reactor, void *data)
{
    struct beat *beat = data;

    (void)reactor;
    beat->fired++;
    cr_assert_geq(test_clock() - beat->start, beat->fired * beat->period, "beat %d is early", beat->fired);
}

static bool has_beaten(void *data)
{
    return ((struct beat *)data)->fired >= 8;
}

Test(timers, every_is_never_early)
{
    confab_reactor *reactor = test_reactor();
    struct beat slow = { .period = 10 * CONFAB_MILLISECOND + 600000 };
    confab_id id;

    slow.start = test_clock();
    id = confab_call_every(reactor, slow.period, beat, &slow);
    run_until(reactor, has_beaten, &slow);
    cr_assert_eq(confab_call_cancel(reactor, id), 0);
    test_reactor_free(reactor);
}

Test(timers, every_drops_what_was_missed)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };

    confab_call_every(reactor, 2 * CONFAB_MILLISECOND, fire, &tick);
    test_let_pass(50 * CONFAB_MILLISECOND);
    cr_assert_eq(confab_reactor_run_once(reactor, 0), 1);
    cr_assert_eq(tick.fired, 1, "it catches up");
    cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    cr_assert_leq(tick.fired, 2);
    test_reactor_free(reactor);
}

Test(timers, every_is_no_more_often_than_each_millisecond)
{
    confab_reactor *reactor = test_reactor();
    struct beat fast = { .period = CONFAB_MILLISECOND };

    fast.start = test_clock();
    cr_assert_neq(confab_call_every(reactor, 1, beat, &fast), 0);
    run_until(reactor, has_beaten, &fast);
    test_reactor_free(reactor);
}

Test(timers, at_fires_at_a_wall_time)
{
    confab_reactor *reactor = test_reactor();
    struct tick soon = { 0 }, past = { 0 };
    int64_t start = test_clock();

    confab_call_at(reactor, wall(reactor) + SHORT, fire, &soon);
    confab_call_at(reactor, 0, fire, &past);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(past.fired, 1);
    cr_assert_eq(soon.fired, 1);
    cr_assert_geq(soon.last - start, SHORT - 5 * CONFAB_MILLISECOND);
    test_reactor_free(reactor);
}

Test(timers, reset_puts_one_off)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };
    int64_t reset;
    confab_id id = confab_call_later(reactor, CONFAB_MILLISECOND, fire, &tick);

    reset = test_clock();
    cr_assert_eq(confab_call_reset(reactor, id, 2 * SHORT), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(tick.fired, 1);
    cr_assert_geq(tick.last - reset, 2 * SHORT);
    test_reactor_free(reactor);
}

Test(timers, reset_can_bring_one_forward)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };
    confab_id id = confab_call_later(reactor, 3600 * CONFAB_SECOND, fire, &tick);

    cr_assert_eq(confab_call_reset(reactor, id, CONFAB_MILLISECOND), 0);
    run_until_set(reactor, &tick.fired);
    test_reactor_free(reactor);
}

Test(timers, reset_gives_a_repeating_one_a_new_period)
{
    confab_reactor *reactor = test_reactor();
    struct beat slow = { .period = SHORT / 2 };
    confab_id id = confab_call_every(reactor, 3600 * CONFAB_SECOND, beat, &slow);

    slow.start = test_clock();
    cr_assert_eq(confab_call_reset(reactor, id, SHORT / 2), 0);
    run_until(reactor, has_beaten, &slow);
    test_reactor_free(reactor);
}

Test(timers, one_that_fired_or_was_cancelled_is_ENOENT)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 }, other = { 0 };
    confab_id fired = confab_call_later(reactor, 0, fire, &tick), cancelled, next;

    run_until_set(reactor, &tick.fired);
    cr_assert_eq(confab_call_cancel(reactor, fired), -ENOENT);
    cancelled = confab_call_later(reactor, 0, fire, &tick);
    cr_assert_eq(confab_call_cancel(reactor, cancelled), 0);
    cr_assert_eq(confab_call_cancel(reactor, cancelled), -ENOENT);
    next = confab_call_later(reactor, 0, fire, &other);
    cr_assert_eq(confab_call_reset(reactor, cancelled, 0), -ENOENT, "an old id means a new timer");
    cr_assert_eq(confab_call_reset(reactor, fired, 0), -ENOENT);
    cr_assert_neq(next, cancelled);
    cr_assert_eq(confab_call_cancel(reactor, 0), -ENOENT);
    cr_assert_eq(confab_call_cancel(reactor, UINT64_MAX), -ENOENT);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(tick.fired, 1);
    cr_assert_eq(other.fired, 1);
    test_reactor_free(reactor);
}

static void cancel_itself(confab_reactor *reactor, void *data)
{
    struct tick *tick = data;

    if (++tick->fired == 3)
        cr_assert_eq(confab_call_cancel(reactor, tick->id), 0);
}

Test(timers, a_repeating_one_may_cancel_itself)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };

    tick.id = confab_call_every(reactor, CONFAB_MILLISECOND, cancel_itself, &tick);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(tick.fired, 3);
    test_reactor_free(reactor);
}

static void cancel_another(confab_reactor *reactor, void *data)
{
    struct tick *tick = data;

    tick->fired++;
    confab_call_cancel(reactor, tick->id);
}

Test(timers, one_may_cancel_another_that_is_due_in_the_same_turn)
{
    confab_reactor *reactor = test_reactor();
    struct tick first = { 0 }, second = { 0 };

    confab_call_later(reactor, 0, cancel_another, &first);
    first.id = confab_call_later(reactor, 0, cancel_another, &second);
    second.id = 0;
    usleep(5000);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(first.fired, 1);
    cr_assert_eq(second.fired, 0);
    test_reactor_free(reactor);
}

static void reset_another(confab_reactor *reactor, void *data)
{
    struct tick *tick = data;

    tick->fired++;
    cr_assert_eq(confab_call_reset(reactor, tick->id, SHORT), 0);
}

Test(timers, one_may_reset_another_that_is_due_in_the_same_turn)
{
    confab_reactor *reactor = test_reactor();
    struct tick first = { 0 }, second = { 0 };
    int64_t reset;

    confab_call_later(reactor, 0, reset_another, &first);
    first.id = confab_call_later(reactor, 0, fire, &second);
    usleep(5000);
    reset = test_clock();
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(first.fired, 1);
    cr_assert_eq(second.fired, 1);
    cr_assert_geq(second.last - reset, SHORT);
    test_reactor_free(reactor);
}

enum { MANY = 1000 };
static struct tick many[MANY];

/* Of those that it starts, the odd ones are cancelled, and each third is reset. */
static void start_many(confab_reactor *reactor, void *data)
{
    (void)data;
    for (int i = 0; i < MANY; i++) {
        many[i].id = confab_call_later(reactor, i % 3 ? SHORT : 3600 * CONFAB_SECOND, fire, &many[i]);
        cr_assert_neq(many[i].id, 0);
    }
    for (int i = 0; i < MANY; i += 3)
        cr_assert_eq(confab_call_reset(reactor, many[i].id, SHORT), 0);
    for (int i = MANY - 1; i > 0; i -= 2)
        cr_assert_eq(confab_call_cancel(reactor, many[i].id), 0);
    for (int i = MANY - 1; i > 0; i -= 2)
        cr_assert_eq(confab_call_cancel(reactor, many[i].id), -ENOENT);
}

Test(timers, any_number_may_be_started_reset_and_cancelled_in_one_turn)
{
    confab_reactor *reactor = test_reactor();
    int64_t began = test_clock();

    cr_assert_eq(confab_reactor_post(reactor, start_many, NULL), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(many[i].fired, 1 - i % 2, "timer %d fired %d times", i, many[i].fired);
        if (many[i].fired)
            cr_assert_geq(many[i].last - began, SHORT);
    }
    test_reactor_free(reactor);
}

Test(timers, that_are_left_are_gone_with_the_reactor)
{
    confab_reactor *reactor = test_reactor();
    struct tick tick = { 0 };

    confab_call_later(reactor, 0, fire, &tick);
    confab_call_every(reactor, 0, fire, &tick);
    usleep(5000);
    test_reactor_free(reactor);
    cr_assert_eq(tick.fired, 0);
}

static int ignore(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static const struct confab_chat_ops silent = { .size = sizeof silent, .collect_incoming_data = ignore };

static confab_chat *silent_chat(confab_reactor *reactor)
{
    confab_chat *chat;
    int pair[2];

    test_pair(pair);
    chat = confab_chat_new(reactor, pair[0], &silent, NULL);
    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

static void chat_fire(confab_chat *chat, void *data)
{
    struct tick *tick = data;

    cr_assert_not_null(chat);
    tick->fired++;
    tick->last = test_clock();
}

Test(timers, of_a_chat_fire_with_it)
{
    confab_reactor *reactor = test_reactor();
    confab_chat *chat = silent_chat(reactor);
    struct tick once = { 0 }, often = { 0 };
    int64_t start = test_clock();

    cr_assert_neq(confab_chat_call_later(chat, SHORT, chat_fire, &once), 0);
    cr_assert_neq(confab_chat_call_every(chat, SHORT / 4, chat_fire, &often), 0);
    run_until_set(reactor, &once.fired);
    cr_assert_geq(once.last - start, SHORT);
    cr_assert_geq(often.fired, 1);
    test_reactor_free(reactor);
}

Test(timers, of_a_chat_are_gone_with_it)
{
    confab_reactor *reactor = test_reactor();
    confab_chat *chat = silent_chat(reactor);
    struct tick tick = { 0 };
    confab_id id = confab_chat_call_later(chat, 0, chat_fire, &tick);

    confab_chat_call_every(chat, 0, chat_fire, &tick);
    usleep(5000);
    confab_chat_close(chat);
    cr_assert_eq(confab_reactor_run(reactor), 0, "its timers keep run going");
    cr_assert_eq(tick.fired, 0);
    cr_assert_eq(confab_call_cancel(reactor, id), -ENOENT);
    test_reactor_free(reactor);
}

static void close_it(confab_chat *chat, void *data)
{
    chat_fire(chat, data);
    confab_chat_close(chat);
}

Test(timers, of_a_chat_may_close_it)
{
    confab_reactor *reactor = test_reactor();
    confab_chat *chat = silent_chat(reactor);
    struct tick tick = { 0 };

    confab_chat_call_every(chat, 0, close_it, &tick);
    confab_chat_call_every(chat, 0, close_it, &tick);
    usleep(5000);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(tick.fired, 1);
    test_reactor_free(reactor);
}

Test(timers, of_a_closed_chat_cannot_be_started)
{
    confab_reactor *reactor = test_reactor();
    confab_chat *chat = silent_chat(reactor);
    struct tick tick = { 0 };

    confab_chat_close(chat);
    cr_assert_eq(confab_chat_call_later(chat, 0, chat_fire, &tick), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(tick.fired, 0);
    test_reactor_free(reactor);
}

Test(timers, now_and_wall_time_are_the_clocks)
{
    confab_reactor *reactor = test_reactor();
    int64_t before = test_clock(), wall_before = wall(reactor);

    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_geq(confab_reactor_now(reactor), before);
    cr_assert_leq(confab_reactor_now(reactor), test_clock());
    cr_assert_geq(confab_reactor_wall_time(reactor), wall_before - CONFAB_SECOND);
    cr_assert_leq(confab_reactor_wall_time(reactor), wall(reactor) + CONFAB_SECOND);
    cr_assert_neq(confab_reactor_random(reactor), confab_reactor_random(reactor));
    test_reactor_free(reactor);
}
