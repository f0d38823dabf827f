/* test_chat_hang_up.c: what arrived before a hang-up is delivered whole, whatever the connection is made of. */
#include "chat_support.h"
#include "family_support.h"
#include <stdio.h>

enum { BYTES = 300000, LINES = 1000 };

/* A line is a number; the last one has no end, but for a front of one. */
static size_t make_lines(char *text, size_t room)
{
    size_t len = 0;

    for (int i = 1; i <= LINES; i++)
        len += (size_t)snprintf(text + len, room - len, "%d\r\n", i);
    return len + (size_t)snprintf(text + len, room - len, "rest\r");
}

static int check_number(struct talk *talk)
{
    cr_assert_eq(atoi(confab_chat_message(talk->chat, NULL)), talk->founds);
    return 0;
}

static int check_rest(struct talk *talk)
{
    cr_assert_str_eq(confab_chat_message(talk->chat, NULL), "rest\r");
    confab_chat_close_when_done(talk->chat);
    return 0;
}

/* Says the lines over a connection of this kind, and hangs up before the loop looks (lively: after the first turn). */
static void hang_up_behind_lines(enum family family, bool lively)
{
    static char text[LINES * 8];
    size_t len = make_lines(text, sizeof text);
    struct talk talk = { .collector = true,
                         .unasked = true,
                         .mute = true,
                         .bytes = "\r\n",
                         .found = check_number,
                         .eof = check_rest };
    int pair[2];

    if (!family_connect(family, pair))
        return;
    talk.pair = pair;
    talk_open(&talk);
    if (lively)
        run_quiet(talk.reactor);
    family_write_and_hang_up(talk.reactor, talk.peer, text, len);
    talk.peer = -1;
    run_until_set(talk.reactor, &talk.closes);
    cr_assert_eq(talk.founds, LINES, "%d messages over %s", talk.founds, family_names[family]);
    cr_assert_str_eq(talk.trace, "<eof><close>", "%s over %s", talk.trace, family_names[family]);
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE, "%s over %s", confab_reason_name(talk.reason),
                 family_names[family]);
    talk_end(&talk);
}

static const char *pattern;

static int check_pattern(struct talk *talk, const char *data, size_t len)
{
    cr_assert_leq(talk->collected, BYTES);
    cr_assert_eq(memcmp(data, pattern + talk->collected - len, len), 0, "other bytes than were sent");
    return 0;
}

/* Says more than such a connection holds, and hangs up while some of it is not read. */
static void hang_up_behind_bytes(enum family family)
{
    struct talk talk = { .mute = true, .collect = check_pattern };
    char *bytes = test_pattern(BYTES);
    int pair[2];

    if (family_connect(family, pair)) {
        pattern = bytes;
        talk.pair = pair;
        talk_open(&talk);
        family_write_and_hang_up(talk.reactor, talk.peer, bytes, BYTES);
        talk.peer = -1;
        run_until_set(talk.reactor, &talk.closes);
        cr_assert_eq(talk.collected, BYTES, "%zu bytes over %s", talk.collected, family_names[family]);
        cr_assert_str_eq(talk.trace, "<eof><close>", "%s over %s", talk.trace, family_names[family]);
        talk_end(&talk);
    }
    free(bytes);
}

static void hang_up(enum family family)
{
    hang_up_behind_lines(family, false);
    hang_up_behind_lines(family, true);
    hang_up_behind_bytes(family);
}

Test(chat_hang_up, over_a_unix_socket_loses_nothing)
{
    hang_up(OVER_UNIX);
}

Test(chat_hang_up, over_tcp_on_ipv4_loses_nothing)
{
    hang_up(OVER_TCP);
}

Test(chat_hang_up, over_tcp_on_ipv6_loses_nothing)
{
    int pair[2];

    if (!family_connect(OVER_TCP6, pair))
        cr_skip_test("there is no IPv6 here");
    hang_up(OVER_TCP6);
}

Test(chat_hang_up, of_a_pipe_loses_nothing)
{
    test_needs_descriptors();
    hang_up(OVER_PIPE);
}

Test(chat_hang_up, of_a_terminal_loses_nothing)
{
    test_needs_descriptors();
    hang_up(OVER_TERMINAL);
}

static int suspend(struct talk *talk)
{
    confab_chat_suspend(talk->chat);
    return 0;
}

