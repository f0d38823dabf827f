/* max_message: which messages it bounds, and at which byte. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <string.h>

enum { LIMIT = 8 };

/* A talk's options with that limit. */
#define LIMITED .options.max_message = LIMIT

static int skip(struct talk *talk)
{
    confab_chat_skip_message(talk->chat);
    return 0;
}

/* -- at the exact byte, however split -- */

Test(test_chat_limits, message_of_bytes_may_be_as_long_as_the_limit)
{
    talk_every_cut(&(struct talk){ .bytes = "\r\n", LIMITED }, "12345678\r\n1234567\r\r\n",
                   "12345678|1234567\\r|");
    talk_every_cut(&(struct talk){ .bytes = "aab", LIMITED }, "123456aaaab", "123456aa|");
}

Test(test_chat_limits, message_of_bytes_is_too_long_at_the_byte_behind_the_limit)
{
    talk_every_cut(&(struct talk){ .bytes = "\r\n", LIMITED }, "123456789\r\n", "12345678<long><close>");
    talk_every_cut(&(struct talk){ .bytes = "\r\n", LIMITED }, "12345678\r\r\n", "12345678<long><close>");
    talk_every_cut(&(struct talk){ .bytes = "aab", LIMITED }, "1234567aaaabx", "1234567a<long><close>");
    talk_every_cut(&(struct talk){ .bytes = "aaaaaaaaaaab", LIMITED }, "1aaaaaaaaaac",
                   "1aaaaaaa<long><close>");
}

