/* test_chat_rate_out.c: how many bytes of each kind of output are sent in how much
 * time, to the byte.  The clock is the test's. */
#include "rate_support.h"
#include <stdlib.h>
#include <sys/socket.h>

TestSuite(chat_rate_out, .init = make_pattern, .fini = free_pattern);

/* What was pushed, MANY bytes, leaves at the rate and whole. */
static void leaves_at_the_rate(struct talk *talk)
{
    size_t sent = BURST;

    run_quiet(talk->reactor);
    cr_assert_eq(rate_received(talk), sent);
    rate_pass(62 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(talk), sent);
    rate_pass(38 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(talk), sent += 160);
    cr_assert_not(channel_wanted(&talk->chat->channel) & BACKEND_WRITE);
    rate_pass(CONFAB_MINUTE);
    cr_assert_eq(rate_received(talk), sent += BURST);
    while (sent < MANY) {
        rate_pass(200 * CONFAB_MILLISECOND);
        sent = sent + 320 < MANY ? sent + 320 : MANY;
        cr_assert_eq(rate_received(talk), sent);
    }
    rate_pass(CONFAB_SECOND);
    cr_assert_eq(rate_received(talk), MANY);
    cr_assert_null(talk->chat->output.first);
    cr_assert_eq(talk->reactor->timers.count, 0);
    talk_end(talk);
}

#define SENDING .options.rate_out = RATE, .options.timeout = { [CONFAB_TIMEOUT_IDLE] = CONFAB_OFF }

Test(chat_rate_out, sends_bytes_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push(talk.chat, pattern, MANY), 0);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_a_reference_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push_reference(talk.chat, pattern, MANY, NULL, NULL), 0);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_a_buffer_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push_buffer(talk.chat, confab_buffer_new(pattern, MANY)), 0);
    leaves_at_the_rate(&talk);
}

/* Pieces of 70 bytes: the last of those that are gathered is cut. */
Test(chat_rate_out, sends_what_it_gathers_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    for (size_t at = 0; at < MANY; at += 70) {
        size_t len = MANY - at < 70 ? MANY - at : 70;
        cr_assert_eq(confab_chat_push_reference(talk.chat, pattern + at, len, NULL, NULL), 0);
        cr_assert_eq(confab_chat_push_reference(talk.chat, pattern, 0, NULL, NULL), 0);
    }
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_a_file_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push_file(talk.chat, test_file(pattern, MANY), 0, -1), 0);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_the_large_pieces_of_a_producer_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &confab_simple_producer_ops,
                                                confab_simple_producer_new(pattern, MANY, MANY, NULL, NULL)),
                 0);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_the_small_pieces_of_a_producer_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, &confab_simple_producer_ops,
                                                confab_simple_producer_new(pattern, MANY, 37, NULL, NULL)),
                 0);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, sends_one_kind_after_the_other_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, 333);
    confab_chat_push_file(talk.chat, test_file(pattern, MANY), 333, 666);
    confab_chat_push_with_producer(talk.chat, &confab_simple_producer_ops,
                                   confab_simple_producer_new(pattern + 999, 1001, 0, NULL, NULL));
    confab_chat_push_reference(talk.chat, pattern + 2000, MANY - 2000, NULL, NULL);
    leaves_at_the_rate(&talk);
}

Test(chat_rate_out, what_is_left_waits_for_no_more_than_itself)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST + 16);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(9 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(3 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + 16);
    talk_end(&talk);
}

Test(chat_rate_out, what_is_left_of_a_file_waits_for_no_more_than_itself)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push_file(talk.chat, test_file(pattern, BURST + 16), 0, -1);
    run_quiet(talk.reactor);
    rate_pass(12 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + 16);
    talk_end(&talk);
}

/* A rest for no byte would be over at once, again and again. */
Test(chat_rate_out, a_reference_of_no_bytes_waits_for_one)
{
    struct talk talk = { .options.rate_out = 1 };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, 1);
    run_quiet(talk.reactor);
    confab_chat_push_reference(talk.chat, pattern, 0, NULL, NULL);
    run_quiet(talk.reactor);
    stub_now += CONFAB_SECOND / 2;
    cr_assert_eq(confab_reactor_run_once(talk.reactor, 0), 0);
    rate_pass(CONFAB_SECOND);
    cr_assert_null(talk.chat->output.first);
    talk_end(&talk);
}

