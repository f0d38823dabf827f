/* test_session_mask.c: words that stand for what differs from run to run. */
#include "tests/session_support.h"
#include "tools/session/pattern.h"

Test(session_mask, where_a_mask_matches_anything_else_that_it_matches_may_come)
{
    struct session *session = session_of("mask /[0-9]+/ NUMBER\n< \"id 17, size 5\\r\\nok\\n\"");

    YES(session, "id 17, size 5\r\nok\n", 18);
    YES(session, "id 1, size 1234567\r\nok\nrest", 23);
    YES(session, "id NUMBER, size 8\r\nok\n", 22);
    NO(session, "id x, size 5\r\nok\n", 3);
    NO(session, "id , size 5\r\nok\n", 3);
    NO(session, "id 17, size 5\r\nno\n", 15);
    NO(session, "id 3, size 5\nok\n", 12);
    NO(session, "id 3, size 5 \r\nok\n", 12);
    NO(session, "ix 3", 1);
    session_free(session);
}

Test(session_mask, its_word_stands_for_it)
{
    struct session *session = session_of("mask /[0-9:]+/ TIME\n< \"at TIME.\\n\"");

    YES(session, "at 12:30:00.\n", 13);
    YES(session, "at TIME.\n", 9);
    NO(session, "at noon.\n", 3);
    NO(session, "at TIM.\n", 6);
    session_free(session);
}

Test(session_mask, its_word_within_another_is_not_it)
{
    struct session *session = session_of("mask /[0-9]+/ ID\n< \"IDLE MID ID_ (ID)\\n\"");

    YES(session, "IDLE MID ID_ (7)\n", 17);
    NO(session, "7LE MID ID_ (7)\n", 0);
    NO(session, "IDLE M7 ID_ (7)\n", 6);
    NO(session, "IDLE MID 7_ (7)\n", 9);
    session_free(session);
}

Test(session_mask, what_can_still_become_right_may_and_what_cannot_does_not)
{
    struct session *session = session_of("mask /[0-9]+/ N\n< \"one\\nid 5!\\ntwo\\n\"");

    MORE(session, "", 0);
    MORE(session, "on", 2);
    MORE(session, "one\n", 4);
    MORE(session, "one\nid", 6);
    MORE(session, "one\nid 77", 9);
    MORE(session, "one\nid 77!", 10);
    MORE(session, "one\nid 77!\ntw", 13);
    YES(session, "one\nid 77!\ntwo\n", 15);
    NO(session, "ox", 1);
    NO(session, "one\nix", 5);
    NO(session, "one\nid 77\n", 9);
    NO(session, "one\nid 77!\ntx", 12);
    LAST_NO(session, "one\nid 77", 9);
    LAST_NO(session, "one\nid 77!\ntw", 13);
    session_free(session);
}

Test(session_mask, at_the_end_of_what_is_expected_it_takes_as_much_as_it_can)
{
    struct session *session = session_of("mask /[0-9]+/ N\n< \"a\\nid 1\"");

    YES(session, "a\nid 1", 6);
    YES(session, "a\nid 123456", 11);
    YES(session, "a\nid 12 more\n", 7);
    YES(session, "a\nid N", 6);
    MORE(session, "a\nid ", 5);
    LAST_NO(session, "a\nid ", 5);
    NO(session, "a\nid x\n", 5);
    session_free(session);
    session = session_of("mask /[0-9]+/ N\n< \"1 and\"");
    YES(session, "234 and more\n", 7);
    session_free(session);
}

Test(session_mask, takes_less_than_it_could_where_bytes_follow_it)
{
    struct session *session = session_of("mask /[a-z ]+/ TEXT\n< \"<TEXT> x TEXT-y\\n\"");

    YES(session, "<some thing> x other-y\n", 23);
    session_free(session);
    session = session_of("mask /\"[^,]*\"/ STRING\n< \"a=STRING\\\" b\\n\"");
    YES(session, "a=\"x\" y\"\" b\n", 12);
    session_free(session);
    session = session_of("mask /[0-9.]+/ V\n< \"v1.2.3.txt\\n\"");
    YES(session, "v10..txt\n", 9);
    session_free(session);
}

