/* test_session_text.c: bytes that grow, quoting, texts with ${names}, durations and dates. */
#include "tests/session_support.h"

#include <errno.h>
#include <stdlib.h>

Test(session_text, bytes_grow_and_a_nul_stands_behind_them)
{
    struct bytes bytes = { .at = NULL };

    cr_assert_eq(bytes_add(&bytes, "", 0), 0);
    cr_expect_null(bytes.at);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(bytes_add(&bytes, "abc", 3), 0);
        cr_assert_eq(bytes.at[bytes.len], '\0');
    }
    cr_expect_eq(bytes.len, 3000);
    cr_expect_eq(memcmp(bytes.at + 2997, "abc", 3), 0);
    cr_expect_eq(bytes_add(&bytes, "x", SIZE_MAX / 2), -ENOMEM);
    cr_expect_eq(bytes.len, 3000);
    bytes_free(&bytes);
    cr_expect(!bytes.at && !bytes.len && !bytes.room);
}

Test(session_text, quotes_what_is_special_and_what_is_not_printable)
{
    struct bytes bytes = { .at = NULL };

    cr_assert_eq(bytes_quote(&bytes, "a\r\n\t\\\"$/\0\x1f\x7f\xff z~", 15), 0);
    cr_expect_str_eq(bytes.at, "\"a\\r\\n\\t\\\\\\\"\\$/\\x00\\x1f\\x7f\\xff z~\"");
    bytes_free(&bytes);
    cr_assert_eq(bytes_quote(&bytes, NULL, 0), 0);
    cr_expect_str_eq(bytes.at, "\"\"");
    bytes_free(&bytes);
}

Test(session_text, what_is_quoted_reads_back_as_the_same)
{
    struct bytes line = { .at = NULL };
    char all[256];

    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    cr_assert_eq(bytes_add(&line, "> ", 2), 0);
    cr_assert_eq(bytes_quote(&line, all, sizeof all), 0);
    struct session *session = session_of(line.at);
    cr_expect(text_is(&session->steps[0].text, all, sizeof all));
    session_free(session);
    bytes_free(&line);
}

Test(session_text, knows_each_escape)
{
    struct session *session = session_of("> \"\\r\\n\\t\\0\\\\\\\"\\$\\/\\x41\\xfF\\x00$ $x\"");

    cr_expect(text_is(&session->steps[0].text, "\r\n\t\0\\\"$/A\xff\0$ $x", 15));
    session_free(session);
}

Test(session_text, joins_strings_and_repeats_those_with_a_number)
{
    struct session *session = session_of("> \"a\" \"bc\" * 3 \"d\"*2\"e\" * 1 \"\" * 5 \"f\"");

    cr_expect(text_is(&session->steps[0].text, "abcbcbcddef", 11));
    session_free(session);
}

Test(session_text, goes_on_in_the_next_line_behind_a_backslash)
{
    struct session *session = session_of("> \"a\" \\\n  \"b\" \\\r\n\"c\" * \\\n 2\n"
                                         "> \"d\\\n   e\\\r\n\tf\"\n");

    cr_expect(text_is(&session->steps[0].text, "abcc", 4));
    cr_expect(text_is(&session->steps[1].text, "def", 3));
    cr_expect_eq(session->steps[0].line, 2);
    cr_expect_eq(session->steps[1].line, 6);
    session_free(session);
}

Test(session_text, replaces_names_by_their_values)
{
    struct session *session = session_of("> \"<${a}|${b-2.c}>\" \"${a}\" * 3 \"${empty}\" * 60000000 \"!\"");
    struct variables variables = { .first = NULL };

    cr_assert_eq(variables_set(&variables, "a", "old", 3), 0);
    cr_assert_eq(variables_set(&variables, "empty", NULL, 0), 0);
    cr_assert_eq(variables_set(&variables, "b-2.c", "x\0y", 3), 0);
    cr_assert_eq(variables_set(&variables, "a", "12", 2), 0);
    struct bytes bytes = expanded(&session->steps[0].text, &variables);
    cr_expect_eq(bytes.len, 15);
    cr_expect_eq(memcmp(bytes.at, "<12|x\0y>121212!", 15), 0);
    bytes_free(&bytes);
    variables_free(&variables);
    session_free(session);
}

Test(session_text, gives_a_variable_its_value_with_its_length)
{
    struct variables variables = { .first = NULL };
    size_t len = 77;

    cr_expect_null(variables_get(&variables, "a", &len));
    cr_assert_eq(variables_set(&variables, "a",
                               "1\0"
                               "2",
                               3),
                 0);
    const char *value = variables_get(&variables, "a", &len);
    cr_assert_not_null(value);
    cr_expect(len == 3 && memcmp(value,
                                 "1\0"
                                 "2",
                                 4) == 0);
    cr_expect_null(variables_get(&variables, "b", &len));
    variables_free(&variables);
}

Test(session_text, names_the_variable_that_has_no_value)
{
    struct session *session = session_of("> \"a${there}b${here}\"");
    struct variables variables = { .first = NULL };
    struct bytes bytes = { .at = NULL };
    const char *missing = NULL;

    cr_assert_eq(variables_set(&variables, "there", "1", 1), 0);
    cr_expect_eq(text_expand(&session->steps[0].text, &variables, &bytes, &missing), -ENOENT);
    cr_expect_str_eq(missing, "here");
    bytes_free(&bytes);
    variables_free(&variables);
    session_free(session);
}