Test(chat_rate_out, what_is_pushed_while_output_rests_waits_with_it)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST + USEFUL);
    run_quiet(talk.reactor);
    rate_pass(40 * CONFAB_MILLISECOND);
    confab_chat_push(talk.chat, pattern + BURST + USEFUL, 100);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(40 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + 128);
    talk_end(&talk);
}

Test(chat_rate_out, one_byte_a_second_is_sent_each_second)
{
    struct talk talk = { .options.rate_out = 1 };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    int64_t start = stub_now;
    cr_assert_eq(rate_received(&talk), 1);
    while (stub_now < start + 100 * CONFAB_SECOND)
        rate_pass(1500 * 1000);
    rate_pass(3 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), 101);
    talk_end(&talk);
}

/* A few bytes for each of many events would be a system call and a packet each. */
Test(chat_rate_out, nothing_is_sent_in_a_rest_whatever_happens_meanwhile)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    rate_pass(40 * CONFAB_MILLISECOND);
    talk_say(&talk, "an event");
    confab_chat_shutdown(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    talk_end(&talk);
}

/* A peer that was slow takes up to the rate again: then it is the rate that is waited for, not the peer. */
Test(chat_rate_out, output_that_rests_no_longer_waits_for_the_peer)
{
    enum { FAST_BURST = 100000 };
    struct talk talk = { .options.rate_out = 4 * FAST_BURST };
    char *much = test_pattern(2 * FAST_BURST), got[4096];
    int narrow = 1;
    size_t received = 0;
    ssize_t n;

    rate_open(&talk);
    test_buffer_size(talk.chat->channel.fd, SO_SNDBUF, narrow);
    confab_chat_push(talk.chat, much, 2 * FAST_BURST);
    run_quiet(talk.reactor);
    cr_assert(talk.chat->flags & CHAT_BLOCKED);
    for (; (n = test_recv(talk.peer, got, sizeof got)) > 0; received += (size_t)n)
        run_quiet(talk.reactor);
    cr_assert_eq(received, FAST_BURST);
    cr_assert(talk.chat->flags & CHAT_OUTPUT_RESTS);
    cr_assert_not(talk.chat->flags & CHAT_BLOCKED);
    cr_assert_not(channel_wanted(&talk.chat->channel) & BACKEND_WRITE);
    talk_end(&talk);
    free(much);
}

struct asked {
    int asks;
    size_t from; /* of the pattern: 50 bytes of it, in one piece */
    bool waits;  /* says "not now" */
};

static ssize_t ask(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct asked *asked = self;

    (void)chat, (void)want;
    asked->asks++;
    if (asked->waits)
        return -EAGAIN;
    *bytes = pattern + asked->from;
    return asked->asks == 1 ? 50 : 0;
}

static const struct confab_producer_ops asked_ops = { .size = sizeof asked_ops, .more = ask };

Test(chat_rate_out, a_producer_is_asked_only_when_its_bytes_can_leave)
{
    struct talk talk = { SENDING };
    struct asked asked = { .from = BURST };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST);
    confab_chat_push_with_producer(talk.chat, &asked_ops, &asked);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    cr_assert_eq(asked.asks, 0);
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(asked.asks, 2);
    cr_assert_eq(rate_received(&talk), BURST + 50);
    talk_end(&talk);
}

Test(chat_rate_out, output_does_not_rest_for_a_producer_that_says_not_now)
{
    struct talk talk = { SENDING };
    struct asked asked = { .waits = true, .from = BURST - 1 };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST - 1);
    confab_chat_push_with_producer(talk.chat, &asked_ops, &asked);
    run_quiet(talk.reactor);
    cr_assert_eq(asked.asks, 1);
    cr_assert_eq(talk.reactor->timers.count, 0);
    talk_say(&talk, "x");
    cr_assert_eq(talk.reactor->timers.count, 0);
    asked.waits = false;
    asked.asks = 0;
    confab_chat_resume_output(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(asked.asks, 1);
    cr_assert_eq(rate_received(&talk), BURST - 1 + 1);
    talk_end(&talk);
}
