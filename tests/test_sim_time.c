/* test_sim_time.c: the clock of a simulation: when it stands still and when it
 * jumps; time-outs. */
#include "sim_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(sim_time, .timeout = 60);

static int64_t now(void)
{
    return confab_sim_now(simulated.sim);
}

static void count(confab_reactor *reactor, void *counted)
{
    (void)reactor;
    ++*(int *)counted;
}

/* -- Settle, deliver, advance ------------------------------------------------- */

Test(sim_time, settling_does_what_there_is_to_do_and_takes_no_time)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .again = 900, .interrupted = 900 };
    int posted = 0, later = 0;

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    cr_assert_neq(confab_call_later(simulated.reactor, 1, count, &later), 0);
    cr_assert_eq(confab_reactor_post(simulated.reactor, count, &posted), 0);
    far_say(end, "hello\n");
    cr_assert_eq(posted, 1);
    cr_assert_eq(later, 0);
    far_expect(end, "hello\n");
    cr_assert_eq(now(), 0);
    simulate_end();
}

Test(sim_time, settling_leaves_under_way_what_is_under_way)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    far_say(end, "hello\n");
    cr_assert_eq(simulated.lines, 0);
    cr_assert_eq(now(), 0);
    simulate_end();
}

Test(sim_time, delivering_takes_as_long_as_what_is_under_way)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND };
    int later = 0;

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    cr_assert_neq(confab_call_later(simulated.reactor, 3 * CONFAB_SECOND, count, &later), 0);
    far_send(end, "hello\n");
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(simulated.lines, 1);
    far_expect(end, "hello\n");
    cr_assert_gt(now(), 0);
    cr_assert_leq(now(), 2 * CONFAB_SECOND);
    cr_assert_eq(later, 0);
    int64_t before = now();
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(now(), before, "nothing was under way");
    simulate_end();
}

Test(sim_time, delivering_does_not_wait_for_a_connect_that_nobody_answers)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .unanswered = 900 };
    confab_sim_listener *listener;

    simulate(1, &faults, NULL);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &listener), 0);
    for (int i = 0; i < 20; i++)
        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL));
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(now(), 0);
    cr_assert_eq(simulated.closes, 0);
    simulate_end();
}

Test(sim_time, delivering_does_not_wait_for_an_answer_that_nobody_waits_for)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .unanswered = 900 };

    simulate(1, &faults, NULL);
    for (int i = 0; i < 20; i++)
        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL));
    advance(11 * CONFAB_SECOND); /* over the connect time-out */
    cr_assert_eq(simulated.closes, 20);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(now(), 11 * CONFAB_SECOND);
    simulate_end();
}

Test(sim_time, delivering_does_not_wait_for_what_goes_from_one_that_closed_to_another)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_MINUTE };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    far_send(end, "hello\n");
    confab_chat_abort(simulated.chat);
    confab_sim_close(end);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(now(), 0);
    simulate_end();
}

Test(sim_time, delivering_waits_for_what_one_that_closed_resets)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_MINUTE };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    far_send(end, "hello\n");
    confab_chat_close(simulated.chat);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_gt(now(), 0);
    far_expect_result(end, -ECONNRESET);
    simulate_end();
}

static struct {
    int64_t at[8];
    int n;
} fired;

static void note_time(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    fired.at[fired.n++] = confab_sim_now(simulated.sim);
}

Test(sim_time, advancing_has_each_thing_happen_at_its_time)
{
    memset(&fired, 0, sizeof fired);
    simulate(1, NULL, NULL);
    cr_assert_neq(confab_call_later(simulated.reactor, 2 * CONFAB_SECOND, note_time, NULL), 0);
    cr_assert_neq(confab_call_later(simulated.reactor, CONFAB_SECOND, note_time, NULL), 0);
    cr_assert_neq(confab_call_later(simulated.reactor, CONFAB_MINUTE, note_time, NULL), 0);
    advance(3 * CONFAB_SECOND);
    cr_assert_eq(now(), 3 * CONFAB_SECOND);
    cr_assert_eq(fired.n, 2);
    for (int i = 0; i < 2; i++) {
        int64_t late = fired.at[i] - (i + 1) * CONFAB_SECOND;
        cr_assert(late >= 0 && late < 2 * CONFAB_MILLISECOND, "%lld ns late", (long long)late);
    }
    advance(0);
    cr_assert_eq(now(), 3 * CONFAB_SECOND);
    advance(1);
    cr_assert_eq(now(), 3 * CONFAB_SECOND + 1);
    cr_assert_eq(confab_sim_advance(simulated.sim, -1), -EINVAL);
    cr_assert_eq(confab_sim_advance(simulated.sim, INT64_MAX), -EINVAL);
    cr_assert_eq(now(), 3 * CONFAB_SECOND + 1);
    simulate_end();
}

