/* test_chat_cursor.c: what a hook pushes counts at once: for all that it asks and forbids between two pushes, and
 * whatever sends in the midst of it. */
#include "chat_support.h"
#include "core/chat.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

/* What lies between the pushes, and what the one behind it came to. */
struct between {
    void (*call)(confab_chat *);
    int third;
};

/* The first line sees to it that a chunk lies ready; the second pushes, does what is between, and pushes again. */
static int push_around(struct talk *talk)
{
    struct between *between = talk->data;

    if (talk->founds == 1)
        return confab_chat_puts(talk->chat, "ready ");
    cr_assert_eq(confab_chat_puts(talk->chat, "one "), 0);
    cr_assert_eq(confab_chat_puts(talk->chat, "two "), 0);
    between->call(talk->chat);
    between->third = confab_chat_puts(talk->chat, "three ");
    return 0;
}

/* received: NULL: nothing, and the connection is closed. */
static void around(void (*call)(confab_chat *), int third, const char *received)
{
    char rest;
    struct between between = { .call = call };
    struct talk talk = { .collector = true, .line = true, .found = push_around, .data = &between };

    talk_open(&talk);
    talk_say(&talk, "a\n");
    test_expect(talk.peer, "ready ");
    talk_say(&talk, "b\n");
    cr_expect_eq(between.third, third, "%d", between.third);
    if (received)
        test_expect(talk.peer, received);
    else
        cr_expect_leq(test_recv(talk.peer, &rest, 1), 0);
    talk_end(&talk);
}

static void expect_eight(confab_chat *chat)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    cr_expect_eq(confab_chat_output_size(chat), 8);
    confab_chat_get_stats(chat, &stats);
    cr_expect_eq(stats.output_size, 8);
}

Test(chat_cursor, bytes_that_wait_are_those_that_this_hook_has_pushed_too)
{
    around(expect_eight, 0, "one two three ");
}

Test(chat_cursor, close_when_done_sends_what_came_before_it_and_takes_no_more)
{
    around(confab_chat_close_when_done, -EPIPE, "one two ");
}

Test(chat_cursor, shutdown_sends_what_came_before_it_and_takes_no_more)
{
    around(confab_chat_shutdown, -EPIPE, "one two ");
}

Test(chat_cursor, close_drops_what_came_before_it_and_takes_no_more)
{
    around(confab_chat_close, -EPIPE, NULL);
}

Test(chat_cursor, discard_drops_what_came_before_it_and_takes_more)
{
    around(confab_chat_discard_buffers, 0, "three ");
}

static void push_a_reference(confab_chat *chat)
{
    cr_assert_eq(confab_chat_push_reference(chat, "and ", 4, NULL, NULL), 0);
}

Test(chat_cursor, a_reference_keeps_its_place)
{
    around(push_a_reference, 0, "one two and three ");
}

static void push_nothing(confab_chat *chat)
{
    cr_assert_eq(confab_chat_push(chat, NULL, 0), 0);
}

Test(chat_cursor, a_push_of_nothing_changes_nothing)
{
    around(push_nothing, 0, "one two three ");
}

static void push_no_buffer(confab_chat *chat)
{
    cr_assert_eq(confab_chat_push_buffer(chat, NULL), -ENOMEM);
}

Test(chat_cursor, after_memory_was_short_nothing_is_taken)
{
    around(push_no_buffer, -ENOMEM, NULL);
}

static void limit_to_five(confab_chat *chat)
{
    struct confab_chat_options options = { .size = sizeof options, .output_limit = 5 };

    cr_assert_eq(confab_chat_set_options(chat, &options), 0);
}

Test(chat_cursor, a_limit_that_was_lowered_binds_the_next_push)
{
    around(limit_to_five, -ENOBUFS, NULL);
}

/* -- Sending in the midst of delivering ------------------------------------------------------ */

/* A producer that pushes behind itself when it is first asked. */
static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    int *asked = self;

    (void)want;
    if (++*asked > 1)
        return 0;
    cr_assert_eq(confab_chat_puts(chat, "behind "), 0);
    cr_assert_eq(confab_chat_puts(chat, "all "), 0);
    cr_assert_eq(confab_chat_puts(chat, "that "), 0);
    *bytes = "produced ";
    return 9;
}

