/* A terminator that is changed: in a hook, from a timer, from outside of the
 * turn; with a prefix of the old one held. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <string.h>

static int semicolon(struct talk *talk)
{
    return confab_chat_set_terminator(talk->chat, ";", 1);
}

static void semicolon_in_timer(struct talk *talk)
{
    cr_assert_eq(semicolon(talk), 0);
}

/* -- in found_terminator -- */

static int line_then_three(struct talk *talk)
{
    return talk->founds % 2 ? confab_chat_set_terminator_count(talk->chat, 3)
                            : confab_chat_set_terminator_line(talk->chat);
}

Test(test_chat_changes, terminator_set_in_found_terminator_rules_the_rest_of_the_read)
{
    talk_every_cut(&(struct talk){ .line = true, .found = line_then_three }, "one\nab\nrest\r\n\r\n\nz\n",
                   "one|ab\\n|rest|\\r\\n\\n|z|");
}

static int alternate_bytes(struct talk *talk)
{
    return talk->founds % 2 ? confab_chat_set_terminator(talk->chat, "\n.\n", 3)
                            : confab_chat_set_terminator(talk->chat, "\n", 1);
}

Test(test_chat_changes, bytes_set_in_found_terminator_rule_the_rest_of_the_read)
{
    talk_every_cut(&(struct talk){ .bytes = "\n", .found = alternate_bytes }, "data\na\nb\n.\nnext\n.\n\n.\n",
                   "data|a\\nb|next|.\\n|");
}

/* -- in collect_incoming_data -- */

static int semicolon_at_first_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 1 ? semicolon(talk) : 0;
}

Test(test_chat_changes, terminator_set_in_collect_rules_the_bytes_behind_the_piece)
{
    struct talk talk = { .bytes = "\n", .collect = semicolon_at_first_collect };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo;three\n;");
    talk_expect(&talk, "one\\ntwo|three\\n|");
    talk_end(&talk);
}

Test(test_chat_changes, terminator_set_in_collect_rules_a_prefix_that_would_be_held)
{
    struct talk talk = { .bytes = "\r\n", .collect = semicolon_at_first_collect };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_expect(&talk, "one\\r");
    talk_say(&talk, "\n;");
    talk_expect(&talk, "one\\r\\n|");
    talk_end(&talk);
}

static int find_bc_at_second_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 2 ? confab_chat_set_terminator(talk->chat, "bc", 2) : 0;
}

Test(test_chat_changes, terminator_set_while_a_false_prefix_is_collected_rules_what_is_left_of_it)
{
    struct talk talk = { .bytes = "abcabd", .collect = find_bc_at_second_collect };

    talk_open(&talk);
    talk_say(&talk, "-abcab");
    talk_expect(&talk, "-");
    talk_send(&talk, "c");
    talk_turn(&talk);
    talk_expect(&talk, "-abca|");
    talk_say(&talk, "!bc");
    talk_expect(&talk, "-abca|!|");
    talk_end(&talk);
}

static int count_two_at_first_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 1 ? confab_chat_set_terminator_count(talk->chat, 2) : 0;
}

Test(test_chat_changes, count_set_in_collect_counts_the_bytes_behind_the_piece)
{
    struct talk talk = { .bytes = "\n", .collect = count_two_at_first_collect };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo");
    talk_expect(&talk, "one\\nt|wo");
    talk_end(&talk);
}

static int set_the_same(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->line ? confab_chat_set_terminator_line(talk->chat)
                      : confab_chat_set_terminator(talk->chat, talk->bytes, strlen(talk->bytes));
}

Test(test_chat_changes, same_terminator_set_in_collect_changes_nothing)
{
    talk_every_cut(&(struct talk){ .bytes = "aab", .collect = set_the_same }, "xaaabaacaab", "xa|aac|");
    talk_every_cut(&(struct talk){ .line = true, .collect = set_the_same }, "x\r\ny\r\r\n", "x|y\\r|");
}

/* -- while a prefix is held -- */

static void same_bytes(struct talk *talk)
{
    cr_assert_eq(confab_chat_set_terminator(talk->chat, "\r\n", 2), 0);
}

