/* test_session_group.c: what is expected in any order. */
#include "tests/session_support.h"

#include <errno.h>

/* All steps of the session as one group. */
static int grouped(const struct session *session, struct variables *variables, const char *came, bool last,
                   size_t *used)
{
    const struct session_step *steps[SESSION_GROUP_MAX + 1];
    char error[256];
    int result;

    for (size_t i = 0; i < session->step_count; i++)
        steps[i] = &session->steps[i];
    result = session_match_group(session, steps, session->step_count, variables, came, strlen(came), last,
                                 used, error, sizeof error);
    cr_assert_geq(result, 0, "%s", error);
    cr_expect_str_eq(error, "");
    return result;
}

static void expect_group(const struct session *session, const char *came, bool last, enum match match,
                         size_t used, int line)
{
    struct variables variables = { .first = NULL };
    size_t got = 77;
    int result = grouped(session, &variables, came, last, &got);

    cr_expect_eq(result, (int)match, "line %d: '%s': %d", line, came, result);
    if (match == MATCH_YES)
        cr_expect_eq(got, used, "line %d: '%s': %zu bytes, not %zu", line, came, got, used);
    variables_free(&variables);
}
#define GROUP_YES(came, used)      expect_group(session, came, false, MATCH_YES, used, __LINE__)
#define GROUP_LAST_YES(came, used) expect_group(session, came, true, MATCH_YES, used, __LINE__)
#define GROUP_MORE(came)           expect_group(session, came, false, MATCH_MORE, 0, __LINE__)
#define GROUP_NO(came)             expect_group(session, came, false, MATCH_NO, 0, __LINE__)
#define GROUP_LAST_NO(came)        expect_group(session, came, true, MATCH_NO, 0, __LINE__)

Test(session_group, may_come_in_any_order)
{
    struct session *session = session_of("< \"a\"\n< \"bb\"\n< \"c\"\n");

    GROUP_YES("abbc", 4);
    GROUP_YES("cbbax", 4);
    GROUP_YES("bbca", 4);
    GROUP_MORE("");
    GROUP_MORE("cb");
    GROUP_MORE("abb");
    GROUP_NO("x");
    GROUP_NO("cc");
    GROUP_NO("bx");
    GROUP_LAST_NO("cb");
    session_free(session);
}

Test(session_group, another_order_is_tried_where_one_leads_nowhere)
{
    struct session *session = session_of("< \"a\"\n< \"ab\"\n< \"abc\"\n");

    GROUP_YES("aababc", 6);
    GROUP_YES("abcaba", 6);
    GROUP_YES("abaabc", 6);
    GROUP_MORE("aab");
    GROUP_NO("abcabb");
    session_free(session);
}

Test(session_group, steps_of_the_same_text_are_not_tried_in_each_order)
{
    struct session *session =
        session_of("< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n"
                   "< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"a\"\n< \"b\"\n");

    GROUP_YES("aaaaaaaaaaaaaaab", 16);
    GROUP_MORE("aaaaaaaaaaaaaaa");
    GROUP_NO("aaaaaaaaaaaaaaax"); /* without giving up: see grouped */
    session_free(session);
}

Test(session_group, what_led_nowhere_is_not_tried_again)
{
    struct session *session =
        session_of("<? \"a\"\n<? \"a\"\n<? \"a\"\n<? \"a\"\n<? \"a\"\n<? \"a\"\n<? \"a\"\n<? \"a\"\n"
                   "<? \"a\"\n<? \"a\"\n< \"aaaaaaaaaaab\"\n");

    GROUP_YES("aaaaaaaaaaabx", 12);
    session_free(session);
}

Test(session_group, an_optional_is_taken_wherever_it_is)
{
    struct session *session = session_of("<? \"opt\"\n< \"a\"\n");

    GROUP_YES("opta", 4);
    GROUP_YES("aopt", 4);
    GROUP_MORE("a");
    GROUP_LAST_YES("a", 1);
    GROUP_YES("ax", 1);
    GROUP_LAST_NO("opt");
    session_free(session);
    session = session_of("<? \"x\"\n<? \"y\"\n");
    GROUP_YES("yx", 2);
    GROUP_YES("z", 0);
    GROUP_LAST_YES("", 0);
    session_free(session);
}

Test(session_group, captures_in_the_order_that_fits_alone)
{
    struct session *session = session_of("<~ /(?<x>.*)/\n< \"a\\n\"\n<~ /b(?<y>.*)/\n");
    struct variables variables = { .first = NULL };
    size_t used, len;

    cr_expect_eq(grouped(session, &variables, "a\nb1\nzz\n", false, &used), MATCH_YES);
    cr_expect_eq(used, 8);
    cr_expect_str_eq(variables_get(&variables, "x", &len), "zz");
    cr_expect_str_eq(variables_get(&variables, "y", &len), "1");
    variables_free(&variables);
    cr_expect_eq(grouped(session, &variables, "a\nc1\nzz\n", false, &used), MATCH_NO);
    cr_expect_null(variables_get(&variables, "x", &len));
    session_free(session);
}

Test(session_group, until_may_be_one_of_them)
{
    struct session *session = session_of("<* \"end\\n\"\n< \"a\"\n");

    GROUP_YES("a..end\n", 7);
    GROUP_YES("..end\na", 7);
    GROUP_MORE("..end\n");
    GROUP_MORE("x");
    session_free(session);
}

Test(session_group, has_a_bound_and_tells_of_names_without_a_value)
{
    struct session *session = session_of("< \"${id}\"\n");
    struct variables variables = { .first = NULL };
    const struct session_step *steps[SESSION_GROUP_MAX + 1] = { session->steps };
    size_t used;
    char error[256];

    cr_expect_eq(session_match_group(session, steps, SESSION_GROUP_MAX + 1, &variables, "", 0, false, &used,
                                     error, 256),
                 -EINVAL);
    cr_expect_eq(session_match_group(session, steps, 1, &variables, "", 0, false, &used, error, 256),
                 -ENOENT);
    cr_expect_str_eq(error, "test:2: ${id} has no value, expected a variable that was set before");
    session_free(session);
}
