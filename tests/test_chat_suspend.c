/* Input that rests: suspend and resume, in hooks, timers and from outside. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int do_suspend(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return 0;
}

static int collect_suspend(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return do_suspend(talk);
}

static void resume_in_timer(struct talk *talk)
{
    confab_chat_resume(talk->chat);
}

/* Resumes from outside, and lets the loop run. */
static void resume(struct talk *talk)
{
    confab_chat_resume(talk->chat);
    run_quiet(talk->reactor);
}

Test(test_chat_suspend, suspended_in_handle_connect_nothing_is_delivered)
{
    struct talk talk = { .line = true, .connect = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_in_found_terminator_the_rest_of_the_read_waits)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthree\n");
    talk_expect(&talk, "one|");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    resume(&talk);
    talk_expect(&talk, "one|two|three|");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_on_the_last_byte_of_a_message_found_terminator_comes_first)
{
    struct talk talk = { .line = true, .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one|two");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_on_the_last_byte_of_a_count_found_terminator_comes_first)
{
    struct talk talk = { .count = 3, .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "one");
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_on_the_last_byte_of_a_count_found_terminator_comes_before_eof)
{
    struct talk talk = { .count = 3, .collect = collect_suspend };

    talk_open(&talk);
    talk_send(&talk, "one");
    talk_say_eof(&talk);
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one|<eof><close>");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_on_the_last_byte_of_a_count_the_rest_waits_too)
{
    struct talk talk = { .count = 3, .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "onetwo");
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one|two");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_with_a_prefix_behind_the_piece_the_match_goes_on)
{
    struct talk talk = { .bytes = "\r\n", .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one");
    talk_say(&talk, "\ntwo");
    talk_expect(&talk, "one|two");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_while_a_false_prefix_is_collected_nothing_is_lost)
{
    struct talk talk = { .bytes = "aab", .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "aa");
    talk_say(&talk, "abxaab");
    talk_expect(&talk, "a");
    resume(&talk);
    talk_expect(&talk, "a|x");
    resume(&talk);
    talk_expect(&talk, "a|x|");
    talk_end(&talk);
}

Test(test_chat_suspend, suspended_from_outside_nothing_is_read)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    confab_chat_suspend(talk.chat);
    talk_say(&talk, "two\n");
    talk_expect(&talk, "one|");
    cr_assert_eq(confab_chat_pending_input(talk.chat), 0);
    confab_chat_resume(talk.chat);
    talk_expect(&talk, "one|");
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(test_chat_suspend, resumed_by_a_timer_what_is_pending_is_delivered_in_the_same_turn)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_in_timer(&talk, resume_in_timer);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

Test(test_chat_suspend, resumed_what_is_pending_comes_before_newer_bytes)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntw");
    talk_send(&talk, "o\nthree\n");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    resume(&talk);
    talk_expect(&talk, "one|two|three|");
    talk_end(&talk);
}

static int suspend_twice(struct talk *talk)
{
    do_suspend(talk);
    return do_suspend(talk);
}

Test(test_chat_suspend, one_resume_undoes_any_number)
{
    struct talk talk = { .line = true, .found = suspend_twice };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    talk_end(&talk);
}

static int suspend_and_resume(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    confab_chat_resume(talk->chat);
    return 0;
}

Test(test_chat_suspend, resumed_in_the_same_hook_delivery_goes_on)
{
    struct talk talk = { .line = true, .found = suspend_and_resume };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthr");
    talk_say(&talk, "ee\n");
    talk_expect(&talk, "one|two|three|");
    talk_end(&talk);
}

Test(test_chat_suspend, resume_of_one_that_is_not_suspended_does_nothing)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one");
    resume(&talk);
    talk_say(&talk, "\n");
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_suspend, pending_input_is_what_was_received_and_not_delivered)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthree\n");
    cr_assert_eq(confab_chat_pending_input(talk.chat), strlen("two\nthree\n"));
    resume(&talk);
    cr_assert_eq(confab_chat_pending_input(talk.chat), strlen("three\n"));
    resume(&talk);
    cr_assert_eq(confab_chat_pending_input(talk.chat), 0);
    talk_end(&talk);
}

static int note_pending(struct talk *talk)
{
    size_t *pending = talk->data;

    pending[talk->founds - 1] = confab_chat_pending_input(talk->chat);
    return 0;
}

Test(test_chat_suspend, pending_input_counts_the_rest_of_the_read_inside_a_hook)
{
    size_t pending[2] = { 99, 99 };
    struct talk talk = { .line = true, .found = note_pending, .data = pending };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    cr_assert_eq(pending[0], strlen("two\n"));
    cr_assert_eq(pending[1], 0);
    talk_end(&talk);
}

Test(test_chat_suspend, eof_waits_until_resumed)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_send(&talk, "one\ntwo\n");
    talk_say_eof(&talk);
    talk_expect(&talk, "one|");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    resume(&talk);
    talk_expect(&talk, "one|two|<eof><close>");
    talk_end(&talk);
}

Test(test_chat_suspend, eof_waits_where_the_last_bytes_suspend)
{
    struct talk talk = { .bytes = "abc", .collect = collect_suspend };

    talk_open(&talk);
    talk_say(&talk, "ab");
    talk_say_eof(&talk);
    talk_expect(&talk, "ab");
    resume(&talk);
    talk_expect(&talk, "ab<eof><close>");
    talk_end(&talk);
}

Test(test_chat_suspend, hang_up_while_suspended_lets_the_loop_rest)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    test_close(talk.peer);
    talk.peer = -1;
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|");
    resume(&talk);
    talk_expect(&talk, "one|two|");
    resume(&talk);
    talk_expect(&talk, "one|two|<eof><close>");
    talk_end(&talk);
}

