/* test_reactor_clocks.c: timers and time-outs when clocks do what they do on real
 * machines: the wall clock is set, the machine sleeps, hours pass at once.  On clocks
 * of our own, so that each of it is exact. */
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>

#include "stub_io.h"

#define HOUR (60 * CONFAB_MINUTE)

static confab_reactor *reactor;

/* What one timer did. */
struct tick {
    int fired;
    int64_t last; /* when, on our clock */
    int64_t wall;
    confab_id id;
};

static void fire(confab_reactor *of, void *data)
{
    struct tick *tick = data;

    cr_assert_eq(of, reactor);
    tick->fired++;
    tick->last = stub_now;
    tick->wall = stub_wall;
}

static void setup(void)
{
    reactor = test_reactor();
    stub_io(reactor);
}

static void teardown(void)
{
    test_reactor_free(reactor);
}

/* The wall clock is set, by somebody or by a daemon. */
static void set_wall(int64_t by)
{
    stub_wall += by;
    run_quiet(reactor);
}

/* Time passes in steps, as it does for a loop that has other things to do. */
static void pass_in_steps(int64_t ns, int64_t step)
{
    for (int64_t gone = 0; gone < ns; gone += step)
        stub_pass(step);
}

TestSuite(reactor_clocks, .init = setup, .fini = teardown);

/* -- The wall clock is set ------------------------------------------------ */

Test(reactor_clocks, at_fires_when_the_wall_clock_shows_it_and_once)
{
    struct tick tick = { 0 };
    int64_t at = stub_wall + 3 * HOUR;

    cr_assert_neq(confab_call_at(reactor, at, fire, &tick), 0);
    pass_in_steps(3 * HOUR - CONFAB_MINUTE, 10 * CONFAB_SECOND);
    while (stub_wall + 4 * CONFAB_MILLISECOND < at)
        stub_pass(CONFAB_MILLISECOND);
    cr_assert_eq(tick.fired, 0);
    stub_pass(4 * CONFAB_MILLISECOND);
    cr_assert_eq(tick.fired, 1);
    cr_assert_geq(tick.wall, at);
    pass_in_steps(3 * HOUR, CONFAB_MINUTE);
    cr_assert_eq(tick.fired, 1);
}

Test(reactor_clocks, at_waits_on_where_the_wall_clock_was_set_back)
{
    struct tick tick = { 0 };
    int64_t at = stub_wall + 10 * CONFAB_SECOND;

    tick.id = confab_call_at(reactor, at, fire, &tick);
    set_wall(-HOUR);
    stub_pass(10 * CONFAB_SECOND);
    cr_assert_eq(tick.fired, 0, "it fires before the wall clock shows it");
    pass_in_steps(HOUR - CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 0);
    pass_in_steps(CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 1);
    cr_assert_geq(tick.wall, at);
    cr_assert_leq(tick.wall, at + 2 * CONFAB_SECOND, "it is not on time where nothing was set forward");
}

Test(reactor_clocks, at_fires_within_a_minute_where_the_wall_clock_was_set_forward)
{
    struct tick tick = { 0 };

    confab_call_at(reactor, stub_wall + 5 * HOUR, fire, &tick);
    stub_pass(90 * CONFAB_SECOND);
    set_wall(6 * HOUR);
    pass_in_steps(CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 1);
    pass_in_steps(6 * HOUR, CONFAB_MINUTE);
    cr_assert_eq(tick.fired, 1, "it fires again");
}

Test(reactor_clocks, at_is_not_shaken_by_a_clock_that_is_set_to_and_fro)
{
    struct tick tick = { 0 };
    int64_t at = stub_wall + HOUR;

    confab_call_at(reactor, at, fire, &tick);
    for (int i = 0; i < 100; i++) {
        set_wall(i % 2 ? 20 * CONFAB_MINUTE : -20 * CONFAB_MINUTE);
        stub_pass(10 * CONFAB_SECOND);
    }
    cr_assert_eq(tick.fired, 0);
    pass_in_steps(at - stub_wall, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 1);
}

