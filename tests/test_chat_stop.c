/* What a hook does to its own chat: closes it, drops its input, fails.  No
 * further hook is called for that data, handle_close apart, which is the last. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char session[] = "one\ntwo\nthree\n";

static int do_close(struct talk *talk)
{
    confab_chat_close(talk->chat);
    return 0;
}

static int do_abort(struct talk *talk)
{
    confab_chat_abort(talk->chat);
    return 0;
}

static int do_close_when_done(struct talk *talk)
{
    confab_chat_close_when_done(talk->chat);
    return 0;
}

static int do_discard(struct talk *talk)
{
    confab_chat_discard_buffers(talk->chat);
    return 0;
}

static int do_fail(struct talk *talk)
{
    (void)talk;
    return -EIO;
}

static int collect_close(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return do_close(talk);
}

static int collect_abort(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return do_abort(talk);
}

static int collect_close_when_done(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return do_close_when_done(talk);
}

static int discard_at_first_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 1 ? do_discard(talk) : 0;
}

static int discard_at_first_found(struct talk *talk)
{
    return talk->founds == 1 ? do_discard(talk) : 0;
}

static int collect_fail(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return do_fail(talk);
}

/* Gives the session, in one read, to a talk by lines whose hook ends it, and then the end of the stream. */
static void expect_end(struct talk *talk, const char *trace, enum confab_reason reason)
{
    talk->line = true;
    talk_open(talk);
    talk_send(talk, session);
    test_shutdown(talk->peer);
    run_until_set(talk->reactor, &talk->closes);
    run_quiet(talk->reactor);
    cr_assert_str_eq(talk->trace, trace);
    cr_assert_eq(talk->reason, reason, "closed with %s", confab_reason_name(talk->reason));
    talk_end(talk);
}

/* -- close -- */