Test(test_chat_changes, same_bytes_set_again_keep_the_held_prefix)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_in_timer(&talk, same_bytes);
    talk_expect(&talk, "one");
    same_bytes(&talk);
    cr_assert_eq(confab_chat_pending_input(talk.chat), 0);
    talk_say(&talk, "\n");
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_changes, line_set_again_keeps_the_held_cr)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    cr_assert_eq(confab_chat_set_terminator_line(talk.chat), 0);
    cr_assert_eq(confab_chat_pending_input(talk.chat), 0);
    run_quiet(talk.reactor);
    talk_expect(&talk, "one");
    talk_say(&talk, "\n");
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_changes, terminator_set_in_a_timer_lets_a_held_prefix_go_in_the_same_turn)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_expect(&talk, "one");
    talk_in_timer(&talk, semicolon_in_timer);
    talk_expect(&talk, "one\\r");
    talk_say(&talk, "\n;");
    talk_expect(&talk, "one\\r\\n|");
    talk_end(&talk);
}

static void count_two_in_timer(struct talk *talk)
{
    cr_assert_eq(confab_chat_set_terminator_count(talk->chat, 2), 0);
}

Test(test_chat_changes, held_prefix_that_is_let_go_counts_for_a_count)
{
    struct talk talk = { .bytes = "abcd" };

    talk_open(&talk);
    talk_say(&talk, "-abc");
    talk_in_timer(&talk, count_two_in_timer);
    talk_expect(&talk, "-ab|c");
    talk_end(&talk);
}

static void bytes_in_held_prefix(struct talk *talk)
{
    cr_assert_eq(confab_chat_set_terminator(talk->chat, "bc", 2), 0);
}

Test(test_chat_changes, terminator_is_found_in_a_held_prefix_that_is_let_go)
{
    struct talk talk = { .bytes = "abcb!" };

    talk_open(&talk);
    talk_say(&talk, "-abcb");
    talk_in_timer(&talk, bytes_in_held_prefix);
    talk_expect(&talk, "-a|");
    talk_say(&talk, "c");
    talk_expect(&talk, "-a||");
    talk_end(&talk);
}

Test(test_chat_changes, set_from_outside_calls_no_hook_before_it_returns)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    cr_assert_eq(semicolon(&talk), 0);
    talk_expect(&talk, "one");
    run_quiet(talk.reactor);
    talk_expect(&talk, "one\\r");
    talk_end(&talk);
}

Test(test_chat_changes, held_prefix_that_is_let_go_comes_before_newer_bytes)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    cr_assert_eq(semicolon(&talk), 0);
    talk_say(&talk, "two;");
    talk_expect(&talk, "one\\rtwo|");
    talk_end(&talk);
}

Test(test_chat_changes, held_prefix_that_is_let_go_comes_before_eof)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    cr_assert_eq(semicolon(&talk), 0);
    talk_say_eof(&talk);
    talk_expect(&talk, "one\\r<eof><close>");
    talk_end(&talk);
}

static int after_in_second_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    return talk->collects == 2 ? confab_chat_set_terminator_after(talk->chat, "xyz", 3, 2) : 0;
}

Test(test_chat_changes, prefix_said_to_be_seen_at_the_end_of_input_comes_before_eof)
{
    struct talk talk = { .bytes = "\r\n", .collect = after_in_second_collect };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_say_eof(&talk);
    talk_expect(&talk, "one\\rxy<eof><close>");
    talk_end(&talk);
}

Test(test_chat_changes, terminator_changed_twice_collects_the_held_prefix_once)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    cr_assert_eq(semicolon(&talk), 0);
    cr_assert_eq(confab_chat_set_terminator_none(talk.chat), 0);
    cr_assert_eq(confab_chat_set_terminator_line(talk.chat), 0);
    run_quiet(talk.reactor);
    talk_say(&talk, "\n");
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_changes, collector_keeps_a_held_prefix_that_is_let_go)
{
    struct talk talk = { .bytes = "\r\n", .collector = true };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_in_timer(&talk, semicolon_in_timer);
    talk_say(&talk, "\n;");
    talk_expect(&talk, "one\\r\\n|");
    talk_end(&talk);
}
