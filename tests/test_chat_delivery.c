/* What is delivered, how much of it in one event, and that none of it is lost. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MESSAGES = 64, /* of one event */
    READS = 4      /* of one event */
};

/* Sends n lines of one letter each. */
static void send_lines(struct talk *talk, int n)
{
    static char lines[100 * MESSAGES * 2];
    size_t len = 0;

    while (len < 2 * (size_t)n) {
        lines[len++] = 'x';
        lines[len++] = '\n';
    }
    talk_send_bytes(talk, lines, len);
}

/* Turns the loop without waiting until there is more than there was of something. */
static void turn_until_more(struct talk *talk, const int *what)
{
    int before = *what;

    for (int i = 0; i < 100 && *what == before; i++)
        talk_turn(talk);
    cr_assert_gt(*what, before);
}

Test(test_chat_delivery, collect_is_not_called_for_an_empty_message)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "\r\n\r\n");
    talk_say(&talk, "\r");
    talk_say(&talk, "\n");
    talk_expect(&talk, "|||");
    cr_assert_eq(talk.collects, 0);
    talk_end(&talk);
}

Test(test_chat_delivery, data_that_waits_at_first_is_delivered_after_handle_connect)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_send(&talk, "early\n");
    run_quiet(talk.reactor);
    cr_assert_eq(talk.connects, 1);
    talk_expect(&talk, "early|");
    talk_end(&talk);
}

Test(test_chat_delivery, collect_gets_no_more_than_in_buffer_size)
{
    struct talk talk = { .options.in_buffer_size = 10 };

    talk_open(&talk);
    talk_say(&talk, "0123456789abcdefghijABC");
    talk_expect(&talk, "0123456789abcdefghijABC");
    cr_assert_eq(talk.largest, 10);
    cr_assert_eq(talk.collects, 3);
    talk_end(&talk);
}

Test(test_chat_delivery, event_reads_no_more_than_its_share)
{
    struct talk talk = { .options.in_buffer_size = 10, .mute = true };
    char bytes[100] = { 0 };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_send_bytes(&talk, bytes, sizeof bytes);
    turn_until_more(&talk, &talk.collects);
    cr_assert_eq(talk.collects, READS);
    cr_assert_eq(talk.collected, READS * 10);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.collected, sizeof bytes);
    talk_end(&talk);
}

