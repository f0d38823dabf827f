/* test_producers_throttled.c: so many bytes a second and no more, by a clock that
 * the test moves: how many leave after how long is exact. */
#include "producer_support.h"
#include "script.h"
#include "slow_io.h"
#include "stub_io.h"

enum { RATE = 1000, BURST = RATE / 4, USEFUL = RATE / 16, LEN = 1 << 20 };

/* A talk under the stub clock, and what has arrived of a throttled producer's bytes. */
struct flow {
    struct talk talk;
    char *bytes;
    size_t got;
    int released;
};

static void flow_open(struct flow *flow)
{
    *flow = (struct flow){ .talk.reactor = test_reactor(), .bytes = test_pattern(LEN) };
    stub_io(flow->talk.reactor);
    talk_open(&flow->talk);
    run_quiet(flow->talk.reactor);
}

static void flow_push(struct flow *flow, size_t cut, uint64_t rate)
{
    void *inner = in_pieces(flow->bytes, LEN, cut, &flow->released);

    talk_push(&flow->talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&confab_simple_producer_ops, inner, rate));
}

static void flow_end(struct flow *flow)
{
    talk_end(&flow->talk);
    cr_assert_eq(flow->talk.reactor->timers.count, 0);
    test_reactor_free(flow->talk.reactor);
    free(flow->bytes);
}

/* Lets time pass; returns how many bytes have come by then. */
static size_t after(struct flow *flow, int64_t ns)
{
    static char more[LEN];
    size_t got = 0;

    stub_now += ns;
    for (ssize_t n; run_quiet(flow->talk.reactor), (n = test_recv(flow->talk.peer, more, LEN)) > 0;) {
        cr_assert_arr_eq(more, flow->bytes + flow->got, (size_t)n);
        flow->got += (size_t)n;
        got += (size_t)n;
    }
    return got;
}

Test(producers_throttled, sends_a_quarter_of_a_seconds_worth_at_first_however_it_is_cut)
{
    static const size_t cuts[] = { 1, 7, 100, BURST, BURST + 1, LEN };

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct flow flow;
        flow_open(&flow);
        flow_push(&flow, cuts[i], RATE);
        cr_assert_eq(after(&flow, 0), BURST);
        cr_assert_eq(after(&flow, 0), 0);
        flow_end(&flow);
    }
}

Test(producers_throttled, then_sends_what_the_time_that_has_passed_is_worth)
{
    static const int64_t passing[] = { 100, 64, 200, 249, 65, 250, 100 };
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, 5000, RATE);
    after(&flow, 0);
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        cr_assert_eq(after(&flow, passing[i] * CONFAB_MILLISECOND), (size_t)passing[i]);
    /* No more than a burst is saved. */
    cr_assert_eq(after(&flow, 10 * CONFAB_SECOND), BURST);
    flow_end(&flow);
}

Test(producers_throttled, waits_until_a_useful_amount_is_there)
{
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, 10, RATE);
    after(&flow, 0);
    for (int i = 0; i < USEFUL - 1; i++)
        cr_assert_eq(after(&flow, CONFAB_MILLISECOND), 0);
    size_t late = 0, n;
    while ((n = after(&flow, CONFAB_MILLISECOND)) == 0)
        late++;
    cr_assert_leq(late, 2);
    cr_assert_eq(n, USEFUL + late);
    flow_end(&flow);
}

Test(producers_throttled, does_not_wait_for_more_than_the_rest_of_a_large_piece)
{
    struct flow flow;

    flow_open(&flow);
    void *inner = in_pieces(flow.bytes, BURST + 10, LEN, &flow.released);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&confab_simple_producer_ops, inner, RATE));
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(after(&flow, 9 * CONFAB_MILLISECOND), 0);
    cr_assert_eq(after(&flow, 3 * CONFAB_MILLISECOND), 10);
    cr_assert_eq(flow.released, 1);
    flow_end(&flow);
}

/* In steps of an awkward length, so that its timers fire late in all ways there are. */
static void cr_keeps_pace(uint64_t rate, size_t cut)
{
    enum { SECONDS = 20, STEP = 3700000 };
    struct flow flow;
    int64_t passed = 0, end = test_rounds(SECONDS) * CONFAB_SECOND;
    uint64_t burst = rate / 4 ? rate / 4 : 1, useful = rate / 16 ? rate / 16 : 1;

    flow_open(&flow);
    flow_push(&flow, cut, rate);
    after(&flow, 0);
    for (; passed < end; passed += STEP) {
        uint64_t most = burst + rate * (uint64_t)passed / (uint64_t)CONFAB_SECOND;
        cr_assert_leq(flow.got, most, "%zu bytes at %d a second", flow.got, (int)rate);
        /* Since it woke last, to a tick, and a step. */
        cr_assert_geq(flow.got + useful + rate * 5 / 1000 + 1, most, "%zu bytes at %d a second: %d", flow.got,
                      (int)rate, (int)most);
        after(&flow, STEP);
    }
    flow_end(&flow);
}

