/* test_session_fuzz.c: files with bytes changed, left out, doubled: each is read, or refused with a line that tells
 * where; and what is read is written back as the same. */
#include "tests/session_support.h"

#include <stdlib.h>

enum { MUTATIONS = 20000, UNDER_VALGRIND = 2000, CHANGES_MAX = 6 };

static const char *const seeds[] = {
    "confab-session 1\n"
    "plugin files root=${TMP} name=\"a b\" level=3\n"
    "isolated\n"
    "mask /[A-Z][a-z]{2}, [0-9]+ (Jan|Feb) [^\\r]*/ DATE\n"
    "file www/index.html \"<p>\" * 20 \"\\r\\n\"\n"
    "server up 10.0.0.1:0\n"
    "began 2026-11-21T16:52:03.000000001Z\n"
    "peer [::1]:999\n"
    "a connect \"10.9.9.9:7\" # comment\n"
    "a: > \"GET /${up}\\x00\\xff\\$\" \\\n"
    "   \"b\" * 3\n"
    "up accept\n"
    "up accept other\n"
    "together\n"
    "  a: < \"x\"\n"
    "  up: <? \"y\"\n"
    "end\n"
    "a: <~ /HTTP\\/1.1 (?<status>[0-9]{3}) .*/\n"
    "a: <* \"\\r\\n\\r\\n\"\n"
    "wait 250ms\n"
    "a: stall\n"
    "a: go\n"
    "a: eof\n"
    "a: closed\n"
    "other: reset\n"
    "truncated\n",
    "confab-session 1\r\n> \"hello\\r\\n\"\r\n< \"hello\\r\\n\"\r\nwait "
    "5m\r\nstall\r\ngo\r\neof\r\nclosed\r\n",
    "confab-session 1\nmask /a|b*/ W\n> \"x\" * 1000 \"${y}\" * 20\n<~ /(?<y>[[:alpha:]]+|\\.)/\n< \"${y} "
    "W\"\n",
};

/* splitmix64 */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static size_t change(uint64_t *state, char *text, size_t len, size_t room)
{
    static const char likely[] = "\"\\/*$<>:{}()[]#\r\n \t0x?~.=-\0";
    size_t at = draw(state, len), n = 1 + draw(state, 12);

    switch (draw(state, 5)) {
    case 0:
        text[at] = likely[draw(state, sizeof likely)];
        return len;
    case 1:
        text[at] = (char)draw(state, 256);
        return len;
    case 2: /* left out */
        n = n < len - at ? n : len - at;
        memmove(text + at, text + at + n, len - at - n);
        return len - n > 0 ? len - n : len;
    case 3: /* doubled */
        n = n < len - at ? n : len - at;
        if (len + n > room)
            return len;
        memmove(text + at + n, text + at, len - at);
        return len + n;
    default: /* cut */
        return draw(state, 8) ? len : at + 1;
    }
}

/* NAME:LINE: words, in one line. */
static bool tells_where(const char *error)
{
    const char *at = error + 5;

    if (strncmp(error, "fuzz:", 5) != 0 || *at < '1' || *at > '9')
        return false;
    at += strspn(at, "0123456789");
    if (strncmp(at, ": ", 2) != 0 || !at[2] || !strstr(at, "expected"))
        return false;
    for (; *at; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return true;
}

static void match_some(const struct session *session)
{
    static const char came[] = "GET /x\0HTTP/1.1 200 OK\r\n\r\nMon, 3 Jan 5\r\nabc W";
    struct variables variables = { .first = NULL };
    char error[256];
    size_t used;

    for (size_t i = 0; i < session->step_count; i++) {
        int result = session_match(session, &session->steps[i], &variables, came, sizeof came, i % 2, &used,
                                   error, sizeof error);
        cr_assert(result < 0 || (result <= MATCH_NO && used <= sizeof came), "%d", result);
        cr_assert(!(i % 2 && result == MATCH_MORE));
    }
    variables_free(&variables);
}

static void expect_back(const struct session *session, uint64_t number)
{
    struct bytes first = { .at = NULL }, second = { .at = NULL };
    struct session *again;
    char error[512];

    cr_assert_eq(session_print(session, &first), 0);
    cr_assert_eq(session_parse(&again, "fuzz", first.at, first.len, error, sizeof error), 0,
                 "mutation %llu: %s\n%s", (unsigned long long)number, error, first.at);
    cr_assert_eq(session_print(again, &second), 0);
    cr_assert_str_eq(first.at, second.at, "mutation %llu", (unsigned long long)number);
    cr_assert_eq(session->step_count, again->step_count);
    bytes_free(&second);
    bytes_free(&first);
    session_free(again);
}

Test(session_fuzz, a_file_is_read_or_refused_with_a_line_that_tells_where, .timeout = 600)
{
    const char *runner = getenv("CONFAB_TEST_RUNNER");
    unsigned mutations = runner && strcmp(runner, "valgrind") == 0 ? UNDER_VALGRIND : MUTATIONS;
    char text[4096], error[512];
    unsigned good = 0, bad = 0;

    for (uint64_t i = 0; i < mutations; i++) {
        const char *seed = seeds[i % (sizeof seeds / sizeof *seeds)];
        size_t len = strlen(seed);
        uint64_t state = i;
        struct session *session;

        memcpy(text, seed, len);
        for (uint64_t n = draw(&state, CHANGES_MAX); n > 0; n--)
            len = change(&state, text, len, sizeof text);
        char *exact = malloc(len); /* of its size, so that reading behind it is seen */
        cr_assert_not_null(exact);
        memcpy(exact, text, len);
        if (session_parse(&session, "fuzz", exact, len, error, sizeof error) == 0) {
            good++;
            if (i % 4 == 0)
                match_some(session);
            expect_back(session, i);
            session_free(session);
        } else {
            bad++;
            cr_assert_null(session);
            cr_assert(tells_where(error), "mutation %llu: %s", (unsigned long long)i, error);
        }
        free(exact);
    }
    /* Neither is an exception. */
    cr_expect_gt(good, mutations / 10);
    cr_expect_gt(bad, mutations / 10);
}
