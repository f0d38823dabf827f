/* test_chat_rate_changes.c: rates beside suspending, marks and pace; rates that are
 * changed.  The clock is the test's. */
#include "rate_support.h"
#include <unistd.h>

TestSuite(chat_rate_changes, .init = make_pattern, .fini = free_pattern);

/* -- Suspending, marks, pace ------------------------------------------------ */

Test(chat_rate_changes, resume_does_not_end_a_rest)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_suspend(talk.chat);
    run_quiet(talk.reactor);
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, BURST + 160);
    talk_end(&talk);
}

Test(chat_rate_changes, the_end_of_a_rest_does_not_resume)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_suspend(talk.chat);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, BURST);
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST + 160);
    talk_end(&talk);
}

static int gate[2], job_done;

/* Waits for the test to open the gate. */
static int wait_at_gate(void *data)
{
    char byte;

    (void)data;
    return (int)read(gate[0], &byte, 1);
}

static void note_done(confab_chat *chat, int result, void *data)
{
    (void)chat, (void)result, (void)data;
    job_done = 1;
}

Test(chat_rate_changes, work_that_is_out_and_a_rest_do_not_end_each_other)
{
    test_needs_threads();
    struct talk talk = { .options.rate_in = RATE };

    cr_assert_eq(pipe(gate), 0);
    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(confab_work(talk.reactor, talk.chat, wait_at_gate, note_done, NULL), 0);
    rate_pass(MILLISECONDS(100)); /* the rest ends, the job does not */
    cr_assert_eq(talk.collected, BURST);
    cr_assert_eq(write(gate[1], "x", 1), 1);
    run_until_set(talk.reactor, &job_done);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST + 160);
    job_done = 0;
    cr_assert_eq(confab_work(talk.reactor, talk.chat, wait_at_gate, note_done, NULL), 0);
    cr_assert_eq(write(gate[1], "x", 1), 1);
    run_until_set(talk.reactor, &job_done); /* the job ends, the rest does not */
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST + 160);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, BURST + 320);
    talk_end(&talk);
    close(gate[0]);
    close(gate[1]);
}

Test(chat_rate_changes, discard_buffers_does_not_end_a_rest_of_reading)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_discard_buffers(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, BURST + 160);
    talk_end(&talk);
}

static int answer_much(struct talk *talk)
{
    return confab_chat_push(talk->chat, pattern, 1000);
}

/* 600 wait at first, over the mark of 500; under that of 300 after 300 more. */
Test(chat_rate_changes, output_that_rests_over_the_high_watermark_rests_reading)
{
    struct talk talk = { .line = true,
                         .found = answer_much,
                         .options = { .rate_out = RATE, .low = 300, .high = 500 } };

    rate_open(&talk);
    talk_say(&talk, "\n\n");
    cr_assert_eq(talk.founds, 1);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.founds, 1);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.founds, 2);
    talk_end(&talk);
}

static int relay_on(struct talk *talk, const char *data, size_t len)
{
    return confab_chat_push(talk->data, data, len);
}

