/* session_support.h: sessions from text, and what they make of what comes. */
#ifndef CONFAB_TESTS_SESSION_SUPPORT_H
#define CONFAB_TESTS_SESSION_SUPPORT_H

#include "tools/session/session.h"

#include <criterion/criterion.h>
#include <string.h>

/* The session of a text that is right; the first line is put before it. */
static inline struct session *session_of(const char *lines)
{
    struct session *session;
    struct bytes text = { .at = NULL };
    char error[512];

    cr_assert_eq(bytes_add(&text, "confab-session 1\n", 17), 0);
    cr_assert_eq(bytes_add(&text, lines, strlen(lines)), 0);
    int result = session_parse(&session, "test", text.at, text.len, error, sizeof error);
    bytes_free(&text);
    cr_assert_eq(result, 0, "%s", error);
    cr_assert_str_eq(error, "");
    return session;
}

/* What a text is once its names are replaced; to be freed by bytes_free. */
static inline struct bytes expanded(const struct text *text, const struct variables *variables)
{
    static const struct variables none = { .first = NULL };
    struct bytes bytes = { .at = NULL };
    const char *missing = "";

    int result = text_expand(text, variables ? variables : &none, &bytes, &missing);
    cr_assert_eq(result, 0, "%d, ${%s}", result, missing);
    return bytes;
}

static inline bool text_is(const struct text *text, const char *wanted, size_t len)
{
    struct bytes bytes = expanded(text, NULL);
    bool same = bytes.len == len && (len == 0 || memcmp(bytes.at, wanted, len) == 0);

    bytes_free(&bytes);
    return same;
}

/* What the session's last step says to what came: the match, and in *used how much of it. */
static inline int matched(const struct session *session, struct variables *variables, const char *came,
                          size_t len, bool last, size_t *used)
{
    char error[256];
    int result = session_match(session, &session->steps[session->step_count - 1], variables, came, len, last,
                               used, error, sizeof error);

    cr_assert_geq(result, 0, "%s", error);
    return result;
}

static inline void expect_match(const struct session *session, const char *came, bool last, enum match match,
                                size_t used, int line)
{
    struct variables variables = { .first = NULL };
    size_t got = 77;
    int result = matched(session, &variables, came, strlen(came), last, &got);

    cr_expect_eq(result, (int)match, "line %d: '%s': %d, not %d", line, came, result, (int)match);
    cr_expect_eq(got, used, "line %d: '%s': %zu bytes, not %zu", line, came, got, used);
    variables_free(&variables);
}
#define YES(session, came, used)      expect_match(session, came, false, MATCH_YES, used, __LINE__)
#define LAST_YES(session, came, used) expect_match(session, came, true, MATCH_YES, used, __LINE__)
#define MORE(session, came, fits)     expect_match(session, came, false, MATCH_MORE, fits, __LINE__)
#define NO(session, came, fits)       expect_match(session, came, false, MATCH_NO, fits, __LINE__)
#define LAST_NO(session, came, fits)  expect_match(session, came, true, MATCH_NO, fits, __LINE__)

#endif