static const struct confab_producer_ops producer_ops = { .size = sizeof producer_ops, .more = more };

enum { HIGH = 16, HIGH_OF_TEXT = 1000, TEXT = 1100 };

/* Goes over the high mark with the first of two lines, so that is sent before the second is delivered. */
static int push_over(struct talk *talk)
{
    char text[TEXT];

    if (talk->founds == 1)
        return confab_chat_puts(talk->chat, "ready ");
    if (talk->founds > 2)
        return confab_chat_puts(talk->chat, "last");
    memset(text, 'x', sizeof text);
    cr_assert_eq(confab_chat_push(talk->chat, text, sizeof text), 0);
    return confab_chat_push_with_producer(talk->chat, &producer_ops, talk->data);
}

Test(chat_cursor, a_producer_that_pushes_while_the_high_mark_has_it_asked_keeps_the_order)
{
    int asked = 0;
    struct talk talk = { .collector = true,
                         .line = true,
                         .found = push_over,
                         .data = &asked,
                         .options = { .low = 1, .high = HIGH_OF_TEXT } };
    char text[TEXT];

    talk_open(&talk);
    talk_say(&talk, "a\n");
    test_expect(talk.peer, "ready ");
    talk_say(&talk, "b\nc\n");
    cr_assert_eq(test_recv(talk.peer, text, sizeof text), TEXT);
    test_expect(talk.peer, "produced behind all that last");
    talk_end(&talk);
}

/* Goes over the high mark, thinks better of it, and pushes little. */
static int push_over_and_discard(struct talk *talk)
{
    if (talk->founds == 1)
        return confab_chat_puts(talk->chat, "ready ");
    cr_assert_eq(confab_chat_puts(talk->chat, "more than the high mark "), 0);
    confab_chat_discard_buffers(talk->chat);
    cr_assert_eq(confab_chat_puts(talk->chat, "one "), 0);
    return confab_chat_puts(talk->chat, "two ");
}

Test(chat_cursor, what_is_pushed_after_a_discard_of_too_much_is_sent)
{
    struct talk talk = {
        .collector = true, .line = true, .found = push_over_and_discard, .options = { .low = 1, .high = HIGH }
    };

    talk_open(&talk);
    talk_say(&talk, "a\n");
    test_expect(talk.peer, "ready ");
    talk_say(&talk, "b\n");
    test_expect(talk.peer, "one two ");
    talk_end(&talk);
}

static int push_and_fail(struct talk *talk)
{
    if (talk->founds == 1)
        return confab_chat_puts(talk->chat, "ready ");
    confab_chat_puts(talk->chat, "one ");
    confab_chat_puts(talk->chat, "two ");
    return -EIO;
}

Test(chat_cursor, what_a_hook_pushed_before_it_failed_is_sent)
{
    struct talk talk = { .collector = true, .line = true, .found = push_and_fail };

    talk_open(&talk);
    talk_say(&talk, "a\n");
    test_expect(talk.peer, "ready ");
    talk_say(&talk, "b\n");
    test_expect(talk.peer, "one two ");
    talk_end(&talk);
}

/* -- The chunk that lies ready ----------------------------------------------------------------- */

static int push_once(struct talk *talk)
{
    return talk->founds == 1 ? confab_chat_puts(talk->chat, "ready ") : 0;
}

Test(chat_cursor, an_event_that_pushes_nothing_leaves_its_chunk_to_others)
{
    struct talk talk = { .collector = true, .line = true, .found = push_once };

    talk_open(&talk);
    talk_say(&talk, "a\n");
    cr_assert_eq(talk.chat->channel.reactor->chunks_kept, 1);
    talk_say(&talk, "b\nnot a whole line");
    cr_expect_eq(talk.chat->channel.reactor->chunks_kept, 1);
    cr_expect_not_null(talk.chat->channel.reactor->chunks);
    cr_expect_eq(confab_chat_output_size(talk.chat), 0);
    talk_end(&talk);
}