/* What the sink's output does to the reading of the source, where the rate is the sink's. */
Test(chat_rate_changes, the_rate_of_a_sink_paces_its_source)
{
    struct talk sink = { .options = { .rate_out = RATE, .low = 300, .high = 500 } },
                source = { .mute = true, .collect = relay_on, .options.in_buffer_size = 1000 };

    rate_open(&sink);
    source.reactor = sink.reactor;
    source.data = sink.chat;
    talk_open(&source);
    run_quiet(sink.reactor);
    confab_chat_pace(source.chat, sink.chat);
    talk_say_bytes(&source, pattern, 3000);
    cr_assert_eq(source.collected, 1000);
    cr_assert_eq(rate_received(&sink), BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(source.collected, 1000);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(source.collected, 2000);
    for (int i = 0; i < 20; i++)
        rate_pass(MILLISECONDS(100));
    cr_assert_eq(rate_received(&sink), 3000);
    talk_end(&source);
    talk_end(&sink);
}

struct counted {
    int sent, drained;
};

static int ignore(confab_chat *chat, const char *data, size_t len)
{
    (void)chat, (void)data, (void)len;
    return 0;
}

static int handle_sent(confab_chat *chat)
{
    ((struct counted *)confab_chat_data(chat))->sent++;
    return 0;
}

static int handle_drain(confab_chat *chat)
{
    ((struct counted *)confab_chat_data(chat))->drained++;
    return 0;
}

static const struct confab_chat_ops counting_ops = { .size = sizeof counting_ops,
                                                     .collect_incoming_data = ignore,
                                                     .handle_sent = handle_sent,
                                                     .handle_drain = handle_drain };

Test(chat_rate_changes, handle_drain_and_handle_sent_come_when_the_rate_lets_them)
{
    struct counted counted = { 0 };
    struct confab_chat_options options = {
        .size = sizeof options, .rate_out = RATE, .low = 300, .high = 500, .data = &counted
    };
    confab_reactor *reactor = test_reactor();
    int pair[2];

    stub_io(reactor);
    test_pair(pair);
    confab_chat *chat = confab_chat_new(reactor, pair[0], &counting_ops, &options);
    run_quiet(reactor);
    confab_chat_push(chat, pattern, BURST + 500);
    run_quiet(reactor);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(counted.drained, 0);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(counted.drained, 1);
    cr_assert_eq(counted.sent, 0);
    rate_pass(MILLISECONDS(200));
    cr_assert_eq(counted.sent, 1);
    cr_assert_eq(counted.drained, 1);
    test_close(pair[1]);
    test_reactor_free(reactor);
}

/* A pipe and another: no sockets. */
Test(chat_rate_changes, pipes_have_rates_too)
{
    test_needs_descriptors();
    struct confab_chat_options options = { .size = sizeof options, .rate_in = RATE, .rate_out = RATE };
    struct counted counted = { 0 };
    confab_reactor *reactor = test_reactor();
    int in[2], out[2];
    char got[MANY];

    options.data = &counted;
    stub_io(reactor);
    cr_assert_eq(pipe(in), 0);
    cr_assert_eq(pipe(out), 0);
    cr_assert_eq(write(in[1], pattern, MANY), MANY);
    confab_chat *reads = confab_chat_new(reactor, in[0], &counting_ops, &options);
    confab_chat *writes = confab_chat_new(reactor, out[1], &counting_ops, &options);
    run_quiet(reactor);
    cr_assert_eq(rate_stats(reads).bytes_in, BURST);
    confab_chat_push_reference(writes, pattern, 300, NULL, NULL);
    confab_chat_push_reference(writes, pattern + 300, 300, NULL, NULL);
    run_quiet(reactor);
    cr_assert_eq(read(out[0], got, sizeof got), BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(rate_stats(reads).bytes_in, BURST + 160);
    cr_assert_eq(read(out[0], got + BURST, sizeof got - BURST), 160);
    cr_assert_eq(memcmp(got, pattern, BURST + 160), 0);
    test_close(in[1]);
    test_close(out[0]);
    test_reactor_free(reactor);
}

/* -- Changes ---------------------------------------------------------------- */

static void set_rates(confab_chat *chat, uint64_t in, uint64_t out)
{
    const struct confab_chat_options options = { .size = sizeof options, .rate_in = in, .rate_out = out };

    cr_assert_eq(confab_chat_set_options(chat, &options), 0);
}

Test(chat_rate_changes, a_rate_that_is_set_later_begins_with_its_burst)
{
    struct talk talk = { 0 };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, 3000);
    confab_chat_push(talk.chat, pattern, 1000);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, 3000);
    cr_assert_eq(rate_received(&talk), 1000);
    set_rates(talk.chat, RATE, RATE);
    talk_say_bytes(&talk, pattern, 3000);
    confab_chat_push(talk.chat, pattern + 1000, 1000);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, 3000 + BURST);
    cr_assert_eq(rate_received(&talk), 1000 + BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, 3000 + BURST + 160);
    cr_assert_eq(rate_received(&talk), 1000 + BURST + 160);
    talk_end(&talk);
}

static int set_rate_in(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    if (talk->collected == 10)
        set_rates(talk->chat, RATE, 0);
    return 0;
}

Test(chat_rate_changes, a_rate_that_a_hook_sets_rules_the_next_read)
{
    struct talk talk = { .collect = set_rate_in, .options.in_buffer_size = 10 };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, 3000);
    cr_assert_eq(talk.collected, 10 + BURST);
    talk_end(&talk);
}

Test(chat_rate_changes, a_rate_that_is_taken_away_ends_the_rest)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST);
    set_rates(talk.chat, CONFAB_UNLIMITED, 0);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, MANY);
    cr_assert_eq(rate_received(&talk), BURST);
    set_rates(talk.chat, 0, CONFAB_UNLIMITED);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), MANY);
    cr_assert_eq(talk.reactor->timers.count, 0);
    cr_assert_not(talk.chat->flags & CHAT_RATED);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(talk.collected, 2 * MANY);
    talk_end(&talk);
}

/* 50 ms have earned 80 bytes, which pass at once; 70 ms earn 1120. */
Test(chat_rate_changes, a_rate_that_is_changed_in_a_rest_counts_from_then)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    rate_pass(MILLISECONDS(50));
    set_rates(talk.chat, 10 * RATE, 10 * RATE);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST + 80);
    cr_assert_eq(rate_received(&talk), BURST + 80);
    rate_pass(MILLISECONDS(60));
    cr_assert_eq(talk.collected, BURST + 80);
    rate_pass(MILLISECONDS(10));
    cr_assert_eq(talk.collected, BURST + 80 + 1120);
    cr_assert_eq(rate_received(&talk), BURST + 80 + 1120);
    talk_end(&talk);
}

Test(chat_rate_changes, a_slower_rate_keeps_no_more_than_its_burst)
{
    struct talk talk = { .options.rate_in = 10 * RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, 1);
    set_rates(talk.chat, RATE, 0);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(talk.collected, 1 + BURST);
    talk_end(&talk);
}

Test(chat_rate_changes, other_options_change_nothing_in_a_rate)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_timeout(talk.chat, CONFAB_TIMEOUT_LIFETIME, CONFAB_MINUTE), 0);
    set_rates(talk.chat, RATE, RATE);
    cr_assert(talk.chat->flags & CHAT_SUSPENDED_RATE);
    cr_assert(talk.chat->flags & CHAT_OUTPUT_RESTS);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(talk.collected, BURST + 160);
    cr_assert_eq(rate_received(&talk), BURST + 160);
    talk_end(&talk);
}
