/* test_cpython.c: what CPython's own tests ask of asynchat (Lib/test/test_asynchat.py), asked of confab: a test here for
 * each method there, whose name it begins with; test_cpython_asyncore.c does the same for asyncore.  The
 * situations are the same, over TCP; where confab's answer is meant to differ, a comment says so.
 *
 * TestAsynchat_WithPoll runs TestAsynchat again with poll(2): here each test runs once for each backend.
 *
 * What does not apply, or only in part:
 *   TestAsynchat.test_push: that push refuses what is no bytes is the compiler's work.
 *   TestNotConnected.test_disallow_negative_terminator: a count is an unsigned number; the terminators that can be
 *   asked for and cannot be are refused. */
#include "chat_support.h"
#include "stub_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

TestSuite(cpython, .timeout = 60);

/* -- The echo server there, and what its clients do ----------------------- */

static const char quit[] = "QUIT\n";

/* The server takes all up to QUIT, leaves that out, and gives the rest back in chunks, each of which is a read. */
static void echo_back(struct talk *talk, size_t chunk)
{
    char text[256] = "";
    ssize_t len;

    run_quiet(talk->reactor);
    len = test_recv(talk->peer, text, sizeof text - 1);
    cr_assert_geq(len, (ssize_t)strlen(quit), "the server has got %zd bytes", len);
    len -= (ssize_t)strlen(quit);
    cr_assert_str_eq(text + len, quit, "the server has got \"%s\"", text);
    for (size_t at = 0; at < (size_t)len; at += chunk)
        talk_say_bytes(talk, text + at, (size_t)len - at < chunk ? (size_t)len - at : chunk);
}

static void check_line_terminator(const char *terminator)
{
    for (size_t chunk = 1; chunk <= 3; chunk++) {
        struct talk talk = { .tcp = true, .bytes = terminator };

        talk_open(&talk);
        cr_assert_eq(confab_chat_puts(talk.chat, "the first "), 0);
        cr_assert_eq(confab_chat_printf(talk.chat, "line%s", terminator), 0);
        cr_assert_eq(confab_chat_printf(talk.chat, "another one%s", terminator), 0);
        cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
        echo_back(&talk, chunk);
        talk_expect(&talk, "the first line|another one|");
        talk_end(&talk);
    }
}

/* TestAsynchat.test_line_terminator1 */
Test(cpython, asynchat_line_terminator1_of_one_byte_in_chunks_of_1_to_3)
{
    check_line_terminator("\n");
}

/* TestAsynchat.test_line_terminator2 */
Test(cpython, asynchat_line_terminator2_of_two_bytes_in_chunks_of_1_to_3)
{
    check_line_terminator("\r\n");
}

/* TestAsynchat.test_line_terminator3 */
Test(cpython, asynchat_line_terminator3_of_three_bytes_in_chunks_of_1_to_3)
{
    check_line_terminator("qqq");
}

static void check_numeric_terminator(uint64_t count, size_t chunk, const char *trace)
{
    struct talk talk = { .tcp = true, .count = count };

    talk_open(&talk);
    cr_assert_eq(confab_chat_puts(talk.chat, "hello, world\n"), 0);
    cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
    echo_back(&talk, chunk);
    talk_expect(&talk, trace);
    talk_end(&talk);
}

/* TestAsynchat.test_numeric_terminator1 */
Test(cpython, asynchat_numeric_terminator1_ends_one_message_after_one_byte)
{
    check_numeric_terminator(1, 1, "h|ello, world\\n");
    check_numeric_terminator(1, 100, "h|ello, world\\n");
}

/* TestAsynchat.test_numeric_terminator2 */
Test(cpython, asynchat_numeric_terminator2_ends_one_message_after_six_bytes)
{
    check_numeric_terminator(6, 1, "hello,| world\\n");
    check_numeric_terminator(6, 100, "hello,| world\\n");
}

/* TestAsynchat.test_none_terminator */
Test(cpython, asynchat_none_terminator_collects_all_and_never_ends_a_message)
{
    struct talk talk = { .tcp = true };

    talk_open(&talk);
    cr_assert_eq(confab_chat_puts(talk.chat, "hello\nworld\n"), 0);
    cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
    echo_back(&talk, 1);
    talk_say_eof(&talk);
    talk_expect(&talk, "hello\\nworld\\n<eof><close>");
    cr_assert_eq(talk.founds, 0);
    talk_end(&talk);
}

static void check_producer(size_t buffer_size)
{
    static const char text[] = "hello world\nagain\nQUIT\n";
    struct talk talk = { .tcp = true, .bytes = "\n" };

    talk_open(&talk);
    cr_assert_eq(confab_chat_push_with_producer(
                     talk.chat, &confab_simple_producer_ops,
                     confab_simple_producer_new(text, sizeof text - 1, buffer_size, NULL, NULL)),
                 0);
    echo_back(&talk, 1);
    talk_expect(&talk, "hello world|again|");
    talk_end(&talk);
}

/* TestAsynchat.test_simple_producer */
Test(cpython, asynchat_simple_producer_in_pieces_of_8_bytes_sends_them_all)
{
    check_producer(8);
}

