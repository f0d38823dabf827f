/* test_bench_session_load.c: the load of `confab bench --session`: sessions that are played again and again. */
#include "tests/load_support.h"
#include "tests/support.h"
#include "tools/session/session.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *session_of(const char *steps)
{
    char text[4096], error[256];
    struct session *session;
    int n = snprintf(text, sizeof text, "confab-session 1\n%s", steps);

    cr_assert(n > 0 && (size_t)n < sizeof text);
    cr_assert_eq(session_parse(&session, "t", text, strlen(text), error, sizeof error), 0, "%s", error);
    return session;
}

/* Plays it with four connections; the sample is cleared by who has it. */
static struct fake_counts play_at(enum fake_kind kind, const char *steps, struct sample *sample)
{
    struct session *session = session_of(steps);
    const struct load load = { .connections = 4, .seconds = 0.2, .silence = 5, .session = session };
    struct bench bench = fake_bench();
    struct fake_counts counts = fake_load(kind, &load, &bench, sample);

    session_free(session);
    return counts;
}

/* What the server has seen of one that goes well. */
static struct fake_counts expect_played(enum fake_kind kind, const char *steps)
{
    struct sample sample;
    struct fake_counts counts = play_at(kind, steps, &sample);

    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_not_null(sample.latency);
    cr_expect_gt(sample.latency->total, 8, "it was not played again");
    cr_expect_gt(sample.figure[FIGURE_RATE], 0);
    sample_clear(&sample);
    return counts;
}

static void expect_failure(enum fake_kind kind, const char *steps, const char *words)
{
    struct sample sample;

    play_at(kind, steps, &sample);
    cr_expect_not(sample.taken, "%s", words);
    cr_expect(strstr(sample.why, words), "'%s', not '%s'", sample.why, words);
    sample_clear(&sample);
}

/* -- Again and again --------------------------------------------------------------------- */

Test(bench_session_load, is_played_again_on_the_same_connection)
{
    struct fake_counts counts = expect_played(FAKE_ANSWERS, "> \"a\\r\\n\"\n< \"a\\r\\n\"\n> \"b\\r\\n\"\n"
                                                            "<* \"\\n\"\n");

    cr_expect_eq(counts.accepted, 4);
    cr_expect_gt(counts.messages, 16);
}

Test(bench_session_load, what_ends_a_connection_has_one_for_each_play)
{
    struct fake_counts counts = expect_played(FAKE_QUITS, "> \"quit\\n\"\n< \"quit\\n\"\nclosed\n");

    cr_expect_eq(counts.messages, counts.accepted);
    counts = expect_played(FAKE_ANSWERS, "> \"a\\n\"\n< \"a\\n\"\neof\nclosed\n");
    cr_expect_eq(counts.messages, counts.accepted);
    counts = expect_played(FAKE_ANSWERS, "> \"a\\n\"\n< \"a\\n\"\nreset\n");
    cr_expect_eq(counts.messages, counts.accepted);
    cr_expect_geq(counts.resets + 4, counts.accepted);
}

Test(bench_session_load, a_greeting_comes_once_a_connection)
{
    struct fake_counts counts =
        expect_played(FAKE_GREETS, "< \"hello\\r\\n\"\n> \"a\\r\\n\"\n< \"a\\r\\n\"\n");

    cr_expect_eq(counts.accepted, 4);
}

Test(bench_session_load, where_the_client_says_nothing_each_play_has_a_connection)
{
    struct fake_counts counts = expect_played(FAKE_GREETS, "<~ /hello/\n");

    cr_expect_gt(counts.accepted, 8);
}

/* -- What is expected ------------------------------------------------------------------------ */

Test(bench_session_load, what_was_captured_is_sent)
{
    expect_played(FAKE_NUMBERS, "> \"a\\n\"\n<~ /n (?<x>[0-9]+)/\n> \"${x}\\n\"\n<~ /n [0-9]+/\n");
    expect_played(FAKE_ANSWERS,
                  "> \"say ${ADDRESS}\\n\"\n<~ /say (?<x>.*)/\n> \"${x}\\n\"\n< \"${ADDRESS}\\n\"\n");
}