Test(sim_time, advancing_settles_first_and_last)
{
    int posted = 0;

    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    far_send(end, "hello\n");
    cr_assert_eq(confab_reactor_post(simulated.reactor, count, &posted), 0);
    advance(0);
    cr_assert_eq(posted, 1);
    far_expect(end, "hello\n");
    simulate_end();
}

static void post_one(confab_reactor *reactor, void *posted)
{
    confab_reactor_post(reactor, count, posted);
}

static void post_two(confab_reactor *reactor, void *posted)
{
    note_time(reactor, NULL);
    confab_reactor_post(reactor, post_one, posted);
}

/* What is posted then by what was posted needs one turn more. */
Test(sim_time, advancing_settles_what_comes_of_its_last_moment)
{
    int64_t when = CONFAB_MINUTE;
    int posted = 0;

    for (int i = 0; i < 2; i++) {
        memset(&fired, 0, sizeof fired);
        posted = 0;
        simulate_with(1, NULL);
        cr_assert_neq(confab_call_later(simulated.reactor, CONFAB_SECOND, post_two, &posted), 0);
        advance(when);
        cr_assert_eq(fired.n, 1);
        cr_assert_eq(posted, 1);
        when = fired.at[0]; /* its moment, to be the last one */
        simulate_end();
    }
}

static void post_again(confab_reactor *reactor, void *data)
{
    if (reactor)
        confab_reactor_post(reactor, post_again, data);
}

Test(sim_time, what_is_never_quiet_is_ELOOP)
{
    simulate(1, NULL, NULL);
    cr_assert_eq(confab_reactor_post(simulated.reactor, post_again, NULL), 0);
    cr_assert_eq(confab_sim_settle(simulated.sim), -ELOOP);
    cr_assert_eq(confab_sim_deliver(simulated.sim), -ELOOP);
    cr_assert_eq(confab_sim_advance(simulated.sim, 1), -ELOOP);
    simulate_end();
}

Test(sim_time, however_many_turns_a_long_time_takes_they_are_no_ELOOP)
{
    int ticks = 0;

    simulate_with(1, NULL);
    cr_assert_neq(confab_call_every(simulated.reactor, CONFAB_SECOND, count, &ticks), 0);
    cr_assert_gt(confab_sim_advance(simulated.sim, 2 * 24 * 60 * CONFAB_MINUTE + CONFAB_SECOND / 2), 100000);
    cr_assert_eq(ticks, 2 * 24 * 60 * 60);
    simulate_end();
}

/* What is added to the clock, and the wall clock, which is ahead of it, must not overflow. */
Test(sim_time, more_than_146_years_do_not_pass)
{
    const int64_t years = 146 * 365 * 24 * 60 * CONFAB_MINUTE;
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SIM_DELAY_MAX };
    struct confab_chat_options options = { .size = sizeof options,
                                           .timeout = { [CONFAB_TIMEOUT_IDLE] = CONFAB_OFF } };

    simulate(1, NULL, &options);
    int64_t wall = confab_reactor_wall_time(simulated.reactor);
    cr_assert_eq(confab_sim_advance(simulated.sim, INT64_MAX), -EINVAL);
    cr_assert_eq(confab_sim_advance(simulated.sim, years + years / 100), -EINVAL);
    cr_assert_eq(now(), 0);
    advance(years);
    cr_assert_eq(now(), years);
    cr_assert_eq(confab_sim_advance(simulated.sim, years / 100), -EINVAL);
    cr_assert_eq(now(), years);
    cr_assert_eq(confab_reactor_wall_time(simulated.reactor), wall + years);
    confab_sim_end *end = far_end();
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &faults), 0);
    far_say(end, "hello\n");
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(simulated.lines, 1);
    simulate_end();
}

Test(sim_time, a_run_of_the_reactor_takes_no_real_time)
{
    memset(&fired, 0, sizeof fired);
    simulate_with(1, NULL);
    cr_assert_neq(confab_call_later(simulated.reactor, 1000 * 60 * CONFAB_MINUTE, note_time, NULL), 0);
    cr_assert_eq(confab_reactor_run(simulated.reactor), 0);
    cr_assert_eq(fired.n, 1);
    cr_assert_geq(fired.at[0], 1000 * 60 * CONFAB_MINUTE);
    simulate_end();
}

/* -- Time-outs ------------------------------------------------------------------ */

enum { MANY = 1000, HANDFUL = 10 };

static void connect_many(void)
{
    confab_sim_end *end;

    for (int i = 0; i < MANY; i++)
        cr_assert_eq(confab_sim_connect(simulated.sim, simulated.address, NULL, &end), 0);
    settle();
    cr_assert_eq(simulated.connects, MANY);
}

