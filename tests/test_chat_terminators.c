/* What ends a message: each kind of terminator, prefixes that are held, and
 * how a terminator is set and asked for. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static enum confab_terminator kind_of(struct talk *talk)
{
    return confab_chat_get_terminator(talk->chat, NULL, NULL);
}

static uint64_t left_of(struct talk *talk)
{
    uint64_t left = 0;

    cr_assert_eq(confab_chat_get_terminator(talk->chat, NULL, &left), CONFAB_TERMINATOR_COUNT);
    return left;
}

/* -- bytes -- */

Test(test_chat_terminators, bytes_end_a_message_where_they_first_appear)
{
    talk_every_cut(&(struct talk){ .bytes = "END" }, "oneENDENEND.E.NDEND", "one|EN|.E.ND|");
}

Test(test_chat_terminators, bytes_stay_set_after_a_message)
{
    struct talk talk = { .bytes = ";" };

    talk_open(&talk);
    talk_say(&talk, "a;b;");
    talk_say(&talk, "c;");
    talk_expect(&talk, "a|b|c|");
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_BYTES);
    talk_end(&talk);
}

Test(test_chat_terminators, bytes_may_hold_a_nul)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, "\0\0", 2), 0);
    talk_say_bytes(&talk, "a\0b\0\0c\0", 7);
    talk_say_bytes(&talk, "\0", 1);
    talk_expect(&talk, "a\\x00b|c|");
    talk_end(&talk);
}

Test(test_chat_terminators, bytes_may_be_as_many_as_the_limit)
{
    static char terminator[CONFAB_TERMINATOR_MAX];
    struct talk talk = { 0 };

    memset(terminator, 'x', sizeof terminator);
    terminator[sizeof terminator - 1] = 'y';
    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, terminator, sizeof terminator), 0);
    for (int i = 0; i < 2; i++) {
        talk_say(&talk, "a");
        talk_say_bytes(&talk, terminator, 1000);
        talk_say_bytes(&talk, terminator + 1000, sizeof terminator - 1000);
    }
    talk_expect(&talk, "a|a|");
    talk_end(&talk);
}

Test(test_chat_terminators, partial_match_is_held)
{
    struct talk talk = { .bytes = "\r\n" };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_expect(&talk, "one");
    talk_say(&talk, "\n");
    talk_expect(&talk, "one|");
    talk_end(&talk);
}

Test(test_chat_terminators, false_prefix_of_crlf_is_collected)
{
    talk_every_cut(&(struct talk){ .bytes = "\r\n" }, "a\r\r\nb\rc\n\r\n", "a\\r|b\\rc\\n|");
}

Test(test_chat_terminators, false_prefix_that_begins_anew_is_found)
{
    talk_every_cut(&(struct talk){ .bytes = "aab" }, "aaabxaabaaaab", "a|x|aa|");
}

Test(test_chat_terminators, false_prefix_that_repeats_is_found)
{
    talk_every_cut(&(struct talk){ .bytes = "abab" }, "abaababxabaabaababab", "aba|xabaaba|");
}

Test(test_chat_terminators, false_prefix_inside_a_long_one_is_found)
{
    talk_every_cut(&(struct talk){ .bytes = "abcabd" }, "abcabcabdab!abcabd", "abc|ab!|");
}

Test(test_chat_terminators, held_prefix_is_collected_at_eof)
{
    struct talk talk = { .bytes = "abcabd" };

    talk_open(&talk);
    talk_say(&talk, "xabcab");
    talk_expect(&talk, "x");
    talk_say_eof(&talk);
    talk_expect(&talk, "xabcab<eof><close>");
    talk_end(&talk);
}

/* -- line -- */

Test(test_chat_terminators, line_ends_at_lf_and_at_crlf)
{
    talk_every_cut(&(struct talk){ .line = true }, "one\r\ntwo\nthree\r\n", "one|two|three|");
}

Test(test_chat_terminators, line_keeps_a_cr_that_is_not_before_its_lf)
{
    talk_every_cut(&(struct talk){ .line = true }, "a\rb\r\r\n\rc\n", "a\\rb\\r|\\rc|");
}

Test(test_chat_terminators, line_may_be_empty)
{
    talk_every_cut(&(struct talk){ .line = true }, "\n\r\n\n", "|||");
}

Test(test_chat_terminators, line_holds_a_cr_at_the_end_of_a_read)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_expect(&talk, "one");
    talk_say(&talk, "two\r");
    talk_expect(&talk, "one\\rtwo");
    talk_say(&talk, "\n");
    talk_expect(&talk, "one\\rtwo|");
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_LINE);
    talk_end(&talk);
}

Test(test_chat_terminators, line_gives_a_held_cr_at_eof)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    talk_say(&talk, "one\r");
    talk_say_eof(&talk);
    talk_expect(&talk, "one\\r<eof><close>");
    talk_end(&talk);
}

/* -- count -- */

Test(test_chat_terminators, count_ends_after_so_many_bytes_and_then_there_is_none)
{
    talk_every_cut(&(struct talk){ .count = 5 }, "12345678", "12345|678");
}

Test(test_chat_terminators, count_is_none_in_found_terminator)
{
    struct talk talk = { .count = 2 };

    talk_open(&talk);
    talk_say(&talk, "ab");
    talk_expect(&talk, "ab|");
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_NONE);
    talk_end(&talk);
}

static int count_three(struct talk *talk)
{
    return confab_chat_set_terminator_count(talk->chat, 3);
}

Test(test_chat_terminators, count_set_in_found_terminator_counts_what_follows)
{
    talk_every_cut(&(struct talk){ .count = 2, .found = count_three }, "abcdefgh1", "ab|cde|fgh|1");
}