Test(bench_session_load, masks_hold)
{
    expect_played(FAKE_NUMBERS, "mask /[0-9]+/ NUMBER\n> \"a\\n\"\n< \"n NUMBER\\r\\n\"\n");
}

Test(bench_session_load, what_is_optional_may_come_or_not)
{
    expect_played(FAKE_TWICE, "> \"a\\n\"\n<? \"also\\r\\n\"\n< \"a\\n\"\n");
}

Test(bench_session_load, answers_may_come_in_any_pieces)
{
    expect_played(FAKE_PIECES, "> \"one\\r\\ntwo\\r\\n\"\n<~ /o.*/\n< \"two\\r\\n\"\n");
}

Test(bench_session_load, what_the_server_does_not_take_at_once_leaves_later)
{
    struct sample sample;
    struct fake_counts counts = play_at(
        FAKE_ANSWERS, "> \"0123456789abcde\\n\" * 262144\n< \"0123456789abcde\\n\" * 262144\n", &sample);

    cr_expect(sample.taken, "%s", sample.why);
    cr_expect_geq(counts.bytes[0], 4 << 20);
    cr_expect_eq(counts.bytes[0] % (4 << 20), 0);
    sample_clear(&sample);
}

Test(bench_session_load, a_wrong_answer_is_told_with_its_line)
{
    expect_failure(FAKE_ANSWERS, "> \"a\\r\\n\"\n< \"b\\r\\n\"\n",
                   "t:3: a wrong answer, expected \"b\\r\\n\"; \"a\\r\\n\" came");
}

Test(bench_session_load, more_than_is_expected_is_told)
{
    expect_failure(FAKE_ANSWERS, "> \"a\\nb\\n\"\n< \"a\\n\"\n", "\"b\\n\" came, which nothing in t expects");
}

Test(bench_session_load, a_server_that_closes_before_its_time_is_told)
{
    expect_failure(FAKE_QUITS, "> \"quit\\n\"\n< \"quit\\n\"\n> \"a\\n\"\n< \"a\\n\"\n",
                   "the server has closed");
    expect_failure(FAKE_QUITS, "> \"quit\\n\"\n< \"quit\\n\"\n< \"a\\n\"\n",
                   "t:4: the server has closed the connection, expected \"a\\n\"");
}

Test(bench_session_load, a_server_that_greets_and_closes_is_told)
{
    struct session *session = session_of("< \"hello\\r\\n\"\n> \"a\\n\"\n< \"a\\n\"\n");
    const struct load load = { .connections = 200, .seconds = 0.2, .silence = 5, .session = session };
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(FAKE_LEAVES, &load, &bench, &sample);
    cr_expect_not(sample.taken);
    cr_expect(strstr(sample.why, "the server has closed"), "%s", sample.why);
    sample_clear(&sample);
    session_free(session);
}

Test(bench_session_load, a_server_that_goes_on_where_it_is_to_close_is_told)
{
    expect_failure(FAKE_ANSWERS, "> \"a\\nb\\n\"\n< \"a\\n\"\nclosed\n",
                   "t:4: the connection goes on, expected its end; \"b\\n\" came");
}

Test(bench_session_load, silence_is_told_with_its_line)
{
    struct session *session = session_of("> \"a\\n\"\n< \"a\\n\"\n< \"b\\n\"\n");
    const struct load load = { .connections = 2, .seconds = 0.2, .silence = 2, .session = session };
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_expect_not(sample.taken);
    cr_expect(strstr(sample.why, "the server has said nothing for 2 s, at t:4"), "%s", sample.why);
    sample_clear(&sample);
    session_free(session);
}

/* -- The scenario -------------------------------------------------------------------------------- */