Test(test_chat_delivery, event_delivers_64_messages_and_the_next_turn_goes_on)
{
    struct talk talk = { .line = true, .mute = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    send_lines(&talk, 3 * MESSAGES + 8);
    turn_until_more(&talk, &talk.founds);
    for (int turn = 1; turn <= 3; turn++) {
        cr_assert_eq(talk.founds, turn * MESSAGES, "turn %d: %d messages", turn, talk.founds);
        talk_turn(&talk);
    }
    cr_assert_eq(talk.founds, 3 * MESSAGES + 8);
    talk_end(&talk);
}

Test(test_chat_delivery, rest_of_the_messages_keeps_the_loop_from_sleeping, .timeout = 10)
{
    struct talk talk = { .line = true, .mute = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    send_lines(&talk, 2 * MESSAGES);
    turn_until_more(&talk, &talk.founds);
    cr_assert_eq(talk.founds, MESSAGES);
    cr_assert_gt(confab_reactor_run_once(talk.reactor, 60 * CONFAB_SECOND), 0);
    cr_assert_eq(talk.founds, 2 * MESSAGES);
    talk_end(&talk);
}

Test(test_chat_delivery, messages_of_an_event_are_an_option_of_the_reactor)
{
    struct confab_reactor_options options = { .size = sizeof options, .messages = 3 };
    struct talk talk = { .line = true, .mute = true };

    cr_assert_eq(test_reactor_new(&talk.reactor, &options), 0);
    talk_open(&talk);
    run_quiet(talk.reactor);
    send_lines(&talk, 10);
    turn_until_more(&talk, &talk.founds);
    cr_assert_eq(talk.founds, 3);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.founds, 10);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(test_chat_delivery, messages_of_all_reads_of_an_event_count_together)
{
    struct talk talk = { .line = true, .mute = true, .options.in_buffer_size = MESSAGES };

    talk_open(&talk);
    run_quiet(talk.reactor);
    send_lines(&talk, 4 * MESSAGES);
    turn_until_more(&talk, &talk.founds);
    cr_assert_eq(talk.founds, MESSAGES);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.founds, 4 * MESSAGES);
    talk_end(&talk);
}

Test(test_chat_delivery, reads_of_an_event_are_an_option_of_the_reactor)
{
    struct confab_reactor_options options = { .size = sizeof options, .reads = 2 };
    struct talk talk = { .options.in_buffer_size = 3 };

    cr_assert_eq(test_reactor_new(&talk.reactor, &options), 0);
    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_send(&talk, "0123456789");
    turn_until_more(&talk, &talk.collects);
    talk_expect(&talk, "012345");
    run_quiet(talk.reactor);
    talk_expect(&talk, "0123456789");
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(test_chat_delivery, many_messages_do_not_keep_other_chats_waiting)
{
    struct talk busy = { .line = true, .mute = true }, other = { .line = true };

    talk_open(&busy);
    run_quiet(busy.reactor);
    other.reactor = busy.reactor;
    talk_open(&other);
    run_quiet(busy.reactor);
    send_lines(&busy, 50 * MESSAGES);
    talk_send(&other, "hello\n");
    turn_until_more(&other, &other.founds);
    cr_assert_leq(busy.founds, 2 * MESSAGES);
    talk_expect(&other, "hello|");
    talk_end(&other);
    run_quiet(busy.reactor);
    cr_assert_eq(busy.founds, 50 * MESSAGES);
    talk_end(&busy);
}

static int count_zero(struct talk *talk)
{
    return confab_chat_set_terminator_count(talk->chat, 0);
}

Test(test_chat_delivery, count_0_for_ever_does_not_keep_other_chats_waiting)
{
    struct talk busy = { .connect = count_zero, .found = count_zero, .mute = true };
    struct talk other = { .line = true };

    talk_open(&busy);
    turn_until_more(&busy, &busy.founds);
    cr_assert_leq(busy.founds, MESSAGES);
    other.reactor = busy.reactor;
    talk_open(&other);
    talk_send(&other, "hello\n");
    turn_until_more(&other, &other.founds);
    talk_expect(&other, "hello|");
    talk_end(&other);
    turn_until_more(&busy, &busy.founds);
    talk_end(&busy);
}

/* -- what came before a hang-up -- */

enum { HANG_UP_BYTES = 150000 };

static int check_pattern(struct talk *talk, const char *data, size_t len)
{
    size_t at = talk->collected - len;

    for (size_t i = 0; i < len; i++)
        cr_assert_eq((unsigned char)data[i], (at + i) % 251, "byte %zu", at + i);
    return 0;
}

/* Sends a pattern, hangs up with more of it on the way than the loop has read, and lets the loop run. */
static void hang_up(struct talk *talk)
{
    static char bytes[HANG_UP_BYTES];
    size_t sent;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 251);
    talk_open(talk);
    sent = test_send_some(talk->peer, bytes, sizeof bytes);
    while (sent < sizeof bytes) {
        talk_turn(talk);
        sent += test_send_some(talk->peer, bytes + sent, sizeof bytes - sent);
    }
    test_close(talk->peer);
    talk->peer = -1;
    run_until_set(talk->reactor, &talk->closes);
    cr_assert_eq(talk->collected, sizeof bytes);
}

Test(test_chat_delivery, data_before_a_hang_up_is_delivered_whole)
{
    struct talk talk = { .mute = true, .collect = check_pattern };

    hang_up(&talk);
    talk_expect(&talk, "<eof><close>");
    talk_end(&talk);
}

Test(test_chat_delivery, data_before_a_hang_up_is_delivered_whole_over_tcp)
{
    struct talk talk = { .mute = true, .collect = check_pattern, .tcp = true };

    hang_up(&talk);
    talk_expect(&talk, "<eof><close>");
    talk_end(&talk);
}

static int collect_and_reply(struct talk *talk, const char *data, size_t len)
{
    static const char reply[1000];

    check_pattern(talk, data, len);
    (void)confab_chat_push(talk->chat, reply, sizeof reply);
    return 0;
}

Test(test_chat_delivery, data_before_a_hang_up_is_delivered_though_replies_fail)
{
    struct talk talk = { .mute = true, .collect = collect_and_reply, .options.in_buffer_size = 1000 };

    hang_up(&talk);
    cr_assert_eq(talk.reason, CONFAB_REASON_RESET, "closed with %s", confab_reason_name(talk.reason));
    talk_end(&talk);
}

Test(test_chat_delivery, reset_by_the_peer_closes_without_eof)
{
    struct talk talk = { .line = true, .tcp = true };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    test_reset(talk.peer);
    talk.peer = -1;
    run_until_set(talk.reactor, &talk.closes);
    talk_expect(&talk, "one|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_RESET);
    cr_assert_eq(talk.error, ECONNRESET);
    talk_end(&talk);
}

Test(test_chat_delivery, messages_over_the_budget_come_before_eof)
{
    struct talk talk = { .line = true, .mute = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    send_lines(&talk, 5 * MESSAGES);
    talk_say_eof(&talk);
    cr_assert_eq(talk.founds, 5 * MESSAGES);
    talk_expect(&talk, "<eof><close>");
    talk_end(&talk);
}

Test(test_chat_delivery, unfinished_message_is_collected_before_eof)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_send(&talk, "one\ntwo");
    talk_say_eof(&talk);
    talk_expect(&talk, "one|two<eof><close>");
    talk_end(&talk);
}

Test(test_chat_delivery, stats_count_bytes_and_messages)
{
    struct talk talk = { .bytes = "\r\n" };
    struct confab_chat_stats stats = { .size = sizeof stats };

    talk_open(&talk);
    talk_say(&talk, "one\r\ntwo\r\nthree\r");
    confab_chat_get_stats(talk.chat, &stats);
    cr_assert_eq(stats.bytes_in, 16);
    cr_assert_eq(stats.messages, 2);
    cr_assert_eq(stats.message_size, 5);
    cr_assert_eq(stats.pending_input, 0);
    talk_end(&talk);
}
