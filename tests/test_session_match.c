/* test_session_match.c: what came, compared with what a step expects. */
#include "tests/session_support.h"

#include <errno.h>
#include <stdlib.h>

Test(session_match, exactly_this_has_to_come)
{
    struct session *session = session_of("< \"hello\\r\\n\"");

    YES(session, "hello\r\n", 7);
    YES(session, "hello\r\nmore", 7);
    LAST_YES(session, "hello\r\n", 7);
    session_free(session);
}

Test(session_match, what_is_the_beginning_of_it_may_become_it_and_what_is_not_never_does)
{
    struct session *session = session_of("< \"hello\\r\\n\"");

    MORE(session, "", 0);
    MORE(session, "h", 1);
    MORE(session, "hello\r", 6);
    LAST_NO(session, "hello\r", 6);
    LAST_NO(session, "", 0);
    NO(session, "x", 0);
    NO(session, "hellx", 4);
    NO(session, "hello\n", 5);
    session_free(session);
}

Test(session_match, an_optional_may_be_there_or_not)
{
    struct session *session = session_of("<? \"hello\\n\"");

    YES(session, "hello\nx", 6);
    YES(session, "other\n", 0);
    YES(session, "helx", 0);
    MORE(session, "hel", 3);
    MORE(session, "", 0);
    LAST_YES(session, "hel", 0);
    LAST_YES(session, "", 0);
    session_free(session);
}

Test(session_match, until_takes_all_up_to_where_it_is_first)
{
    struct session *session = session_of("<* \"ab\\n\"");

    YES(session, "ab\n", 3);
    YES(session, "xxaab\nab\n", 6);
    MORE(session, "xxa", 0);
    MORE(session, "", 0);
    LAST_NO(session, "xxab", 0);
    session_free(session);
    session = session_of("<* \"\"");
    YES(session, "", 0);
    YES(session, "x", 0);
    session_free(session);
}

Test(session_match, an_expression_takes_the_next_line_with_its_end)
{
    struct session *session = session_of("<~ /[a-z]+/");

    YES(session, "abc\ndef\n", 4);
    YES(session, "abc\r\ndef\n", 5);
    MORE(session, "abc", 0);
    MORE(session, "", 0);
    NO(session, "123\nabc\n", 0);
    NO(session, "\n", 0);
    LAST_YES(session, "abc", 3);
    LAST_NO(session, "", 0);
    LAST_NO(session, "ab\r", 0);
    session_free(session);
    session = session_of("<~ /a*/");
    YES(session, "\r\n", 2);
    LAST_NO(session, "", 0);
    session_free(session);
}

Test(session_match, names_in_what_is_expected_have_their_values)
{
    struct session *session = session_of("< \"id ${id}.\"");
    struct variables variables = { .first = NULL };
    size_t used = 0;
    char error[128];

    cr_assert_eq(variables_set(&variables, "id", "4711", 4), 0);
    cr_expect_eq(matched(session, &variables, "id 4711.", 8, false, &used), MATCH_YES);
    cr_expect_eq(used, 8);
    cr_expect_eq(matched(session, &variables, "id 4712.", 8, false, &used), MATCH_NO);
    variables_free(&variables);
    cr_expect_eq(session_match(session, session->steps, &variables, "", 0, false, &used, error, sizeof error),
                 -ENOENT);
    cr_expect_str_eq(error, "test:2: ${id} has no value, expected a variable that was set before");
    session_free(session);
}

Test(session_match, nothing_may_have_come_at_all)
{
    struct session *session = session_of("mask /x/ X\n<* \"a\"");
    struct variables variables = { .first = NULL };
    size_t used = 77;

    cr_expect_eq(matched(session, &variables, NULL, 0, false, &used), MATCH_MORE);
    cr_expect_eq(matched(session, &variables, NULL, 0, true, &used), MATCH_NO);
    session_free(session);
    session = session_of("mask /x/ X\n< \"X\"");
    cr_expect_eq(matched(session, &variables, NULL, 0, true, &used), MATCH_NO);
    cr_expect_eq(used, 0);
    session_free(session);
}

Test(session_match, large_replies_are_compared_to_the_byte)
{
    struct session *session = session_of("< \"0123456789abcde\\n\" * 65536");
    struct variables variables = { .first = NULL };
    struct bytes came = expanded(&session->steps[0].text, NULL);
    size_t used;

    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_YES);
    cr_expect_eq(used, 1 << 20);
    cr_expect_eq(matched(session, &variables, came.at, came.len - 1, false, &used), MATCH_MORE);
    came.at[777777] ^= 1;
    cr_expect_eq(matched(session, &variables, came.at, came.len, false, &used), MATCH_NO);
    cr_expect_eq(used, 777777);
    bytes_free(&came);
    session_free(session);
}

/* -- Told ------------------------------------------------------------------------------ */

static void expect_told(const char *step, const char *wanted)
{
    struct session *session = session_of(step);
    struct variables variables = { .first = NULL };
    struct bytes told = { .at = NULL };

    cr_assert_eq(variables_set(&variables, "x", "\"1\"", 3), 0);
    cr_assert_eq(session_tell(&session->steps[0], &variables, &told), 0);
    cr_expect_str_eq(told.at, wanted);
    bytes_free(&told);
    variables_free(&variables);
    session_free(session);
}

Test(session_match, what_was_expected_is_told_in_quotes_or_as_an_expression)
{
    expect_told("< \"a\\r\\n\" \"${x}\" \"b\" * 3", "\"a\\r\\n\\\"1\\\"bbb\"");
    expect_told("< \"\"", "\"\"");
    expect_told("<* \"a${unknown}b\"", "\"a\\${unknown}b\"");
    expect_told("<~ /a\\/(?<b>c)/", "/a\\/(?<b>c)/");
    expect_told("< \"a\" * 200",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaa\"");
    expect_told("< \"a\" * 201",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaa\"...");
}