/* Plays it at `confab serve` with that plugin and these words; why, where it fails. */
static bool measure_host(const char *plugin, const char *steps, const char **words, int count,
                         char why[BENCH_WHY])
{
    const char *program = getenv("CONFAB_TEST_HOST"), *plugins = getenv("CONFAB_TEST_PLUGINS");
    char path[4096];
    struct bench bench = fake_bench();
    const struct contender contender = {
        .name = "poll", .kind = CONTENDER_HOST, .program = program, .backend = "poll"
    };
    struct point points[BENCH_POINTS];
    struct sample sample = { .taken = false };

    cr_assert(program && plugins, "CONFAB_TEST_HOST and CONFAB_TEST_PLUGINS are not set");
    snprintf(path, sizeof path, "%s/%s.so", plugins, plugin);
    struct session *session = session_of(steps);
    bench.plugin = path;
    bench.session = session;
    bench.words = words;
    bench.word_count = count;
    bench.seconds = 0.1;
    sample_clear(&sample);
    cr_assert_gt(session_scenario.points(&bench, points), 0);
    session_scenario.measure(&bench, &contender, &points[0], &sample);
    bool taken = sample.taken;
    snprintf(why, BENCH_WHY, "%s", sample.why);
    sample_clear(&sample);
    session_free(session);
    return taken;
}

/* A session that gets a file of that folder, which it tells the plugin of. */
static void get_from(char *steps, size_t room, const char *folder)
{
    snprintf(steps, room,
             "plugin files root=%s\n"
             "> \"GET /a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\n"
             "<~ /.* 200 .*/\n"
             "<* \"\\r\\n\\r\\n\"\n",
             folder);
}

Test(bench_session_load, the_plugin_has_the_options_of_the_session_unless_others_are_given)
{
    const char *folder = test_folder();
    char steps[2048], path[1024], word[1024], why[BENCH_WHY];
    const char *words[] = { word };

    snprintf(path, sizeof path, "%s/a", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fclose(file), 0);
    get_from(steps, sizeof steps, folder);
    cr_expect(measure_host("files", steps, NULL, 0, why), "%s", why);

    get_from(steps, sizeof steps, path); /* which is no folder */
    cr_expect_not(measure_host("files", steps, NULL, 0, why));
    snprintf(word, sizeof word, "root=%s", folder);
    cr_expect(measure_host("files", steps, words, 1, why), "%s", why);
}

/* -- What cannot be played -------------------------------------------------------------------- */

Test(bench_session_load, what_a_load_cannot_play_is_refused_with_its_line)
{
    static const struct {
        const char *steps, *words;
    } cases[] = {
        { "> \"a\"\nwait 5s\n< \"a\"\n", "t:3: wait" },
        { "> \"a\"\nstall\ngo\n< \"a\"\n", "t:3: stall" },
        { "together\n> \"a\"\n< \"a\"\nend\n", "t:3: together" },
        { "a: > \"a\"\na: < \"a\"\nb: > \"b\"\nb: < \"b\"\n", "t:4: a second connection" },
        { "a connect \"10.0.0.1:1\"\na: < \"a\"\n", "t:2: an address" },
        { "server up 10.0.0.1:0\n> \"a\"\n< \"a\"\n", "t:2: a server" },
        { "file a \"b\"\n> \"a\"\n< \"a\"\n", "t:2: a file" },
        { "plugin line a=${TMP}\n> \"a\"\n< \"a\"\n", "t:2: ${TMP} in an option" },
        { "> \"${TMP}\"\n< \"a\"\n", "t:2: ${TMP}" },
        { "> \"${x}\"\n<~ /(?<x>a)/\n", "t:2: ${x}" },
        { "> \"a\"\n<? \"a\"\n> \"b\"\n< \"b\"\n", "t:3: <?" },
        { "> \"a\"\n", "t: nothing is expected" },
    };
    char why[BENCH_WHY];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct session *session = session_of(cases[i].steps);
        const struct load load = { .connections = 1, .session = session };
        struct bench bench = fake_bench();
        struct server none = { .pid = 0 };
        struct sample sample = { .taken = false };

        *why = '\0';
        cr_expect_lt(load_session_check(session, why), 0, "%s", cases[i].steps);
        cr_expect_eq(strncmp(why, cases[i].words, strlen(cases[i].words)), 0, "'%s', not '%s'", why,
                     cases[i].words);
        sample_clear(&sample);
        load_run(&bench, &none, &load, &sample);
        cr_expect_not(sample.taken);
        cr_expect_str_eq(sample.why, why);
        sample_clear(&sample);
        session_free(session);
    }
}
