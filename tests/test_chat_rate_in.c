/* test_chat_rate_in.c: how many bytes are read in how much time, to the byte; and
 * what rests meanwhile.  The clock is the test's. */
#include "rate_support.h"
#include <sys/socket.h>

TestSuite(chat_rate_in, .init = make_pattern, .fini = free_pattern);

Test(chat_rate_in, reads_a_quarter_of_a_second_s_worth_then_at_the_rate)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(talk.collected, BURST);
    rate_pass(100 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST + 160);
    rate_pass(200 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST + 160 + 320);
    rate_pass(CONFAB_MINUTE);
    cr_assert_eq(talk.collected, BURST + 160 + 320 + BURST, "a long rest is worth no more than the burst");
    talk_end(&talk);
}

Test(chat_rate_in, reading_rests_for_a_sixteenth_of_a_second)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    rate_pass(62 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST);
    cr_assert_not(channel_wanted(&talk.chat->channel) & BACKEND_READ);
    rate_pass(3 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST + 65 * RATE / 1000);
    talk_end(&talk);
}

/* With timers that are late by up to a tick, a hundred times. */
Test(chat_rate_in, reading_is_not_slower_than_the_rate)
{
    struct talk talk = { .options.rate_in = 997 };
    int64_t start;

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    start = stub_now;
    while (talk.collected < MANY) {
        rate_pass(CONFAB_MILLISECOND);
        size_t due = 249 + (size_t)((stub_now - start) * 997 / CONFAB_SECOND);
        cr_assert_leq(talk.collected, due);
        cr_assert_gt(talk.collected + 62 + 3, due < MANY ? due : MANY, "%zu of %zu", talk.collected, due);
    }
    talk_end(&talk);
}

Test(chat_rate_in, one_byte_a_second_is_read_each_second)
{
    struct talk talk = { .options.rate_in = 1 };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    int64_t start = stub_now;
    cr_assert_eq(talk.collected, 1);
    rate_pass(999 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, 1);
    while (stub_now < start + 100 * CONFAB_SECOND)
        rate_pass(1500 * 1000);
    rate_pass(3 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, 101);
    talk_end(&talk);
}

Test(chat_rate_in, the_highest_rates_never_rest)
{
    static const uint64_t rates[] = { UINT64_MAX - 1, UINT64_MAX / 2, UINT64_C(1) << 40 };

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct talk talk = { .options.rate_in = rates[i], .options.rate_out = rates[i] };

        rate_open(&talk);
        talk_say_bytes(&talk, pattern, MANY);
        cr_assert_eq(talk.collected, MANY);
        confab_chat_push(talk.chat, pattern, MANY);
        run_quiet(talk.reactor);
        cr_assert_eq(rate_received(&talk), MANY);
        talk_end(&talk);
    }
}

/* More messages than one event may tell of. */
Test(chat_rate_in, what_was_read_is_delivered_while_reading_rests)
{
    struct talk talk = { .options.rate_in = RATE, .line = true };

    memset(pattern, '\n', MANY);
    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(talk.founds, BURST);
    talk_end(&talk);
}

static int count_none(struct talk *talk)
{
    return talk->founds == 1 ? confab_chat_set_terminator_count(talk->chat, 0) : 0;
}

static void set_count_none(struct talk *talk)
{
    confab_chat_set_terminator_count(talk->chat, 0);
}

Test(chat_rate_in, a_message_of_no_bytes_is_told_of_while_reading_rests)
{
    struct talk talk = { .options.rate_in = RATE, .count = BURST, .found = count_none };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(talk.founds, 2);
    set_count_none(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.founds, 3);
    talk_end(&talk);
}

Test(chat_rate_in, the_end_of_input_is_found_after_the_rest)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, BURST);
    talk_say_eof(&talk);
    cr_assert_eq(talk.eofs, 0);
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.eofs, 1);
    cr_assert_eq(talk.closes, 1);
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    talk_end(&talk);
}

Test(chat_rate_in, the_end_of_input_is_found_at_once_where_bytes_could_be_read)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, BURST - 1);
    talk_say_eof(&talk);
    cr_assert_eq(talk.eofs, 1);
    talk_end(&talk);
}

/* The share of the second is not gone: nothing rests. */
Test(chat_rate_in, a_chat_that_is_within_its_rate_has_no_timer)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, BURST - 1);
    cr_assert_eq(talk.collected, BURST - 1);
    confab_chat_push(talk.chat, pattern, BURST);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    cr_assert_eq(talk.reactor->timers.count, 0);
    cr_assert(channel_wanted(&talk.chat->channel) & BACKEND_READ);
    talk_end(&talk);
}

/* What costs a chat with a rate something costs the others nothing. */
Test(chat_rate_in, a_chat_without_a_rate_is_not_asked_for_one)
{
    struct talk talk = { 0 };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    cr_assert_not(talk.chat->flags & CHAT_RATED);
    cr_assert_null(talk.chat->extra);
    talk_end(&talk);
}

/* Where the rest has another one behind it the backend hears of neither. */
Test(chat_rate_in, the_turn_in_which_a_rest_ends_reads)
{
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    stub_now += 100 * CONFAB_MILLISECOND;
    talk_turn(&talk);
    cr_assert_eq(talk.collected, BURST + 160);
    cr_assert_not(channel_wanted(&talk.chat->channel) & BACKEND_READ);
    talk_end(&talk);
}

Test(chat_rate_in, a_write_that_failed_does_not_make_reading_faster)
{
    test_needs_descriptors();
    struct talk talk = { .options.rate_in = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, BURST + 150);
    cr_assert_eq(shutdown(talk.peer, SHUT_RD), 0);
    rate_pass(40 * CONFAB_MILLISECOND);
    confab_chat_push(talk.chat, "x", 1);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, BURST);
    cr_assert_eq(talk.closes, 0);
    rate_pass(25 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST + 65 * RATE / 1000);
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(talk.collected, BURST + 150);
    cr_assert_eq(talk.reason, CONFAB_REASON_RESET);
    cr_assert_eq(talk.error, EPIPE);
    talk_end(&talk);
}
