/* What CPython's own tests ask of asynchat, asked of confab: the same
 * situations over TCP, with confab's answer where it is meant to differ. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Sends a text in chunks, each of which is a read. */
static void say_in_chunks(struct talk *talk, const char *text, size_t chunk)
{
    size_t len = strlen(text);

    for (size_t at = 0; at < len; at += chunk)
        talk_say_bytes(talk, text + at, len - at < chunk ? len - at : chunk);
}

static void check_line_terminator(const char *terminator, size_t chunk)
{
    struct talk talk = { .tcp = true, .bytes = terminator };
    char text[64];

    snprintf(text, sizeof text, "hello, %sworld%s", terminator, terminator);
    talk_open(&talk);
    say_in_chunks(&talk, text, chunk);
    talk_expect(&talk, "hello, |world|");
    talk_end(&talk);
}

Test(test_cpython, line_terminators_of_1_to_3_bytes_in_chunks_of_1_to_3)
{
    static const char *const terminators[] = { "\n", "\r\n", "qqq" };

    for (size_t i = 0; i < sizeof terminators / sizeof terminators[0]; i++)
        for (size_t chunk = 1; chunk <= 3; chunk++)
            check_line_terminator(terminators[i], chunk);
}

static void check_numeric_terminator(uint64_t count, size_t chunk, const char *trace)
{
    struct talk talk = { .tcp = true, .count = count };

    talk_open(&talk);
    say_in_chunks(&talk, "hello, world", chunk);
    talk_expect(&talk, trace);
    talk_end(&talk);
}

Test(test_cpython, numeric_terminator_ends_one_message)
{
    check_numeric_terminator(1, 100, "h|ello, world");
    check_numeric_terminator(6, 100, "hello,| world");
    check_numeric_terminator(6, 1, "hello,| world");
}

/* There, a count of 0 collects for ever. */
Test(test_cpython, numeric_terminator_of_0_is_an_empty_message)
{
    struct talk talk = { .tcp = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    confab_chat_set_terminator_count(talk.chat, 0);
    talk_say(&talk, "hello");
    talk_expect(&talk, "|hello");
    talk_end(&talk);
}

Test(test_cpython, none_terminator_never_ends_a_message)
{
    struct talk talk = { .tcp = true };

    talk_open(&talk);
    say_in_chunks(&talk, "hello\nworld\n", 5);
    talk_say_eof(&talk);
    talk_expect(&talk, "hello\\nworld\\n<eof><close>");
    talk_end(&talk);
}

Test(test_cpython, empty_lines_are_messages)
{
    struct talk talk = { .tcp = true, .bytes = "\n" };

    talk_open(&talk);
    talk_say(&talk, "hello\n\nworld\n");
    talk_expect(&talk, "hello||world|");
    talk_end(&talk);
}

static void expect_received(struct talk *talk, const char *text)
{
    char received[256] = { 0 };

    run_quiet(talk->reactor);
    test_recv(talk->peer, received, sizeof received - 1);
    cr_assert_str_eq(received, text);
}

static int push_simple_producer(struct talk *talk)
{
    static const char text[] = "hello\nworld\n";
    void *producer = confab_simple_producer_new(text, sizeof text - 1, 8, NULL, NULL);

    return confab_chat_push_with_producer(talk->chat, &confab_simple_producer_ops, producer);
}

Test(test_cpython, simple_producer_is_asked_until_its_end)
{
    struct talk talk = { .tcp = true, .connect = push_simple_producer };

    talk_open(&talk);
    expect_received(&talk, "hello\nworld\n");
    talk_end(&talk);
}

static int push_and_close(struct talk *talk)
{
    confab_chat_puts(talk->chat, "good");
    confab_chat_puts(talk->chat, "bye");
    confab_chat_close_when_done(talk->chat);
    return 0;
}

Test(test_cpython, close_when_done_sends_what_was_pushed_and_hears_no_more)
{
    struct talk talk = { .tcp = true, .bytes = "\n", .found = push_and_close };

    talk_open(&talk);
    talk_say(&talk, "hello\nworld\n");
    expect_received(&talk, "goodbye");
    talk_expect(&talk, "hello|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    talk_end(&talk);
}

Test(test_cpython, prefix_at_the_end_is_kept_back_and_no_more_than_that)
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

Test(test_cpython, discard_buffers_forgets_both_ways)
{
    struct talk talk = { .tcp = true, .bytes = "\n", .collector = true };

    talk_open(&talk);
    talk_say(&talk, "hel");
    confab_chat_puts(talk.chat, "never sent");
    confab_chat_discard_buffers(talk.chat);
    talk_say(&talk, "lo\n");
    talk_expect(&talk, "lo|");
    expect_received(&talk, "");
    talk_end(&talk);
}