static int urgent;

static int take_urgent(confab_chat *chat)
{
    char byte;

    urgent++;
    cr_assert_eq(recv(confab_chat_fd(chat), &byte, 1, MSG_OOB), 1);
    return 0;
}

Test(test_chat_suspend, out_of_band_byte_while_suspended_waits_and_lets_the_loop_rest)
{
    test_needs_descriptors();
    if (!test_tells_except())
        cr_skip_test("this backend does not tell of out-of-band data");
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .collect_incoming_data = confab_chat_collect,
                                                .handle_expt = take_urgent };
    confab_reactor *reactor = test_reactor();
    confab_chat *chat;
    int pair[2];

    test_tcp_pair(pair);
    chat = confab_chat_new(reactor, pair[0], &ops, NULL);
    cr_assert_not_null(chat);
    run_quiet(reactor);
    confab_chat_suspend(chat);
    cr_assert_eq(send(pair[1], "!", 1, MSG_OOB), 1);
    cr_assert_eq(poll(&(struct pollfd){ .fd = pair[0], .events = POLLPRI }, 1, 10000), 1);
    run_quiet(reactor);
    cr_assert_eq(urgent, 0);
    confab_chat_resume(chat);
    run_quiet(reactor);
    cr_assert_eq(urgent, 1);
    test_close(pair[1]);
    test_reactor_free(reactor);
}

static void set_semicolon(struct talk *talk)
{
    cr_assert_eq(confab_chat_set_terminator(talk->chat, ";", 1), 0);
}

Test(test_chat_suspend, terminator_set_while_suspended_rules_what_is_pending)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\nthree;four\n");
    talk_in_timer(&talk, set_semicolon);
    talk_expect(&talk, "one|");
    resume(&talk);
    talk_expect(&talk, "one|two\\nthree|");
    talk_end(&talk);
}

Test(test_chat_suspend, held_prefix_let_go_while_suspended_waits)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    confab_chat_suspend(talk.chat);
    set_semicolon(&talk);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one\\r");
    talk_end(&talk);
}

Test(test_chat_suspend, closed_while_suspended_what_is_pending_is_dropped)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    confab_chat_close(talk.chat);
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|<close>");
    talk_end(&talk);
}

static int pick_and_suspend(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    confab_chat_set_terminator(talk->chat, ";", 1);
    return talk->collects == 1 ? do_suspend(talk) : 0;
}

Test(test_chat_suspend, terminator_set_and_suspended_in_collect_rules_what_is_pending)
{
    struct talk talk = { .line = true, .collect = pick_and_suspend };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo;");
    talk_expect(&talk, "one");
    resume(&talk);
    talk_expect(&talk, "one\\ntwo|");
    talk_end(&talk);
}
