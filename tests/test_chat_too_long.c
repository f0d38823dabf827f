/* A message that is too long: what becomes of the chat, and what
 * handle_too_long can do about it. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { LIMIT = 8 };

/* A talk's options with that limit. */
#define LIMITED .options.max_message = LIMIT

static int skip(struct talk *talk)
{
    confab_chat_skip_message(talk->chat);
    return 0;
}

static int reply_and_close(struct talk *talk)
{
    confab_chat_puts(talk->chat, "too long\n");
    confab_chat_close_when_done(talk->chat);
    return 0;
}

/* -- what becomes of it -- */

Test(test_chat_too_long, too_long_closes_by_default)
{
    struct talk talk = { .line = true, .bare = true, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456789ABC\nok\n");
    talk_expect(&talk, "12345678<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_TOO_LONG);
    talk_end(&talk);
}

Test(test_chat_too_long, too_long_closes_where_the_hook_does_nothing_about_it)
{
    struct talk talk = { .line = true, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456789ABC\nok\n");
    talk_expect(&talk, "12345678<long><close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_TOO_LONG);
    talk_end(&talk);
}

static int fail(struct talk *talk)
{
    (void)talk;
    return -EIO;
}

Test(test_chat_too_long, handle_too_long_that_fails_closes_with_hook)
{
    struct talk talk = { .line = true, .too_long = fail, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456789\n");
    talk_expect(&talk, "12345678<long><close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    talk_end(&talk);
}

/* -- skip_message -- */

Test(test_chat_too_long, skipped_message_is_dropped_up_to_its_terminator)
{
    talk_every_cut(&(struct talk){ .bytes = "\r\n", .too_long = skip, LIMITED },
                   "123456789AB\rC\r\nok\r\n12345678\r\r\n\r\nend\r\n",
                   "12345678<long>ok|12345678<long>|end|");
}

Test(test_chat_too_long, skipped_line_is_dropped_up_to_its_end)
{
    talk_every_cut(&(struct talk){ .line = true, .too_long = skip, LIMITED },
                   "123456789AB\rC\r\nok\n12345678\r\r\n\nend\n", "12345678<long>ok|12345678<long>|end|");
}

Test(test_chat_too_long, skipped_message_is_not_in_the_collector)
{
    talk_every_cut(&(struct talk){ .line = true, .collector = true, .too_long = skip, LIMITED },
                   "123456789AB\nok\n123456789\n\n12345678\n", "<long>ok|<long>|12345678|");
}

Test(test_chat_too_long, skipped_message_calls_too_long_once)
{
    struct talk talk = { .line = true, .too_long = skip, LIMITED };

    talk_open(&talk);
    for (int i = 0; i < 10; i++)
        talk_say(&talk, "0123456789");
    talk_say(&talk, "\nok\n");
    talk_expect(&talk, "01234567<long>ok|");
    talk_end(&talk);
}

Test(test_chat_too_long, skipped_message_may_end_with_the_stream)
{
    struct talk talk = { .line = true, .too_long = skip, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456789\r");
    talk_say_eof(&talk);
    talk_expect(&talk, "12345678<long><eof><close>");
    talk_end(&talk);
}

/* -- other things to do there -- */

Test(test_chat_too_long, handle_too_long_may_reply_and_close)
{
    struct talk talk = { .line = true, .too_long = reply_and_close, LIMITED };
    char reply[32] = { 0 };

    talk_open(&talk);
    talk_say(&talk, "123456789ABC\nok\n");
    talk_expect(&talk, "12345678<long><close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE, "closed with %s", confab_reason_name(talk.reason));
    cr_assert_eq(test_recv(talk.peer, reply, sizeof reply), 9);
    cr_assert_str_eq(reply, "too long\n");
    talk_end(&talk);
}

Test(test_chat_too_long, close_when_done_over_a_false_prefix_ends_the_hooks)
{
    talk_every_cut(&(struct talk){ .bytes = "\r\n", .too_long = reply_and_close, LIMITED }, "12345678\r\r..",
                   "12345678<long><close>");
}

static int look_at_message(struct talk *talk)
{
    size_t len;

    talk_note(talk, confab_chat_message(talk->chat, &len));
    return skip(talk);
}

Test(test_chat_too_long, handle_too_long_may_look_at_what_was_collected)
{
    talk_every_cut(&(struct talk){ .line = true, .collector = true, .too_long = look_at_message, LIMITED },
                   "123456789\nok\n", "<long>12345678ok|");
}

static int discard(struct talk *talk)
{
    confab_chat_discard_buffers(talk->chat);
    return 0;
}

Test(test_chat_too_long, handle_too_long_may_discard_what_came_and_go_on)
{
    struct talk talk = { .bytes = "\r\n", .too_long = discard, .options.max_message = 5 };

    talk_open(&talk);
    talk_say(&talk, "1234567\r\ntwo\r\n");
    talk_expect(&talk, "12345<long>");
    talk_say(&talk, "three\r\n");
    talk_expect(&talk, "12345<long>three|");
    talk_end(&talk);
}

static int suspend_and_skip(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return skip(talk);
}

Test(test_chat_too_long, handle_too_long_may_suspend)
{
    struct talk talk = { .line = true, .too_long = suspend_and_skip, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456789ABC\nok\n");
    talk_expect(&talk, "12345678<long>");
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "12345678<long>ok|");
    talk_end(&talk);
}