Test(producers_throttled, keeps_pace_though_its_timers_are_late)
{
    static const uint64_t rates[] = { 1, 3, 7, 8, 17, 100, 999, 20000 };

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        cr_keeps_pace(rates[i], 512);
    cr_keeps_pace(RATE, 10);
}

/* Forwards to a throttled producer, and counts. */
struct counted {
    void *throttled;
    int not_now;
};

static ssize_t counted_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct counted *counted = self;
    ssize_t n = confab_throttled_producer_ops.more(counted->throttled, chat, want, bytes);

    counted->not_now += n == -EAGAIN;
    return n;
}

static void counted_release(void *self)
{
    confab_throttled_producer_ops.release(((struct counted *)self)->throttled);
}

Test(producers_throttled, of_small_pieces_does_not_wake_up_for_each)
{
    static const struct confab_producer_ops ops = { .size = sizeof ops,
                                                    .more = counted_more,
                                                    .release = counted_release };
    struct flow flow;

    flow_open(&flow);
    struct counted counted = { .throttled = confab_throttled_producer_new(
                                   &confab_simple_producer_ops, in_pieces(flow.bytes, LEN, 3, &flow.released),
                                   RATE) };
    talk_push(&flow.talk, &ops, &counted);
    for (int i = 0; i < 10000; i++)
        after(&flow, CONFAB_MILLISECOND);
    cr_assert_geq(flow.got, 10 * RATE);
    cr_assert_leq(counted.not_now, 10 * 17, "it woke up %d times in 10 seconds", counted.not_now);
    flow_end(&flow);
}

Test(producers_throttled, of_no_rate_has_no_limit)
{
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, 0, 0);
    cr_assert_eq(after(&flow, 0), LEN);
    cr_assert_eq(flow.released, 1);
    flow_end(&flow);
}

Test(producers_throttled, of_no_rate_passes_not_now_and_errors_on)
{
    static const struct step steps[] = {
        { .answer = -EAGAIN }, { .text = "one" }, { .answer = -EAGAIN }, { .answer = -EIO }
    };
    struct script script = SCRIPT(steps);
    struct flow flow;

    flow_open(&flow);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&script_ops, &script, 0));
    quiet_expect(&flow.talk, "");
    confab_chat_resume_output(flow.talk.chat);
    quiet_expect(&flow.talk, "one");
    confab_chat_resume_output(flow.talk.chat);
    run_quiet(flow.talk.reactor);
    cr_assert_eq(flow.talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(flow.talk.error, EIO);
    cr_assert_eq(script.released, 1);
    flow_end(&flow);
}

Test(producers_throttled, of_the_highest_rates_holds_nothing_up)
{
    static const uint64_t rates[] = { 4 * (uint64_t)LEN, UINT64_C(1) << 34, UINT64_C(9999999999999999999),
                                      UINT64_MAX - 1, UINT64_MAX };

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct flow flow;
        flow_open(&flow);
        flow_push(&flow, 100000, rates[i]);
        cr_assert_eq(after(&flow, 0), LEN);
        cr_assert_eq(flow.released, 1);
        flow_end(&flow);
    }
}

Test(producers_throttled, ends_as_soon_as_what_is_inside_has_ended)
{
    struct flow flow;

    flow_open(&flow);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&confab_simple_producer_ops,
                                            in_pieces(flow.bytes, BURST, 9, &flow.released), RATE));
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(flow.released, 1);
    confab_chat_puts(flow.talk.chat, "behind");
    quiet_expect(&flow.talk, "behind");
    flow_end(&flow);
}

Test(producers_throttled, passes_not_now_and_errors_on_without_a_timer)
{
    static const struct step steps[] = {
        { .answer = -EAGAIN }, { .text = "one" }, { .answer = -EAGAIN }, { .text = "two" }, { .answer = -EIO }
    };
    struct script script = SCRIPT(steps);
    struct flow flow;

    flow_open(&flow);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&script_ops, &script, RATE));
    quiet_expect(&flow.talk, "");
    cr_assert_eq(flow.talk.reactor->timers.count, 0);
    confab_chat_resume_output(flow.talk.chat);
    quiet_expect(&flow.talk, "one");
    stub_now += 10 * CONFAB_SECOND;
    quiet_expect(&flow.talk, "");
    cr_assert_eq(script.asked, 3);
    confab_chat_resume_output(flow.talk.chat);
    quiet_expect(&flow.talk, "two");
    cr_assert_eq(flow.talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(flow.talk.error, EIO);
    cr_assert_eq(script.released, 1);
    flow_end(&flow);
}