Test(test_chat_stop, close_in_handle_connect_ends_the_hooks)
{
    expect_end(&(struct talk){ .connect = do_close }, "<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, close_in_collect_ends_the_hooks)
{
    expect_end(&(struct talk){ .collect = collect_close }, "one<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, close_in_found_terminator_ends_the_hooks)
{
    expect_end(&(struct talk){ .found = do_close }, "one|<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, close_in_handle_eof_ends_the_hooks)
{
    expect_end(&(struct talk){ .eof = do_close }, "one|two|three|<eof><close>", CONFAB_REASON_CLOSED);
}

static void close_in_timer(struct talk *talk)
{
    confab_chat_close(talk->chat);
    talk_note(talk, "t");
}

Test(test_chat_stop, close_in_a_timer_calls_handle_close_behind_it)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_in_timer(&talk, close_in_timer);
    talk_expect(&talk, "onet<close>");
    talk_end(&talk);
}

static int answer_then_close(struct talk *talk)
{
    cr_assert_eq(confab_chat_puts(talk->chat, "answer"), 0);
    return talk->founds == 2 ? do_close(talk) : 0;
}

Test(test_chat_stop, close_in_found_terminator_drops_what_earlier_messages_were_answered)
{
    struct talk talk = { .line = true, .found = answer_then_close };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_say(&talk, session);
    talk_expect(&talk, "one|two|<close>");
    cr_assert_eq(test_recv(talk.peer, (char[8]){ 0 }, 8), -1);
    talk_end(&talk);
}

Test(test_chat_stop, close_from_outside_calls_no_hook_before_it_returns)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_send(&talk, session);
    confab_chat_close(talk.chat);
    talk_expect(&talk, "");
    run_quiet(talk.reactor);
    talk_expect(&talk, "<close>");
    talk_end(&talk);
}

/* -- abort -- */

Test(test_chat_stop, abort_in_handle_connect_ends_the_hooks)
{
    expect_end(&(struct talk){ .connect = do_abort }, "<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, abort_in_collect_ends_the_hooks)
{
    expect_end(&(struct talk){ .collect = collect_abort }, "one<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, abort_in_found_terminator_ends_the_hooks)
{
    expect_end(&(struct talk){ .found = do_abort }, "one|<close>", CONFAB_REASON_CLOSED);
}

Test(test_chat_stop, abort_in_handle_eof_ends_the_hooks)
{
    expect_end(&(struct talk){ .eof = do_abort }, "one|two|three|<eof><close>", CONFAB_REASON_CLOSED);
}

/* -- close_when_done -- */

Test(test_chat_stop, close_when_done_in_handle_connect_ends_the_input)
{
    expect_end(&(struct talk){ .connect = do_close_when_done }, "<close>", CONFAB_REASON_DONE);
}

Test(test_chat_stop, close_when_done_in_collect_ends_the_input)
{
    expect_end(&(struct talk){ .collect = collect_close_when_done }, "one<close>", CONFAB_REASON_DONE);
}

Test(test_chat_stop, close_when_done_in_found_terminator_ends_the_input)
{
    expect_end(&(struct talk){ .found = do_close_when_done }, "one|<close>", CONFAB_REASON_DONE);
}

Test(test_chat_stop, close_when_done_is_what_handle_eof_does_by_default)
{
    struct talk talk = { .bare = true };

    expect_end(&talk, "one|two|three|<close>", CONFAB_REASON_PEER_CLOSED);
}

/* Leaves output in the queue, so that the chat goes on for a while after close_when_done. */
static int reply_at_length_and_close(struct talk *talk)
{
    static const char reply[1 << 20];

    cr_assert_eq(confab_chat_push_reference(talk->chat, reply, sizeof reply, NULL, NULL), 0);
    confab_chat_close_when_done(talk->chat);
    return 0;
}

Test(test_chat_stop, input_after_close_when_done_is_not_delivered)
{
    struct talk talk = { .line = true, .found = reply_at_length_and_close, .options.high = 8 << 20 };
    char bytes[65536];

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    cr_assert_eq(confab_chat_state(talk.chat), CONFAB_STATE_DRAINING);
    talk_say(&talk, "three\n");
    talk_say_eof(&talk);
    talk_expect(&talk, "one|");
    while (!talk.closes) {
        cr_assert_geq(test_recv(talk.peer, bytes, sizeof bytes), 0);
        run_quiet(talk.reactor);
    }
    talk_expect(&talk, "one|<close>");
    talk_end(&talk);
}

/* -- discard_buffers -- */

Test(test_chat_stop, discard_in_collect_drops_the_rest_of_the_read)
{
    struct talk talk = { .line = true, .collect = discard_at_first_collect };

    talk_open(&talk);
    talk_say(&talk, session);
    talk_expect(&talk, "one");
    talk_say(&talk, "four\n");
    talk_expect(&talk, "onefour|");
    talk_end(&talk);
}

Test(test_chat_stop, discard_in_found_terminator_drops_the_rest_of_the_read)
{
    struct talk talk = { .line = true, .found = discard_at_first_found };

    talk_open(&talk);
    talk_say(&talk, session);
    talk_expect(&talk, "one|");
    talk_say(&talk, "four\n");
    talk_expect(&talk, "one|four|");
    talk_end(&talk);
}

Test(test_chat_stop, discard_drops_a_held_prefix)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    confab_chat_discard_buffers(talk.chat);
    talk_say(&talk, "\ntwo\r\n");
    talk_expect(&talk, "one\\ntwo|");
    talk_end(&talk);
}

Test(test_chat_stop, discard_drops_what_was_collected)
{
    struct talk talk = { .bytes = "\r\n", .collector = true };

    talk_open(&talk);
    talk_say(&talk, "one");
    confab_chat_discard_buffers(talk.chat);
    talk_say(&talk, "two\r\n");
    talk_expect(&talk, "two|");
    talk_end(&talk);
}

static int do_suspend(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return 0;
}

Test(test_chat_stop, discard_drops_what_is_pending)
{
    struct talk talk = { .line = true, .found = do_suspend };

    talk_open(&talk);
    talk_say(&talk, session);
    talk_expect(&talk, "one|");
    cr_assert_gt(confab_chat_pending_input(talk.chat), 0);
    confab_chat_discard_buffers(talk.chat);
    cr_assert_eq(confab_chat_pending_input(talk.chat), 0);
    confab_chat_resume(talk.chat);
    talk_say(&talk, "four\n");
    talk_expect(&talk, "one|four|");
    talk_end(&talk);
}

/* Pushes more than the peer takes, and more than the high watermark. */
static void push_much(struct talk *talk)
{
    static char much[1 << 20];

    cr_assert_eq(confab_chat_push(talk->chat, much, sizeof much), 0);
    run_quiet(talk->reactor);
    cr_assert_gt(confab_chat_output_size(talk->chat), 0);
}

Test(test_chat_stop, discard_of_output_that_waits_lets_reading_go_on)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    push_much(&talk);
    talk_say(&talk, "one\n");
    talk_expect(&talk, "");
    confab_chat_discard_buffers(talk.chat);
    cr_assert_eq(confab_chat_output_size(talk.chat), 0);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_stop, discard_of_output_that_waits_does_not_hold_up_close_when_done)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    push_much(&talk);
    confab_chat_discard_buffers(talk.chat);
    confab_chat_close_when_done(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    talk_end(&talk);
}

/* -- a hook that fails -- */

static void expect_failure(struct talk *talk, const char *trace)
{
    expect_end(talk, trace, CONFAB_REASON_HOOK);
    cr_assert_eq(talk->error, EIO);
}

Test(test_chat_stop, handle_connect_that_fails_closes_with_hook)
{
    expect_failure(&(struct talk){ .connect = do_fail }, "<close>");
}

Test(test_chat_stop, collect_that_fails_closes_with_hook)
{
    expect_failure(&(struct talk){ .collect = collect_fail }, "one<close>");
}

Test(test_chat_stop, found_terminator_that_fails_closes_with_hook)
{
    expect_failure(&(struct talk){ .found = do_fail }, "one|<close>");
}

Test(test_chat_stop, handle_eof_that_fails_closes_with_hook)
{
    expect_failure(&(struct talk){ .eof = do_fail }, "one|two|three|<eof><close>");
}

static int do_fail_by(struct talk *talk)
{
    return *(int *)talk->data;
}

Test(test_chat_stop, hook_that_fails_with_what_is_no_errno_leaves_an_error_all_the_same)
{
    int results[] = { INT_MIN, INT_MIN + 1, -70000, -65536, -40000 };

    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct talk talk = { .found = do_fail_by, .data = &results[i] };
        expect_end(&talk, "one|<close>", CONFAB_REASON_HOOK);
        cr_assert_gt(talk.error, 0, "%d for %d", talk.error, results[i]);
    }
}

/* -- after it -- */

static int close_and_ask(struct talk *talk)
{
    confab_chat *chat = talk->chat;

    confab_chat_close(chat);
    confab_chat_close(chat);
    confab_chat_suspend(chat);
    confab_chat_resume(chat);
    confab_chat_discard_buffers(chat);
    confab_chat_skip_message(chat);
    confab_chat_set_terminator_count(chat, 0);
    confab_chat_set_terminator(chat, ";", 1);
    confab_chat_collect(chat, "x", 1);
    cr_assert_eq(confab_chat_push(chat, "x", 1), -EPIPE);
    confab_chat_pending_input(chat);
    cr_assert_eq(confab_chat_state(chat), CONFAB_STATE_CLOSED);
    return 0;
}

Test(test_chat_stop, closed_chat_takes_any_call)
{
    expect_end(&(struct talk){ .found = close_and_ask }, "one|<close>", CONFAB_REASON_CLOSED);
}

static void call_all(struct talk *talk)
{
    close_and_ask(talk);
}

Test(test_chat_stop, chat_takes_any_call_in_handle_close)
{
    expect_end(&(struct talk){ .found = do_close, .close = call_all }, "one|<close>", CONFAB_REASON_CLOSED);
}