/* TestAsynchat.test_string_producer: there, bytes are made a producer by push_with_producer. */
Test(cpython, asynchat_string_producer_sends_bytes_that_were_given_as_they_are)
{
    check_producer(0);
}

/* TestAsynchat.test_empty_line */
Test(cpython, asynchat_empty_line_is_a_message)
{
    struct talk talk = { .tcp = true, .bytes = "\n" };

    talk_open(&talk);
    cr_assert_eq(confab_chat_puts(talk.chat, "hello world\n\nagain\n"), 0);
    cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
    echo_back(&talk, 1);
    talk_expect(&talk, "hello world||again|");
    talk_end(&talk);
}

/* TestAsynchat.test_close_when_done */
Test(cpython, asynchat_close_when_done_sends_what_was_pushed_and_hears_no_answer)
{
    struct talk talk = { .tcp = true, .bytes = "\n" };
    char more;

    talk_open(&talk);
    cr_assert_eq(confab_chat_puts(talk.chat, "hello world\nagain\n"), 0);
    cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
    confab_chat_close_when_done(talk.chat);
    run_until_set(talk.reactor, &talk.closes);
    test_send_some(talk.peer, "an answer\n", 10);
    run_quiet(talk.reactor);
    test_expect(talk.peer, "hello world\nagain\nQUIT\n");
    cr_assert_eq(test_recv(talk.peer, &more, 1), -1, "nothing is behind it");
    talk_expect(&talk, "<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    talk_end(&talk);
}

/* TestAsynchat.test_push: there, what may be pushed is bytes, a bytearray or a memoryview. */
Test(cpython, asynchat_push_takes_bytes_to_copy_to_share_and_to_borrow)
{
    static const char line[] = "bytes\n";
    struct talk talk = { .tcp = true, .bytes = "\n" };

    talk_open(&talk);
    cr_assert_eq(confab_chat_push(talk.chat, line, sizeof line - 1), 0);
    cr_assert_eq(confab_chat_push_buffer(talk.chat, confab_buffer_new(line, sizeof line - 1)), 0);
    cr_assert_eq(confab_chat_push_reference(talk.chat, line, sizeof line - 1, NULL, NULL), 0);
    cr_assert_eq(confab_chat_puts(talk.chat, quit), 0);
    echo_back(&talk, 1);
    talk_expect(&talk, "bytes|bytes|bytes|");
    talk_end(&talk);
}

/* TestAsynchatMocked.test_blockingioerror */
Test(cpython, asynchat_blockingioerror_is_no_error_and_no_end)
{
    struct talk talk = { .bytes = "\n" };

    talk_open(&talk);
    run_quiet(talk.reactor);
    stub_io(talk.reactor);
    stub_recv_error = -EAGAIN;
    talk_send(&talk, "hello\n");
    for (int i = 0; i < 3; i++)
        talk_turn(&talk);
    talk_expect(&talk, "");
    stub_recv_error = 0;
    run_quiet(talk.reactor);
    talk_expect(&talk, "hello|");
    talk_end(&talk);
}

/* TestHelperFunctions.test_find_prefix_at_end: there is no such function, but what it is for. */
Test(cpython, asynchat_find_prefix_at_end_is_held_back_and_no_more_than_that)
{
    struct talk with = { .tcp = true, .bytes = "\r\n" }, without = { .tcp = true, .bytes = "\r\n" };

    talk_open(&with);
    talk_say(&with, "prompt\r");
    talk_expect(&with, "prompt");
    talk_end(&with);
    talk_open(&without);
    talk_say(&without, "promptly");
    talk_expect(&without, "promptly");
    talk_end(&without);
}

/* TestNotConnected.test_disallow_negative_terminator */
Test(cpython, asynchat_disallow_negative_terminator_one_that_cannot_be_is_refused_before_it_is_connected)
{
    static char long_one[CONFAB_TERMINATOR_MAX + 1];
    struct talk talk = { 0 };

    talk_open(&talk);
    cr_assert_eq(confab_chat_state(talk.chat), CONFAB_STATE_CONNECTING);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, "\n", 1), 0);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, "", 0), -EINVAL);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, "ab", 2, 2), -EINVAL);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, long_one, sizeof long_one), -EMSGSIZE);
    talk_say(&talk, "hello\n");
    talk_expect(&talk, "hello|");
    talk_end(&talk);
}

/* -- Behind what is tested there ------------------------------------------- */

/* There, a count of 0 collects for ever. */
Test(cpython, numeric_terminator_of_0_is_an_empty_message)
{
    struct talk talk = { .tcp = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    confab_chat_set_terminator_count(talk.chat, 0);
    talk_say(&talk, "hello");
    talk_expect(&talk, "|hello");
    talk_end(&talk);
}

Test(cpython, discard_buffers_forgets_both_ways)
{
    struct talk talk = { .tcp = true, .bytes = "\n", .collector = true };

    talk_open(&talk);
    talk_say(&talk, "hel");
    confab_chat_puts(talk.chat, "never sent");
    confab_chat_discard_buffers(talk.chat);
    talk_say(&talk, "lo\n");
    talk_expect(&talk, "lo|");
    run_quiet(talk.reactor);
    test_expect(talk.peer, "");
    talk_end(&talk);
}