Test(producers_throttled, sends_a_burst_and_no_more_after_a_rest_of_what_is_inside)
{
    void *output = confab_output_producer_new(0);
    struct flow flow;

    flow_open(&flow);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&confab_output_producer_ops, output, RATE));
    confab_output_producer_write(output, flow.bytes, BURST);
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(after(&flow, 10 * CONFAB_SECOND), 0);
    confab_output_producer_write(output, flow.bytes + BURST, BURST + 100);
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(after(&flow, 102 * CONFAB_MILLISECOND), 100);
    confab_output_producer_end(output);
    flow_end(&flow);
}

Test(producers_throttled, resumed_by_others_keeps_on_waiting)
{
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, LEN, RATE);
    after(&flow, 0);
    for (int i = 0; i < 10; i++) {
        confab_chat_resume_output(flow.talk.chat);
        cr_assert_eq(after(&flow, 5 * CONFAB_MILLISECOND), 0);
        cr_assert_eq(flow.talk.reactor->timers.count, 1);
    }
    cr_assert_eq(after(&flow, 20 * CONFAB_MILLISECOND), 70);
    flow_end(&flow);
}

Test(producers_throttled, in_and_around_others_keeps_the_lower_rate)
{
    struct flow flow;

    flow_open(&flow);
    void *inner = confab_throttled_producer_new(&confab_simple_producer_ops,
                                                in_pieces(flow.bytes, LEN, 0, &flow.released), RATE);
    void *outer = confab_globbing_producer_new(
        &confab_throttled_producer_ops,
        confab_throttled_producer_new(&confab_throttled_producer_ops, inner, 10 * RATE), 0);
    talk_push(&flow.talk, &confab_globbing_producer_ops, outer);
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(after(&flow, 100 * CONFAB_MILLISECOND), 100);
    cr_assert_eq(after(&flow, 200 * CONFAB_MILLISECOND), 200);
    flow_end(&flow);
    cr_assert_eq(flow.released, 1);
}

Test(producers_throttled, arrives_whole_over_a_socket_that_takes_one_byte_at_a_time)
{
    struct flow flow = { .talk.reactor = test_reactor() };

    slow_io(flow.talk.reactor);
    stub_io(flow.talk.reactor);
    flow.bytes = test_pattern(LEN);
    talk_open(&flow.talk);
    talk_push(&flow.talk, &confab_throttled_producer_ops,
              confab_throttled_producer_new(&confab_simple_producer_ops,
                                            in_pieces(flow.bytes, 600, 100, &flow.released), RATE));
    cr_assert_eq(after(&flow, 0), BURST);
    cr_assert_eq(after(&flow, 200 * CONFAB_MILLISECOND), 200);
    cr_assert_eq(after(&flow, 200 * CONFAB_MILLISECOND), 150);
    cr_assert_eq(flow.released, 1);
    flow_end(&flow);
}

static void leave_waiting(void (*leave)(struct talk *))
{
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, 0, RATE);
    flow_push(&flow, 0, RATE);
    after(&flow, 0);
    cr_assert_eq(flow.talk.reactor->timers.count, 1);
    leave(&flow.talk);
    cr_assert_eq(flow.released, 0, "released inside the call");
    run_quiet(flow.talk.reactor);
    /* Whether the peer is there is found when there is something to send. */
    if (leave == peer_goes)
        stub_pass(100 * CONFAB_MILLISECOND);
    cr_assert_eq(flow.released, 2);
    cr_assert_eq(flow.talk.reactor->timers.count, 0);
    stub_pass(CONFAB_SECOND);
    cr_assert_eq(flow.talk.closes, leave != chat_discards);
    flow_end(&flow);
}

Test(producers_throttled, its_timer_is_gone_once_its_chat_has_left_it)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_waiting(leavings[i]);
}

Test(producers_throttled, that_waits_ends_with_its_reactor)
{
    struct flow flow;

    flow_open(&flow);
    flow_push(&flow, 0, RATE);
    after(&flow, 0);
    test_reactor_free(flow.talk.reactor);
    cr_assert_eq(flow.released, 1);
    test_close(flow.talk.peer);
    free(flow.bytes);
}