Test(test_chat_limits, prefix_of_the_terminator_does_not_count_while_it_is_held)
{
    struct talk talk = { .bytes = "\r\n", LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345678\r");
    talk_expect(&talk, "12345678");
    talk_say(&talk, "\n");
    talk_expect(&talk, "12345678|");
    talk_end(&talk);
}

Test(test_chat_limits, line_may_be_as_long_as_the_limit)
{
    talk_every_cut(&(struct talk){ .line = true, LIMITED }, "12345678\r\n12345678\n1234567\r\r\n",
                   "12345678|12345678|1234567\\r|");
}

Test(test_chat_limits, line_is_too_long_at_the_byte_behind_the_limit)
{
    talk_every_cut(&(struct talk){ .line = true, LIMITED }, "123456789\n", "12345678<long><close>");
    talk_every_cut(&(struct talk){ .line = true, LIMITED }, "12345678\r\r\n", "12345678<long><close>");
}

Test(test_chat_limits, message_with_the_collector_may_be_as_long_as_the_limit)
{
    talk_every_cut(&(struct talk){ .line = true, .collector = true, LIMITED }, "12345678\r\n1234567\r\r\n",
                   "12345678|1234567\\r|");
    talk_every_cut(&(struct talk){ .bytes = "aab", .collector = true, LIMITED }, "123456aaaab", "123456aa|");
    talk_every_cut(&(struct talk){ .count = LIMIT, .collector = true, LIMITED }, "12345678", "12345678|");
}

Test(test_chat_limits, message_with_the_collector_is_too_long_at_the_byte_behind_the_limit)
{
    talk_every_cut(&(struct talk){ .line = true, .collector = true, LIMITED }, "ok\n123456789\n",
                   "ok|<long><close>");
    talk_every_cut(&(struct talk){ .bytes = "aab", .collector = true, LIMITED }, "1234567aaaabx",
                   "<long><close>");
}

Test(test_chat_limits, count_with_the_collector_is_bounded)
{
    talk_every_cut(&(struct talk){ .count = LIMIT + 1, .collector = true, LIMITED }, "123456789",
                   "<long><close>");
}

Test(test_chat_limits, count_with_the_collector_may_be_over_the_limit_as_long_as_its_bytes_are_not)
{
    struct talk talk = { .count = LIMIT + 1, .collector = true, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345678");
    talk_expect(&talk, "");
    talk_say(&talk, "9");
    talk_expect(&talk, "<long><close>");
    talk_end(&talk);
}

Test(test_chat_limits, none_with_the_collector_is_bounded)
{
    talk_every_cut(&(struct talk){ .collector = true, LIMITED }, "12345678", "");
    talk_every_cut(&(struct talk){ .collector = true, LIMITED }, "123456789", "<long><close>");
}

Test(test_chat_limits, count_without_the_collector_is_the_plugins_word)
{
    talk_every_cut(&(struct talk){ .count = 12, LIMITED }, "123456789abc", "123456789abc|");
}

Test(test_chat_limits, none_without_the_collector_is_not_bounded)
{
    talk_every_cut(&(struct talk){ LIMITED }, "123456789abc", "123456789abc");
}

Test(test_chat_limits, false_prefix_at_eof_can_be_too_long)
{
    struct talk talk = { .bytes = "\r\n", LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345678\r");
    talk_say_eof(&talk);
    talk_expect(&talk, "12345678<long><close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_TOO_LONG);
    talk_end(&talk);
}

Test(test_chat_limits, part_of_a_false_prefix_at_eof_can_be_too_long)
{
    struct talk talk = { .bytes = "abcabd", LIMITED };

    talk_open(&talk);
    talk_say(&talk, "123456abcab");
    talk_say_eof(&talk);
    talk_expect(&talk, "123456ab<long><close>");
    talk_end(&talk);
}

/* -- a false prefix that goes over the limit -- */

static int suspend_at_limit(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    if (talk->collected == LIMIT)
        confab_chat_suspend(talk->chat);
    return 0;
}

Test(test_chat_limits, false_prefix_goes_over_the_limit_after_a_rest)
{
    struct talk talk = { .bytes = "aaaab", .collect = suspend_at_limit, .too_long = skip, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "1234567aaa");
    talk_say(&talk, "caaaabok");
    talk_expect(&talk, "1234567a");
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "1234567a<long>ok");
    talk_end(&talk);
}

Test(test_chat_limits, false_prefix_over_the_limit_is_searched_for_the_terminator)
{
    talk_every_cut(&(struct talk){ .bytes = "abcabd", .too_long = skip, LIMITED }, "123456abcabcabdok!",
                   "123456ab<long>ok!");
}

static int find_cab_at_limit(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collected == LIMIT ? confab_chat_set_terminator(talk->chat, "cab", 3) : 0;
}

Test(test_chat_limits, terminator_set_at_the_limit_rules_the_rest_of_a_false_prefix)
{
    talk_every_cut(&(struct talk){ .bytes = "abcabd", .collect = find_cab_at_limit, LIMITED },
                   "123456abcabc!", "123456ab|c!");
}

/* -- what the plugin's own collect gives to the collector -- */

static int collect_three_times(struct talk *talk, const char *data, size_t len)
{
    for (int i = 0; i < 3; i++) {
        int error = confab_chat_collect(talk->chat, data, len);

        if (error)
            return error;
    }
    return 0;
}

Test(test_chat_limits, collector_is_bounded_also_where_the_plugin_calls_it)
{
    struct talk talk = { .line = true, .collect = collect_three_times, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "ab\nabc\n");
    talk_expect(&talk, "ab|abc<long><close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_TOO_LONG);
    talk_end(&talk);
}

static int collect_and_close(struct talk *talk, const char *data, size_t len)
{
    confab_chat_collect(talk->chat, data, len);
    confab_chat_collect(talk->chat, data, len);
    confab_chat_close(talk->chat);
    return 0;
}

Test(test_chat_limits, close_in_collect_is_the_end_though_the_collector_is_full)
{
    struct talk talk = { .line = true, .collect = collect_and_close, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345\n");
    talk_expect(&talk, "12345<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_CLOSED);
    talk_end(&talk);
}

static int collect_and_discard(struct talk *talk, const char *data, size_t len)
{
    confab_chat_collect(talk->chat, data, len);
    confab_chat_collect(talk->chat, data, len);
    confab_chat_discard_buffers(talk->chat);
    return 0;
}

Test(test_chat_limits, discard_in_collect_empties_a_full_collector)
{
    struct talk talk = { .line = true, .collect = collect_and_discard, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345\n");
    talk_expect(&talk, "12345");
    talk_say(&talk, "6789\n");
    talk_expect(&talk, "123456789");
    talk_end(&talk);
}

static int collect_and_suspend(struct talk *talk, const char *data, size_t len)
{
    confab_chat_collect(talk->chat, data, len);
    confab_chat_collect(talk->chat, data, len);
    confab_chat_suspend(talk->chat);
    return 0;
}

Test(test_chat_limits, suspended_in_collect_a_full_collector_is_told_of_on_resume)
{
    struct talk talk = { .line = true, .collect = collect_and_suspend, .too_long = skip, LIMITED };

    talk_open(&talk);
    talk_say(&talk, "12345\nok\n");
    talk_expect(&talk, "12345");
    confab_chat_resume(talk.chat);
    run_quiet(talk.reactor);
    talk_expect(&talk, "12345<long>ok");
    talk_end(&talk);
}

/* -- the default -- */

/* Sends n bytes and a line end. */
static void say_long_line(struct talk *talk, size_t n)
{
    static char bytes[65536];
    size_t sent = 0;

    memset(bytes, 'x', sizeof bytes);
    while (sent < n && !talk->closes) {
        size_t some = n - sent < sizeof bytes ? n - sent : sizeof bytes;

        sent += test_send_some(talk->peer, bytes, some);
        run_quiet(talk->reactor);
    }
    if (!talk->closes)
        talk_say(talk, "\n");
}

Test(test_chat_limits, limit_is_1_mib_by_default)
{
    struct talk talk = { .line = true, .collector = true, .mute = true };

    talk_open(&talk);
    say_long_line(&talk, 1 << 20);
    cr_assert_eq(talk.collected, 1 << 20);
    say_long_line(&talk, (1 << 20) + 1);
    talk_expect(&talk, "<long><close>");
    talk_end(&talk);
}

Test(test_chat_limits, limit_can_be_taken_away)
{
    struct talk talk = {
        .line = true, .collector = true, .mute = true, .options.max_message = CONFAB_UNLIMITED
    };

    talk_open(&talk);
    say_long_line(&talk, 3 << 20);
    cr_assert_eq(talk.collected, 3 << 20);
    talk_end(&talk);
}

Test(test_chat_limits, limit_can_be_changed_while_the_chat_runs)
{
    struct talk talk = { .line = true, LIMITED };
    struct confab_chat_options options = { .size = sizeof options, .max_message = LIMIT + 2 };

    talk_open(&talk);
    talk_say(&talk, "12345678");
    cr_assert_eq(confab_chat_set_options(talk.chat, &options), 0);
    talk_say(&talk, "9A\n123456789AB");
    talk_expect(&talk, "123456789A|123456789A<long><close>");
    talk_end(&talk);
}