/* Nobody looks at the connection while the chat is suspended: its end is found afterwards. */
static void hang_up_on_a_suspended_one(enum family family)
{
    struct talk talk = { .line = true, .found = suspend };
    int pair[2];

    if (!family_connect(family, pair))
        return;
    talk.pair = pair;
    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(family_write(talk.peer, "one\ntwo\n", 8), 8);
    run_until_set(talk.reactor, &talk.founds);
    cr_assert_eq(family_write(talk.peer, "three\nfour\r", 11), 11);
    test_close(talk.peer);
    talk.peer = -1;
    run_quiet(talk.reactor);
    for (int i = 0; i < 1000 && !talk.closes; i++) {
        confab_chat_resume(talk.chat);
        confab_reactor_run_once(talk.reactor, CONFAB_MILLISECOND);
    }
    cr_assert_str_eq(talk.trace, "one|two|three|four\\r<eof><close>", "%s over %s", talk.trace,
                     family_names[family]);
    talk_end(&talk);
}

Test(chat_hang_up, of_a_suspended_chat_loses_nothing_on_any_connection)
{
    for (enum family family = 0; family < FAMILIES; family++)
        hang_up_on_a_suspended_one(family);
}

static int close_when_done(struct talk *talk)
{
    confab_chat_close_when_done(talk->chat);
    return 0;
}

static int talk_much(struct talk *talk)
{
    static const char bytes[1 << 20];

    return confab_chat_push_reference(talk->chat, bytes, sizeof bytes, NULL, NULL);
}

static int talk_much_and_close(struct talk *talk)
{
    cr_assert_eq(talk_much(talk), 0);
    return close_when_done(talk);
}

/* It cannot take what it has asked for, and that is no reason to stay. */
static void hang_up_on_output(struct talk *talk, const char *trace)
{
    int pair[2];

    cr_assert(family_connect(OVER_TERMINAL, pair));
    talk->line = true;
    talk->pair = pair;
    talk_open(talk);
    run_quiet(talk->reactor);
    cr_assert_eq(family_write(talk->peer, "much\n", 5), 5);
    run_until_set(talk->reactor, &talk->founds);
    run_quiet(talk->reactor);
    test_close(talk->peer);
    talk->peer = -1;
    run_until_set(talk->reactor, &talk->closes);
    talk_expect(talk, trace);
    cr_assert_eq(talk->reason, CONFAB_REASON_RESET);
    cr_assert_eq(talk->error, EIO);
    talk_end(talk);
}

Test(chat_hang_up, of_a_terminal_ends_a_chat_whose_output_waits)
{
    test_needs_descriptors();
    hang_up_on_output(&(struct talk){ .found = talk_much_and_close }, "much|<close>");
    hang_up_on_output(&(struct talk){ .found = talk_much }, "much|<close>");
}

Test(chat_hang_up, of_a_terminal_that_output_waits_for_loses_nothing)
{
    test_needs_descriptors();
    struct talk talk = { .line = true, .found = talk_much };
    int pair[2];

    cr_assert(family_connect(OVER_TERMINAL, pair));
    talk.pair = pair;
    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(family_write(talk.peer, "one\ntwo\n", 8), 8);
    run_until_set(talk.reactor, &talk.founds);
    run_quiet(talk.reactor);
    cr_assert_eq(family_write(talk.peer, "three\nfour\r", 11), 11);
    test_close(talk.peer);
    talk.peer = -1;
    run_until_set(talk.reactor, &talk.closes);
    talk_expect(&talk, "one|two|three|four\\r<close>");
    talk_end(&talk);
}

Test(chat_hang_up, of_a_terminal_ends_a_chat_that_answers_it)
{
    test_needs_descriptors();
    hang_up_on_output(&(struct talk){ .eof = talk_much }, "much|<eof><close>");
    hang_up_on_output(&(struct talk){ .eof = talk_much_and_close }, "much|<eof><close>");
}

static int count_none(struct talk *talk)
{
    return talk->founds == 1 ? confab_chat_set_terminator_count(talk->chat, 0) : 0;
}

/* A message of no bytes is whole with the one before it; whose event had its share of messages with that. */
Test(chat_hang_up, a_reset_does_not_overtake_a_message_of_no_bytes)
{
    struct confab_reactor_options options = { .size = sizeof options, .messages = 1 };
    struct talk talk = { .tcp = true, .line = true, .found = count_none };

    cr_assert_eq(test_reactor_new(&talk.reactor, &options), 0);
    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_send(&talk, "x\n");
    test_reset(talk.peer);
    talk.peer = -1;
    run_until_set(talk.reactor, &talk.closes);
    talk_expect(&talk, "x||<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_RESET);
    cr_assert_eq(talk.error, ECONNRESET);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}