Test(session_text, a_text_is_bounded_once_it_is_expanded)
{
    struct session *session =
        session_of("> \"0123456789abcdef\" * 4194304\n> \"0123456789abcdef\" * 4194304 \"x\"\n"
                   "> \"${v}\" * 5");
    struct variables variables = { .first = NULL };
    struct bytes bytes = { .at = NULL };
    const char *missing = NULL;
    char *value = calloc(1, SESSION_BYTES_MAX / 4);

    cr_assert_not_null(value);
    cr_assert_eq(variables_set(&variables, "v", value, SESSION_BYTES_MAX / 4), 0);
    cr_expect_eq(text_expand(&session->steps[0].text, &variables, &bytes, &missing), 0);
    cr_expect_eq(bytes.len, SESSION_BYTES_MAX);
    bytes_free(&bytes);
    cr_expect_eq(text_expand(&session->steps[1].text, &variables, &bytes, &missing), -EMSGSIZE);
    bytes_free(&bytes);
    cr_expect_eq(text_expand(&session->steps[2].text, &variables, &bytes, &missing), -EMSGSIZE);
    bytes_free(&bytes);
    free(value);
    variables_free(&variables);
    session_free(session);
}

/* -- Times --------------------------------------------------------------------- */

static void expect_duration(const char *text, int result, int64_t wanted)
{
    int64_t got = 77;
    int found = duration_read(text, strlen(text), &got);

    cr_expect_eq(found, result, "'%s': %d", text, found);
    cr_expect_eq(got, wanted, "'%s': %lld", text, (long long)got);
}

Test(session_text, reads_durations_as_options_have_them)
{
    expect_duration("0", 0, 0);
    expect_duration("5ns", 0, 5);
    expect_duration("100us", 0, 100000);
    expect_duration("250ms", 0, 250000000);
    expect_duration("30s", 0, 30000000000);
    expect_duration("5m", 0, 300000000000);
    expect_duration("1h", 0, 3600000000000);
    expect_duration("2d", 0, 172800000000000);
    expect_duration("106751d", 0, INT64_C(9223286400000000000));
    expect_duration("106752d", -ERANGE, 77);
    expect_duration("99999999999999999999s", -ERANGE, 77);
    static const char *const bad[] = { "", "5", "00", "s", "-1s", "1.5s", "1 s", "1sec", "1S", "5m3s" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_duration(bad[i], -EINVAL, 77);
}

Test(session_text, writes_durations_in_the_largest_unit_that_is_exact)
{
    static const char *const texts[] = { "0", "7ns", "1001us", "1500ms", "59s", "90m", "25h", "3d" };
    char text[DURATION_TEXT];
    int64_t value;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(duration_read(texts[i], strlen(texts[i]), &value), 0);
        cr_expect_str_eq(duration_write(value, text), texts[i]);
    }
}

static void expect_time(const char *text, int result, int64_t wanted)
{
    int64_t got = 77;
    int found = time_read(text, strlen(text), &got);

    cr_expect_eq(found, result, "'%s': %d", text, found);
    cr_expect_eq(got, wanted, "'%s': %lld", text, (long long)got);
}

Test(session_text, reads_and_writes_dates)
{
    static const struct {
        const char *text;
        int64_t time;
    } table[] = {
        { "1970-01-01T00:00:00.000000000Z", 0 },
        { "1970-01-01T00:00:00.000000001Z", 1 },
        { "2000-02-29T23:59:59.999999999Z", INT64_C(951868799999999999) },
        { "2026-11-21T16:52:03.120000000Z", INT64_C(1795279923120000000) },
        { "2100-03-01T00:00:00.000000000Z", INT64_C(4107542400000000000) },
        { "2261-12-31T23:59:59.999999999Z", INT64_C(9214646399999999999) },
    };
    char text[TIME_TEXT];

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        expect_time(table[i].text, 0, table[i].time);
        cr_expect_str_eq(time_write(table[i].time, text), table[i].text);
    }
    expect_time("2026-11-21T16:52:03Z", 0, INT64_C(1795279923000000000));
    expect_time("2026-11-21T16:52:03.5Z", 0, INT64_C(1795279923500000000));
}

Test(session_text, refuses_what_is_no_date)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026-11-21",
        "2026-11-21T16:52:03",
        "2026-11-21 16:52:03Z",
        "2026-11-21T16:52:03.Z",
        "2026-11-21T16:52:03+01:00",
        "2026-13-21T16:52:03Z",
        "2026-00-21T16:52:03Z",
        "2026-02-29T16:52:03Z",
        "2026-11-00T16:52:03Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T16:60:03Z",
        "2026-11-21T16:52:60Z",
        "2026-11-21T16:52:03ZZ",
        "2026-11-21T16:52:03.1234567890Z",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_time(bad[i], -EINVAL, 77);
    expect_time("1969-12-31T23:59:59Z", -ERANGE, 77);
    expect_time("2262-01-01T00:00:00Z", -ERANGE, 77);
}