Test(session_mask, two_may_touch)
{
    struct session *session = session_of("mask /[0-9]+/ N\nmask /[a-z]+/ W\n< \"12ab!\\n\"");

    YES(session, "7xyz!\n", 6);
    NO(session, "xyz7!\n", 0);
    NO(session, "7!\n", 1);
    session_free(session);
}

Test(session_mask, an_expression_does_not_see_the_ends_of_lines)
{
    struct session *session = session_of("mask /^Date: .*$/ DATE\n< \"A\\r\\nDate: x\\r\\nB Date: y\\r\\n\"");

    YES(session, "A\r\nDate: Thu, 1 Jan 1970\r\nB Date: y\r\n", 37);
    YES(session, "A\r\nDATE\r\nB Date: y\r\n", 20);
    NO(session, "A\r\nDate: 1\r\nB Date: z\r\n", 20);
    session_free(session);
}

Test(session_mask, an_expression_begins_a_line_where_the_line_begins_and_not_behind_another_mask)
{
    struct session *session = session_of("mask /[0-9]+/ N\nmask /^[a-z]+/ W\n< \"5abc\\n\"");

    YES(session, "77abc\n", 6);
    NO(session, "7xyz\n", 1);
    session_free(session);
}

Test(session_mask, what_it_matches_empty_is_not_masked)
{
    struct session *session = session_of("mask /[0-9]*/ N\n< \"ab 1\\n\"");

    YES(session, "ab 234\n", 7);
    NO(session, "a5b 1\n", 1);
    NO(session, "ab \n", 3);
    session_free(session);
}

Test(session_mask, until_finds_what_a_mask_covers)
{
    struct session *session = session_of("mask /[0-9]+/ N\n<* \"id 1.\\n\"");

    YES(session, "noise id x\nid 23.\nid 4.\n", 18);
    YES(session, "id N.\n", 6);
    MORE(session, "noise id 2", 0);
    LAST_NO(session, "noise id 2", 0);
    session_free(session);
    session = session_of("mask /[0-9]+/ N\n<* \"1 done\\n\"");
    YES(session, "1 not\n22 33 done\n", 17);
    MORE(session, "none\n1 don", 0);
    session_free(session);
    session = session_of("mask /[0-9]+/ N\n<* \"end\\n\"");
    YES(session, "1\n2\nen end\n", 11);
    session_free(session);
}

Test(session_mask, an_optional_may_be_masked)
{
    struct session *session = session_of("mask /[0-9]+/ N\n<? \"id 1\\n\"");

    YES(session, "id 23\nx", 6);
    YES(session, "ix\n", 0);
    MORE(session, "id 2", 4);
    LAST_YES(session, "id 2", 0);
    session_free(session);
}

Test(session_mask, a_nul_is_a_byte_as_any_other)
{
    struct session *session = session_of("mask /[0-9]+/ N\n< \"a\\0 1\\n\"");
    struct variables variables = { .first = NULL };
    size_t used;

    /* Where regexec(3) takes no length, nothing is masked in a line with a NUL. */
    cr_expect_eq(matched(session, &variables, "a\0 23\n", 6, false, &used),
                 pattern_takes_nul ? MATCH_YES : MATCH_NO);
    cr_expect_eq(matched(session, &variables, "a\0x 23\n", 7, false, &used), MATCH_NO);
    cr_expect_eq(used, 2);
    cr_expect_eq(matched(session, &variables, "a\0 2\0\n", 6, false, &used), MATCH_NO);
    session_free(session);
}