Test(reactor_clocks, at_keeps_its_id_while_it_looks_at_the_wall_clock)
{
    struct tick tick = { 0 };
    confab_id id = confab_call_at(reactor, stub_wall + HOUR, fire, &tick);

    pass_in_steps(10 * CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(confab_call_cancel(reactor, id), 0);
    pass_in_steps(HOUR, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 0);
    cr_assert_eq(confab_call_cancel(reactor, id), -ENOENT);
}

Test(reactor_clocks, reset_makes_a_plain_timer_of_an_at)
{
    struct tick tick = { 0 };
    confab_id id = confab_call_at(reactor, stub_wall + 5 * HOUR, fire, &tick);

    pass_in_steps(2 * CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(confab_call_reset(reactor, id, CONFAB_SECOND), 0);
    set_wall(-HOUR);
    stub_pass(CONFAB_SECOND);
    cr_assert_eq(tick.fired, 1, "it still looks at the wall clock");
    cr_assert_eq(confab_call_reset(reactor, id, CONFAB_SECOND), -ENOENT);
}

Test(reactor_clocks, at_of_any_time_is_taken)
{
    struct tick past = { 0 }, ever = { 0 };
    confab_id id = confab_call_at(reactor, INT64_MAX, fire, &ever);

    confab_call_at(reactor, INT64_MIN, fire, &past);
    stub_pass(0);
    cr_assert_eq(past.fired, 1);
    stub_wall = -HOUR; /* INT64_MAX from now is beyond what can be counted */
    pass_in_steps(3 * CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(ever.fired, 0);
    cr_assert_eq(confab_call_cancel(reactor, id), 0);
}

Test(reactor_clocks, timers_that_are_not_of_the_wall_clock_do_not_care_how_it_is_set)
{
    struct tick later = { 0 }, often = { 0 };

    confab_call_later(reactor, 10 * CONFAB_SECOND, fire, &later);
    often.id = confab_call_every(reactor, CONFAB_SECOND, fire, &often);
    set_wall(3 * HOUR);
    set_wall(-9 * HOUR);
    cr_assert_eq(later.fired + often.fired, 0);
    pass_in_steps(5 * CONFAB_SECOND, CONFAB_SECOND);
    cr_assert_eq(often.fired, 5);
    set_wall(9 * HOUR);
    pass_in_steps(5 * CONFAB_SECOND, CONFAB_SECOND);
    cr_assert_eq(often.fired, 10);
    cr_assert_eq(later.fired, 1);
}

/* -- The machine sleeps: a monotonic clock that stands --------------------- */

Test(reactor_clocks, at_fires_within_a_minute_after_a_machine_that_slept_and_once)
{
    struct tick tick = { 0 };

    confab_call_at(reactor, stub_wall + HOUR, fire, &tick);
    stub_pass(10 * CONFAB_SECOND);
    set_wall(2 * HOUR);
    pass_in_steps(CONFAB_MINUTE, CONFAB_SECOND);
    cr_assert_eq(tick.fired, 1);
    pass_in_steps(2 * HOUR, CONFAB_MINUTE);
    cr_assert_eq(tick.fired, 1);
}

Test(reactor_clocks, other_timers_go_on_after_a_sleep_as_if_there_had_been_none)
{
    struct tick later = { 0 }, often = { 0 };
    int64_t began = stub_now;

    confab_call_later(reactor, HOUR, fire, &later);
    often.id = confab_call_every(reactor, 20 * CONFAB_MINUTE, fire, &often);
    pass_in_steps(30 * CONFAB_MINUTE, CONFAB_SECOND);
    set_wall(8 * HOUR);
    cr_assert_eq(often.fired, 1);
    pass_in_steps(began + HOUR - stub_now, CONFAB_SECOND);
    stub_pass(0);
    cr_assert_eq(later.fired, 1);
    cr_assert_eq(often.fired, 3);
}

/* -- Hours pass at once: a monotonic clock that counts sleep --------------- */

Test(reactor_clocks, later_fires_once_after_a_jump)
{
    struct tick tick = { 0 };

    confab_call_later(reactor, CONFAB_MINUTE, fire, &tick);
    stub_pass(7 * HOUR);
    cr_assert_eq(tick.fired, 1);
    stub_pass(7 * HOUR);
    cr_assert_eq(tick.fired, 1);
}

Test(reactor_clocks, at_fires_once_after_a_jump)
{
    struct tick tick = { 0 };

    confab_call_at(reactor, stub_wall + 2 * HOUR, fire, &tick);
    stub_pass(7 * HOUR);
    cr_assert_eq(tick.fired, 1);
    stub_pass(7 * HOUR);
    cr_assert_eq(tick.fired, 1);
}

Test(reactor_clocks, every_fires_once_after_a_jump_and_keeps_its_phase)
{
    const int64_t every = 10 * CONFAB_MINUTE;
    struct tick tick = { 0 };
    int64_t began = stub_now, next;

    confab_call_every(reactor, every, fire, &tick);
    stub_pass(every);
    cr_assert_eq(tick.fired, 1);
    stub_pass(7 * HOUR + every / 3);
    cr_assert_eq(tick.fired, 2, "it makes up for those that were missed");

    /* The next is a whole number of periods after the start. */
    next = began + ((stub_now - began) / every + 1) * every;
    while (stub_now + 2 * CONFAB_SECOND < next)
        stub_pass(CONFAB_SECOND);
    cr_assert_eq(tick.fired, 2);
    while (tick.fired == 2)
        stub_pass(CONFAB_MILLISECOND);
    cr_assert_geq(tick.last, next);
    cr_assert_leq(tick.last, next + 10 * CONFAB_MILLISECOND);
}

Test(reactor_clocks, every_does_not_drift_however_late_it_fires)
{
    const int64_t every = 10 * CONFAB_MILLISECOND, late = 7 * CONFAB_MILLISECOND;
    struct tick tick = { 0 };
    int64_t began = stub_now;

    confab_call_every(reactor, every, fire, &tick);
    for (int k = 1; k <= 1000; k++) {
        stub_now = began + k * every + late;
        run_quiet(reactor);
        cr_assert_eq(tick.fired, k, "beat %d", k);
        stub_now = began + (k + 1) * every - 1;
        run_quiet(reactor);
        cr_assert_eq(tick.fired, k, "beat %d is early", k + 1);
    }
}

/* -- Time-outs of a chat --------------------------------------------------- */

/* The chat of a test, which is closed with the reactor where it lives so long. */
static struct end {
    int timeouts, closed;
    enum confab_reason reason;
} end;

static int ignore(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static int keep(confab_chat *chat, enum confab_timeout which)
{
    cr_assert_eq(confab_chat_data(chat), &end);
    cr_assert_eq(which, CONFAB_TIMEOUT_IDLE);
    end.timeouts++;
    return 0;
}

static void closed(confab_chat *chat, enum confab_reason reason)
{
    cr_assert_eq(confab_chat_data(chat), &end);
    end.closed++;
    end.reason = reason;
}

static const struct confab_chat_ops closing = { .size = sizeof closing,
                                                .collect_incoming_data = ignore,
                                                .handle_close = closed };
static const struct confab_chat_ops keeping = {
    .size = sizeof keeping, .collect_incoming_data = ignore, .handle_timeout = keep, .handle_close = closed
};

static confab_chat *idle_chat(const struct confab_chat_ops *ops)
{
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    confab_chat *chat;
    int pair[2];

    options.timeout[CONFAB_TIMEOUT_IDLE] = 5 * CONFAB_MINUTE;
    test_pair(pair);
    chat = confab_chat_new(reactor, pair[0], ops, &options);
    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

Test(reactor_clocks, a_time_out_comes_once_after_a_jump_and_counts_anew)
{
    idle_chat(&keeping);
    stub_pass(7 * HOUR);
    cr_assert_eq(end.timeouts, 1, "it comes for each time that was missed");
    stub_pass(4 * CONFAB_MINUTE);
    cr_assert_eq(end.timeouts, 1);
    stub_pass(CONFAB_MINUTE);
    cr_assert_eq(end.timeouts, 2);
    cr_assert_eq(end.closed, 0);
}

Test(reactor_clocks, a_time_out_closes_once_after_a_jump)
{
    idle_chat(&closing);
    stub_pass(7 * HOUR);
    cr_assert_eq(end.closed, 1);
    cr_assert_eq(end.reason, CONFAB_REASON_TIMEOUT);
}

Test(reactor_clocks, a_time_out_does_not_care_how_the_wall_clock_is_set)
{
    idle_chat(&closing);
    set_wall(7 * HOUR);
    set_wall(-20 * HOUR);
    stub_pass(4 * CONFAB_MINUTE);
    cr_assert_eq(end.closed, 0);
    stub_pass(CONFAB_MINUTE);
    cr_assert_eq(end.closed, 1);
}

static void chat_fire(confab_chat *chat, void *data)
{
    (void)chat;
    ((struct tick *)data)->fired++;
}

Test(reactor_clocks, a_chats_timers_fire_once_after_a_jump_and_are_gone_with_it)
{
    struct tick later = { 0 }, often = { 0 };
    confab_chat *chat = idle_chat(&keeping);

    confab_chat_call_later(chat, CONFAB_MINUTE, chat_fire, &later);
    confab_chat_call_every(chat, CONFAB_MINUTE, chat_fire, &often);
    stub_pass(7 * HOUR);
    cr_assert_eq(later.fired, 1);
    cr_assert_eq(often.fired, 1);
    confab_chat_close(chat);
    stub_pass(7 * HOUR);
    cr_assert_eq(end.closed, 1);
    cr_assert_eq(often.fired, 1);
}

/* -- What hooks start ------------------------------------------------------ */

static struct tick started[200];

/* Starts timers, takes half a second, and starts no more. */
static void start_and_take_long(confab_reactor *of, void *data)
{
    int *count = data;

    for (int i = 0; i < *count; i++) {
        started[i].id = confab_call_later(of, CONFAB_SECOND, fire, &started[i]);
        stub_now += CONFAB_SECOND / 2 / *count;
    }
}

Test(reactor_clocks, what_a_slow_hook_starts_is_not_early)
{
    enum { COUNT = 200 };
    int count = COUNT;
    int64_t began = stub_now;

    cr_assert_eq(confab_reactor_post(reactor, start_and_take_long, &count), 0);
    for (int i = 0; i < 2000 && !started[COUNT - 1].fired; i++)
        stub_pass(0);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(started[i].fired, 1);
        cr_assert_geq(started[i].last - began, CONFAB_SECOND + i * (CONFAB_SECOND / 2 / COUNT));
        cr_assert_leq(started[i].last - began, CONFAB_SECOND + CONFAB_SECOND / 2 + 10 * CONFAB_MILLISECOND);
    }
}

static void start_one(confab_reactor *of, void *data)
{
    confab_call_later(of, CONFAB_SECOND, fire, data);
}

Test(reactor_clocks, a_loop_that_never_sleeps_fires_what_its_hooks_start)
{
    struct tick tick = { 0 };
    int64_t began = stub_now;

    cr_assert_eq(confab_reactor_post(reactor, start_one, &tick), 0);
    for (int i = 0; i < 2000 && !tick.fired; i++) {
        cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
        stub_now += CONFAB_MILLISECOND;
    }
    cr_assert_eq(tick.fired, 1);
    cr_assert_geq(tick.last - began, CONFAB_SECOND);
    cr_assert_leq(tick.last - began, CONFAB_SECOND + 10 * CONFAB_MILLISECOND);
}

/* Who turns the loop himself may come back whenever he likes. */
Test(reactor_clocks, what_a_hook_starts_counts_from_the_end_of_its_turn_not_from_the_next)
{
    struct tick tick = { 0 };

    cr_assert_eq(confab_reactor_post(reactor, start_one, &tick), 0);
    cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    stub_now += CONFAB_SECOND + 2 * CONFAB_MILLISECOND;
    cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_eq(tick.fired, 1);
}

static void start_one_and_stop(confab_reactor *of, void *data)
{
    start_one(of, data);
    confab_reactor_stop(of);
}

Test(reactor_clocks, what_a_hook_starts_counts_from_the_end_of_the_run_that_it_stops)
{
    struct tick tick = { 0 };

    cr_assert_eq(confab_reactor_post(reactor, start_one_and_stop, &tick), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    stub_now += CONFAB_SECOND + 2 * CONFAB_MILLISECOND;
    cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_eq(tick.fired, 1);
}