Test(sim_time, an_hour_of_idle_time_outs_of_1000_connections_takes_a_handful_of_turns)
{
    struct confab_chat_options options = { .size = sizeof options };

    options.timeout[CONFAB_TIMEOUT_IDLE] = 60 * CONFAB_MINUTE;
    simulate(1, NULL, &options);
    connect_many();
    int turns = confab_sim_advance(simulated.sim, 60 * CONFAB_MINUTE - CONFAB_SECOND);
    cr_assert_eq(simulated.closes, 0);
    cr_assert(turns > 0 && turns <= HANDFUL, "%d turns", turns);
    turns = confab_sim_advance(simulated.sim, 2 * CONFAB_SECOND);
    cr_assert_eq(simulated.closes, MANY);
    cr_assert_eq(simulated.reason, CONFAB_REASON_TIMEOUT);
    cr_assert(turns > 0 && turns <= HANDFUL, "%d turns", turns);
    simulate_end();
}

static int kept;

static int keep(confab_chat *chat, enum confab_timeout which)
{
    (void)chat;
    kept += which == CONFAB_TIMEOUT_IDLE;
    return 0;
}

Test(sim_time, an_hour_of_idle_time_outs_that_are_waved_through_takes_a_handful_of_turns_each)
{
    struct confab_chat_options options = { .size = sizeof options };
    struct confab_chat_ops ops = simulated_ops;
    confab_listener *listener;

    options.timeout[CONFAB_TIMEOUT_IDLE] = 5 * CONFAB_MINUTE;
    ops.handle_timeout = keep;
    kept = 0;
    simulate_with(1, NULL);
    cr_assert_eq(confab_listen(&listener, simulated.reactor, "127.0.0.1:7", &ops, &options), 0);
    simulated.address = confab_listener_address(listener);
    connect_many();
    int turns = confab_sim_advance(simulated.sim, 60 * CONFAB_MINUTE + CONFAB_SECOND);
    cr_assert_eq(kept, 12 * MANY);
    cr_assert_eq(simulated.closes, 0);
    cr_assert(turns > 0 && turns <= 12 * HANDFUL, "%d turns", turns);
    simulate_end();
}

Test(sim_time, a_time_out_of_output_that_nobody_reads_comes_at_its_time)
{
    struct confab_chat_options options = { .size = sizeof options, .high = 1 << 20 };
    static char bytes[100000];

    simulate(1, NULL, &options);
    far_end();
    cr_assert_eq(confab_chat_push(simulated.chat, bytes, sizeof bytes), 0);
    advance(30 * CONFAB_SECOND - 10 * CONFAB_MILLISECOND);
    cr_assert_eq(simulated.closes, 0);
    advance(20 * CONFAB_MILLISECOND);
    cr_assert_eq(simulated.closes, 1);
    cr_assert_eq(simulated.reason, CONFAB_REASON_TIMEOUT);
    simulate_end();
}

static int calls;

static void count_call(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    calls++;
}

/* Advances by what confab_sim_next says until *flag is not 0; a wheel may tell of a timer a few times. */
static void step_until(const int *flag)
{
    for (int steps = 0; !*flag; steps++) {
        int64_t next = confab_sim_next(simulated.sim);

        cr_assert(next > 0 && steps < 10, "%lld in step %d", (long long)next, steps);
        advance(next);
    }
}

Test(sim_time, next_tells_when_something_falls_due_and_that_nothing_will)
{
    const struct confab_sim_faults slow = { .size = sizeof slow, .delay = CONFAB_SECOND };
    struct confab_chat_options options = { .size = sizeof options };

    options.timeout[CONFAB_TIMEOUT_IDLE] = 5 * CONFAB_MINUTE;
    simulate(1, NULL, &options);
    cr_assert_eq(confab_sim_next(simulated.sim), -1);
    confab_sim_end *far = far_end();
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &slow), 0);
    far_send(far, "hello\n");
    step_until(&simulated.lines);
    cr_assert_leq(confab_sim_now(simulated.sim), CONFAB_SECOND);
    confab_call_later(simulated.reactor, CONFAB_MINUTE, count_call, NULL);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    step_until(&calls);
    cr_assert_lt(confab_sim_now(simulated.sim), CONFAB_MINUTE + 3 * CONFAB_SECOND);
    step_until(&simulated.closes);
    cr_assert_eq(simulated.reason, CONFAB_REASON_TIMEOUT);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(confab_sim_next(simulated.sim), -1);
    confab_chat *chat = confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL);
    cr_assert_not_null(chat);
    cr_assert_eq(confab_sim_next(simulated.sim), 0);
    simulate_end();
}