Test(session_mask, many_lines_are_looked_at_one_by_one)
{
    struct session *session =
        session_of("mask /[0-9]+/ N\n< \"line 1 of it is here, and it goes on for a while\\n\" * 4000");
    struct variables variables = { .first = NULL };
    struct bytes came = { .at = NULL };
    char line[80];
    size_t used;

    for (int i = 0; i < 4000; i++) {
        int n = snprintf(line, sizeof line, "line %d of it is here, and it goes on for a while\n", i * 7919);
        cr_assert_eq(bytes_add(&came, line, (size_t)n), 0);
    }
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_YES);
    cr_expect_eq(used, came.len);
    cr_expect_eq(matched(session, &variables, came.at, came.len - 1, false, &used), MATCH_MORE);
    came.at[came.len - 2] = 'x';
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_NO);
    bytes_free(&came);
    session_free(session);
}

Test(session_mask, a_line_that_can_be_laid_in_very_many_ways_is_given_up)
{
    struct session *session = session_of("mask /x[a-z-]+/ W\n< \"W-W-W-W-W-W-W-W-W-W-W-W-W-W-W!\\n\"");
    static const char came[] =
        "xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa-xa?\n";
    struct variables variables = { .first = NULL };
    size_t used;

    cr_expect_eq(matched(session, &variables, came, strlen(came), false, &used), MATCH_NO);
    session_free(session);
}

Test(session_mask, a_line_of_very_many_places_is_compared)
{
    struct session *session = session_of("mask /[a-z]+/ W\nmask /a/ A\n< \"a-\" * 4000 \"\\n\"");
    struct variables variables = { .first = NULL };
    struct bytes came = { .at = NULL };
    size_t used;

    for (int i = 0; i < 500; i++)
        cr_assert_eq(bytes_add(&came, "bc-", 3), 0);
    for (int i = 0; i < 3500; i++)
        cr_assert_eq(bytes_add(&came, "a-", 2), 0);
    cr_assert_eq(bytes_add(&came, "\n", 1), 0);
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_YES);
    came.at[came.len - 3] = 'b'; /* behind the last place that is looked for */
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_NO);
    bytes_free(&came);
    session_free(session);
}

Test(session_mask, many_side_by_side_over_a_long_word_end)
{
    struct session *session = session_of("mask /[a-z]+/ <W>\n< \"<W>\" * 12 \"!\\n\"");
    struct variables variables = { .first = NULL };
    struct bytes came = { .at = NULL };
    size_t used;

    for (int i = 0; i < 20; i++)
        cr_assert_eq(bytes_add(&came, "abcde", 5), 0);
    cr_assert_eq(bytes_add(&came, "?\n", 2), 0);
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_NO);
    bytes_free(&came);
    session_free(session);
}

/* -- Two streams ----------------------------------------------------------------------- */

static void expect_same(const struct session *session, const char *a, const char *b, bool wanted,
                        size_t where)
{
    bool same = !wanted;
    size_t at = 77;

    cr_assert_eq(session_same(session, a, strlen(a), b, strlen(b), &same, &at), 0);
    cr_expect_eq(same, wanted, "'%s' and '%s'", a, b);
    if (!wanted)
        cr_expect_eq(at, where, "'%s' and '%s': %zu", a, b, at);
}

Test(session_mask, two_streams_are_the_same_but_for_what_masks_cover)
{
    struct session *session = session_of("mask /[0-9]+/ N\n");

    expect_same(session, "", "", true, 0);
    expect_same(session, "id 1\nx\n", "id 234\nx\n", true, 0);
    expect_same(session, "id 1", "id 234", true, 0);
    expect_same(session, "id 1\n", "id N\n", true, 0);
    expect_same(session, "id N\n", "id 1\n", true, 0);
    expect_same(session, "id 1\nx\n", "id 234\ny\n", false, 7);
    expect_same(session, "id 1\n", "id 234\nx", false, 7);
    expect_same(session, "id 1\nx", "id 234\n", false, 7);
    expect_same(session, "", "x", false, 0);
    expect_same(session, "x", "", false, 0);
    session_free(session);
    session = session_of("isolated\n");
    expect_same(session, "ab1", "ab1", true, 0);
    expect_same(session, "ab1", "ab2", false, 2);
    expect_same(session, "ab", "ab2", false, 2);
    expect_same(session, "ab1", "ab", false, 2);
    session_free(session);
}
