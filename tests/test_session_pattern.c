/* test_session_pattern.c: the expressions of sessions, and what their groups capture. */
#include "tests/session_support.h"

#include <errno.h>

static struct session *session_with(const char *expression)
{
    char line[4200];

    snprintf(line, sizeof line, "<~ /%s/", expression);
    return session_of(line);
}

static void expect_line(const char *expression, const char *line, size_t len, bool wanted)
{
    struct session *session = session_with(expression);
    struct variables variables = { .first = NULL };
    size_t used;
    int result = matched(session, &variables, line, len, true, &used);

    cr_expect_eq(result, wanted ? MATCH_YES : MATCH_NO, "/%s/ of '%s'", expression, line);
    variables_free(&variables);
    session_free(session);
}
#define TAKES(expression, line)   expect_line(expression, line, sizeof(line) - 1, true)
#define REFUSES(expression, line) expect_line(expression, line, sizeof(line) - 1, false)

Test(session_pattern, an_expression_matches_the_whole_line)
{
    TAKES("abc", "abc\n");
    REFUSES("abc", "abcd\n");
    REFUSES("abc", "xabc\n");
    TAKES("a|b", "b\n");
    REFUSES("a|b", "bx\n");
    REFUSES("a|b", "xa\n");
    TAKES("^a$", "a\n");
    TAKES("(a|ab)(c|bcd)(d*)", "abcd\n");
}

Test(session_pattern, knows_escapes_in_and_out_of_brackets)
{
    TAKES("a\\/b", "a/b\n");
    TAKES("a\\.b", "a.b\n");
    REFUSES("a\\.b", "axb\n");
    TAKES("\\x2e\\x5B\\t", ".[\t\n");
    REFUSES("\\x2e", "x\n");
    TAKES("a\\rb", "a\rb\n");
    TAKES("\\\\\\(\\)\\[\\]\\{\\}\\^\\$\\*\\+\\?\\|\\-\\<\\\"", "\\()[]{}^$*+?|-<\"\n");
    TAKES("[\\/\\t\\x41]*", "/\tA\n");
    REFUSES("[^\\r]", "r\r\r\n");
    TAKES("[^\\r]", "r\n");
    TAKES("[\\]", "\\\n");
    TAKES("[]a]*", "]a\n");
    TAKES("[^]a]*", "bc\n");
    TAKES("[[:alpha:]]*[(]", "abc(\n");
    TAKES("[[:digit:](]{3}", "1(2\n");
}

static void expect_value(const struct variables *variables, const char *name, const char *wanted)
{
    size_t len = 77;
    const char *value = variables_get(variables, name, &len);

    cr_assert_not_null(value, "%s", name);
    cr_expect(len == strlen(wanted) && memcmp(value, wanted, len) == 0, "%s: '%s', not '%s'", name, value,
              wanted);
}

Test(session_pattern, groups_with_names_capture)
{
    struct session *session = session_with("(x)\\((?<a>[(]*)(?<b>(1)|(?<c>2))(?<d>.*)");
    struct variables variables = { .first = NULL };
    static const char line[] = "x(((1rest\r\nmore";
    size_t used;

    cr_expect_eq(matched(session, &variables, line, strlen(line), false, &used), MATCH_YES);
    cr_expect_eq(used, 11);
    expect_value(&variables, "a", "((");
    expect_value(&variables, "b", "1");
    expect_value(&variables, "c", "");
    expect_value(&variables, "d", "rest");
    variables_free(&variables);
    session_free(session);
}

Test(session_pattern, a_group_is_empty_where_its_branch_was_not_taken_this_time)
{
    struct session *session = session_with("a(?<x>b)|c");
    struct variables variables = { .first = NULL };
    size_t used;

    cr_expect_eq(matched(session, &variables, "ab\n", 3, false, &used), MATCH_YES);
    expect_value(&variables, "x", "b");
    cr_expect_eq(matched(session, &variables, "c\n", 2, false, &used), MATCH_YES);
    expect_value(&variables, "x", "");
    variables_free(&variables);
    session_free(session);
}

Test(session_pattern, nothing_is_captured_where_the_line_is_not_it)
{
    struct session *session = session_with("(?<x>a*)!");
    struct variables variables = { .first = NULL };
    size_t used, len;

    cr_expect_eq(matched(session, &variables, "aaa\n", 4, false, &used), MATCH_NO);
    cr_expect_eq(matched(session, &variables, "aaa!", 4, false, &used), MATCH_MORE);
    cr_expect_null(variables_get(&variables, "x", &len));
    variables_free(&variables);
    session_free(session);
}

Test(session_pattern, a_nul_in_a_line_ends_nothing)
{
    expect_line("ab", "ab\0cd\n", 6, false);
    expect_line("ab", "ab\0\n", 4, false);
    struct session *session = session_with("[^x]*cd");
    size_t used = 77;
    char error[128];
    int result =
        session_match(session, session->steps, NULL, "ab\0cd\n", 6, false, &used, error, sizeof error);
    /* Where regexec(3) takes no length, it is said why not. */
    if (result == MATCH_NO)
        cr_expect_str_eq(error, "a line with a NUL byte, which no expression matches on this system");
    else
        cr_expect(result == MATCH_YES && used == 6);
    session_free(session);
}

Test(session_pattern, a_line_that_is_too_long_is_not_matched_and_that_is_said)
{
    struct session *session = session_with(".*");
    struct bytes line = { .at = NULL };
    size_t used;
    char error[128], piece[1024];

    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < 1024; i++)
        cr_assert_eq(bytes_add(&line, piece, sizeof piece), 0);
    cr_assert_eq(bytes_add(&line, "a\n", 2), 0);
    cr_expect_eq(
        session_match(session, session->steps, NULL, line.at + 1, line.len - 1, false, &used, error, 128),
        MATCH_YES);
    cr_expect_eq(used, line.len - 1);
    cr_expect_eq(session_match(session, session->steps, NULL, line.at, line.len, false, &used, error, 128),
                 MATCH_NO);
    cr_expect_str_eq(error, "a line of more than 1048576 bytes, which no expression is asked to match");
    bytes_free(&line);
    session_free(session);
}
