/* test_chat_rate_timeouts.c: what rests for a rate is neither idle nor slow.  The clock is the test's. */
#include "rate_support.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(chat_rate_timeouts, .init = make_pattern, .fini = free_pattern);

#define MILLISECONDS(n) ((n)*CONFAB_MILLISECOND)

Test(chat_rate_timeouts, reading_that_rests_is_not_idle)
{
    struct talk talk = { .options.rate_in = 1, .options.timeout[CONFAB_TIMEOUT_IDLE] = MILLISECONDS(300) };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, 2);
    for (int i = 0; i < 5; i++)
        rate_pass(MILLISECONDS(190));
    cr_assert_eq(talk.collected, 1);
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(53));
    cr_assert_eq(talk.collected, 2);
    for (int i = 0; i < 11; i++) /* and another rest, after which there is nothing */
        rate_pass(MILLISECONDS(95));
    cr_assert_lt(rate_stats(talk.chat).idle, MILLISECONDS(95));
    for (int i = 0; i < 2; i++)
        rate_pass(MILLISECONDS(95));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(150));
    cr_assert_eq(talk.closes, 1);
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    talk_end(&talk);
}

Test(chat_rate_timeouts, output_that_rests_is_not_idle)
{
    struct talk talk = { .options.rate_out = 1, .options.timeout[CONFAB_TIMEOUT_IDLE] = MILLISECONDS(300) };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, 3);
    run_quiet(talk.reactor);
    for (int i = 0; i < 20; i++)
        rate_pass(MILLISECONDS(100) + 200000);
    cr_assert_eq(rate_received(&talk), 3);
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(290));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(20));
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

/* It could have, for all we know: the peer's share of the time begins after the rest. */
Test(chat_rate_timeouts, idle_starts_anew_after_a_rest_of_output_that_the_peer_does_not_take)
{
    struct talk talk = { .options.rate_out = 1, .options.timeout[CONFAB_TIMEOUT_IDLE] = MILLISECONDS(300) };
    int narrow = 1;

    rate_open(&talk);
    test_buffer_size(talk.chat->channel.fd, SO_SNDBUF, narrow);
    confab_chat_push(talk.chat, pattern, 3);
    run_quiet(talk.reactor);
    while (write(talk.chat->channel.fd, pattern, MANY) > 0) /* from now on it is full */
        ;
    for (int i = 0; i < 7; i++)
        rate_pass(MILLISECONDS(145));
    cr_assert(talk.chat->flags & CHAT_BLOCKED);
    cr_assert_lt(rate_stats(talk.chat).idle, MILLISECONDS(95));
    rate_pass(MILLISECONDS(280));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(30));
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

Test(chat_rate_timeouts, output_that_rests_does_not_wait_for_the_peer)
{
    struct talk talk = { .options.rate_out = 1, .options.timeout[CONFAB_TIMEOUT_WRITE] = MILLISECONDS(100) };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, 3);
    confab_chat_close_when_done(talk.chat);
    run_quiet(talk.reactor);
    for (int i = 0; i < 19; i++)
        rate_pass(MILLISECONDS(100) + 200000);
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(110));
    cr_assert_eq(rate_received(&talk), 3);
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    talk_end(&talk);
}

Test(chat_rate_timeouts, a_peer_that_takes_nothing_is_timed_out_at_any_rate)
{
    struct talk talk = { .options.rate_out = 1 << 30,
                         .options.timeout[CONFAB_TIMEOUT_WRITE] = MILLISECONDS(100) };
    int narrow = 1;
    char *much = test_pattern(1 << 20);

    rate_open(&talk);
    test_buffer_size(talk.chat->channel.fd, SO_SNDBUF, narrow);
    confab_chat_push(talk.chat, much, 1 << 20);
    run_quiet(talk.reactor);
    cr_assert(talk.chat->flags & CHAT_BLOCKED);
    rate_pass(MILLISECONDS(90));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(20));
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    talk_end(&talk);
    free(much);
}

Test(chat_rate_timeouts, a_message_that_comes_as_fast_as_it_is_read_is_in_time)
{
    struct talk talk = { .line = true,
                         .options.rate_in = RATE,
                         .options.timeout[CONFAB_TIMEOUT_MESSAGE] = MILLISECONDS(100) };

    memset(pattern, '.', MANY);
    pattern[2000] = '\n';
    rate_open(&talk);
    talk_say_bytes(&talk, pattern, 2001);
    for (int i = 0; i < 20; i++)
        rate_pass(MILLISECONDS(60));
    cr_assert_eq(talk.closes, 0);
    cr_assert_eq(talk.founds, 1);
    talk_end(&talk);
}

/* 100 ms before the rest and 100 after it: the peer's own time goes on, the rest is none of it. */
Test(chat_rate_timeouts, a_rest_is_no_part_of_a_message_s_time)
{
    struct talk talk = { .line = true,
                         .options.rate_in = RATE,
                         .options.timeout[CONFAB_TIMEOUT_MESSAGE] = MILLISECONDS(200) };

    rate_open(&talk);
    memset(pattern, '.', MANY);
    talk_say_bytes(&talk, pattern, BURST / 2);
    rate_pass(MILLISECONDS(100));
    talk_say_bytes(&talk, pattern, BURST / 2 + 160);
    cr_assert_eq(talk.collected, BURST + 160);
    cr_assert(talk.chat->flags & CHAT_SUSPENDED_RATE);
    rate_pass(MILLISECONDS(65));
    cr_assert_not(talk.chat->flags & CHAT_SUSPENDED_RATE);
    rate_pass(MILLISECONDS(90));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(20));
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    talk_end(&talk);
}

Test(chat_rate_timeouts, a_message_that_begins_in_a_rest_has_its_whole_time)
{
    struct talk talk = { .line = true,
                         .options.rate_in = RATE,
                         .options.timeout[CONFAB_TIMEOUT_MESSAGE] = MILLISECONDS(50) };

    memset(pattern, '.', MANY);
    rate_open(&talk);
    talk_say_bytes(&talk, pattern, BURST); /* the rest begins */
    confab_chat_discard_buffers(talk.chat);
    rate_pass(MILLISECONDS(40));
    cr_assert_eq(chat_pending_front(talk.chat, "...", 3), 0);
    run_quiet(talk.reactor);
    rate_pass(MILLISECONDS(25));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(40));
    cr_assert_eq(talk.closes, 0);
    rate_pass(MILLISECONDS(20));
    cr_assert_eq(talk.reason, CONFAB_REASON_TIMEOUT);
    talk_end(&talk);
}