Test(test_chat_terminators, count_tells_what_is_left)
{
    struct talk talk = { .count = 10 };

    talk_open(&talk);
    talk_say(&talk, "abcd");
    cr_assert_eq(left_of(&talk), 6);
    talk_say(&talk, "efghi");
    cr_assert_eq(left_of(&talk), 1);
    talk_say(&talk, "j");
    talk_expect(&talk, "abcdefghij|");
    talk_end(&talk);
}

Test(test_chat_terminators, count_goes_beyond_32_bits)
{
    const uint64_t count = (UINT64_C(1) << 33) + 5;
    struct talk talk = { .count = count };

    talk_open(&talk);
    talk_say(&talk, "abcdef");
    talk_expect(&talk, "abcdef");
    cr_assert_eq(left_of(&talk), count - 6);
    talk_end(&talk);
}

static int count_zero(struct talk *talk)
{
    return confab_chat_set_terminator_count(talk->chat, 0);
}

Test(test_chat_terminators, count_0_in_handle_connect_is_found_without_a_byte)
{
    struct talk talk = { .connect = count_zero };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_expect(&talk, "|");
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_NONE);
    talk_say(&talk, "a");
    talk_expect(&talk, "|a");
    talk_end(&talk);
}

static int empty_body_after_head(struct talk *talk)
{
    return talk->founds == 1 ? count_zero(talk) : confab_chat_set_terminator_line(talk->chat);
}

Test(test_chat_terminators, count_0_in_found_terminator_is_found_before_the_next_byte)
{
    talk_every_cut(&(struct talk){ .line = true, .found = empty_body_after_head }, "head\ntail\n",
                   "head||tail|");
}

static void set_count_zero(struct talk *talk)
{
    cr_assert_eq(count_zero(talk), 0);
    talk_expect(talk, "");
}

Test(test_chat_terminators, count_0_in_a_timer_is_found_in_the_same_turn)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_in_timer(&talk, set_count_zero);
    talk_expect(&talk, "|");
    talk_end(&talk);
}

/* -- none -- */

Test(test_chat_terminators, none_collects_everything)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    talk_say(&talk, "a\r\nb\n");
    talk_say(&talk, "c");
    talk_expect(&talk, "a\\r\\nb\\nc");
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_NONE);
    talk_end(&talk);
}

static int none_after_found(struct talk *talk)
{
    return confab_chat_set_terminator_none(talk->chat);
}

Test(test_chat_terminators, none_set_after_a_line_collects_the_rest)
{
    talk_every_cut(&(struct talk){ .line = true, .found = none_after_found }, "a\nb\nc", "a|b\\nc");
}

/* -- setting and asking -- */

Test(test_chat_terminators, terminator_of_no_bytes_is_refused)
{
    struct talk talk = { .bytes = ";" };

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, "", 0), -EINVAL);
    talk_say(&talk, "a;");
    talk_expect(&talk, "a|");
    talk_end(&talk);
}

Test(test_chat_terminators, terminator_over_the_limit_is_refused)
{
    static char terminator[CONFAB_TERMINATOR_MAX + 1];
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, terminator, sizeof terminator), -EMSGSIZE);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, terminator, sizeof terminator, 1), -EMSGSIZE);
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_LINE);
    talk_end(&talk);
}

Test(test_chat_terminators, terminator_is_copied)
{
    struct talk talk = { 0 };
    char bytes[] = "END";
    const char *kept = NULL;
    uint64_t len = 0;

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator(talk.chat, bytes, 3), 0);
    memset(bytes, 'x', 3);
    cr_assert_eq(confab_chat_get_terminator(talk.chat, &kept, &len), CONFAB_TERMINATOR_BYTES);
    cr_assert_eq(len, 3);
    cr_assert_eq(memcmp(kept, "END", 3), 0);
    talk_say(&talk, "aENDxxx");
    talk_expect(&talk, "a|xxx");
    talk_end(&talk);
}

static int begin_after_crlf(struct talk *talk)
{
    return confab_chat_set_terminator_after(talk->chat, "\r\n.\r\n", 5, 2);
}

Test(test_chat_terminators, set_after_counts_what_was_seen_as_arrived)
{
    talk_every_cut(&(struct talk){ .bytes = "DATA\r\n", .found = begin_after_crlf }, "DATA\r\n.\r\n", "||");
}

Test(test_chat_terminators, set_after_collects_what_was_seen_where_the_match_fails)
{
    talk_every_cut(&(struct talk){ .bytes = "DATA\r\n", .found = begin_after_crlf }, "DATA\r\n.a\r\n.\r\n",
                   "|\\r\\n.a|");
}

static int after_aa(struct talk *talk)
{
    return confab_chat_set_terminator_after(talk->chat, "aab", 3, 2);
}

Test(test_chat_terminators, set_after_goes_on_within_what_was_seen)
{
    talk_every_cut(&(struct talk){ .connect = after_aa }, "abc", "a|c");
}

Test(test_chat_terminators, set_after_refuses_to_have_seen_all_of_it)
{
    struct talk talk = { .line = true };

    talk_open(&talk);
    run_quiet(talk.reactor);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, "ab", 2, 2), -EINVAL);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, "ab", 2, 3), -EINVAL);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, "", 0, 0), -EINVAL);
    cr_assert_eq(kind_of(&talk), CONFAB_TERMINATOR_LINE);
    cr_assert_eq(confab_chat_set_terminator_after(talk.chat, "ab", 2, 0), 0);
    talk_say(&talk, "xab");
    talk_expect(&talk, "x|");
    talk_end(&talk);
}
