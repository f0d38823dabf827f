/* test_bench_baseline.c: an older report is read again, and what is in both is told. */
#include "tests/bench_report_support.h"
#include "tests/noise.h"
#include "tests/support.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { BARE, EPOLL, PEER };

/* A report with these times as much as bare has. */
static void report_make(struct report *report, double rate, double cpu)
{
    *report = (struct report){ .rounds = 6, .command = "confab bench", .subject = EPOLL, .seconds = 1 };
    snprintf(report->machine.date, sizeof report->machine.date, "2026-11-21T16:52:03Z");
    snprintf(report->machine.build, sizeof report->machine.build, "0.1.0, gcc 12.2.0");
    snprintf(report->machine.system, sizeof report->machine.system, "Linux 6.1 x86_64");
    report_add_contender(report, &contender_bare);
    report_add_contender(report, &contender_epoll);
    report_add_contender(report, &contender_peer);
    struct result *result = report_add_point(report, "50 connections, depth 1", 6);
    result_set(result, BARE, FIGURE_RATE, 1000);
    result_set(result, BARE, FIGURE_CPU, 1000);
    result_set(result, EPOLL, FIGURE_RATE, 1000 * rate);
    result_set(result, EPOLL, FIGURE_CPU, 1000 * cpu);
    result_set(result, PEER, FIGURE_CPU, 1500);
    cr_assert_eq(report_estimate(report), 0);
    cr_assert_eq(report_judge(report), 0);
}

static const char *file_with(const char *text, size_t len)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/old.json", test_folder());
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
    return path;
}

static char *json_of(const struct report *report, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    cr_assert_not_null(out);
    report_json(report, out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static void read_again(struct baseline *baseline, const struct report *report)
{
    char why[BENCH_WHY], *text;
    size_t len;

    text = json_of(report, &len);
    cr_assert_eq(baseline_read(file_with(text, len), baseline, why), 0, "%s", why);
    cr_expect_str_eq(why, "");
    free(text);
}

static char *told(const struct baseline *baseline, const struct report *report, int width)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    baseline_text(baseline, report, out, width);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static void expect_refused_after(const char *before, const char *text, int result, const char *wanted)
{
    struct baseline baseline = { .count = 7 };
    const char *path = file_with(text, strlen(text));
    char why[BENCH_WHY];

    cr_expect_eq(baseline_read(path, &baseline, why), result, "%s: %s", text, why);
    cr_assert(strncmp(why, before, strlen(before)) == 0, "%s", why);
    const char *rest = why + strlen(before);
    cr_assert(strncmp(rest, path, strlen(path)) == 0, "%s", why);
    cr_expect_str_eq(rest + strlen(path), wanted, "%s: '%s', not '%s'", text, rest + strlen(path), wanted);
    cr_expect(baseline.count == 0 && !baseline.figures);
}

static void expect_refused(const char *text, int result, const char *wanted)
{
    expect_refused_after("", text, result, wanted);
}

/* -- Reading --------------------------------------------------------------------------- */

Test(bench_baseline, the_ratios_of_a_report_are_read_as_they_were_written)
{
    struct report report;
    struct baseline baseline;

    report_make(&report, 0.9, 1.25);
    read_again(&baseline, &report);
    cr_expect_str_eq(baseline.date, "2026-11-21T16:52:03Z");
    cr_expect_str_eq(baseline.build, "0.1.0, gcc 12.2.0");
    cr_expect_str_eq(baseline.system, "Linux 6.1 x86_64");
    cr_assert_eq(baseline.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct baseline_figure *got = &baseline.figures[i];
        const struct estimate *wanted = &report.results[0].series[i < 2 ? EPOLL : PEER].to_bare[got->figure];
        cr_expect_str_eq(got->scenario, "echo");
        cr_expect_str_eq(got->point, "50 connections, depth 1");
        cr_expect_str_eq(got->contender, i < 2 ? "epoll" : "libevent");
        cr_expect_eq((int)got->figure, i ? (int)FIGURE_CPU : (int)FIGURE_RATE);
        cr_expect_eq(got->to_bare.rounds, 6);
        cr_expect(fabs(got->to_bare.median - wanted->median) < 1e-9);
        cr_expect(fabs(got->to_bare.low - wanted->low) < 1e-9 &&
                  fabs(got->to_bare.high - wanted->high) < 1e-9);
    }
    baseline_free(&baseline);
    baseline_free(&baseline);
    report_free(&report);
}

Test(bench_baseline, what_cannot_be_read_is_told)
{
    struct baseline baseline;
    char why[BENCH_WHY];

    cr_expect_eq(baseline_read("/nowhere/old.json", &baseline, why), -ENOENT);
    cr_expect_str_eq(why, "/nowhere/old.json: cannot be read: No such file or directory");
    cr_expect_eq(baseline_read("/", &baseline, why), -EISDIR);
    cr_expect_str_eq(why, "/: cannot be read: Is a directory");
}

Test(bench_baseline, what_is_no_json_is_told_to_be_no_report_and_with_the_place)
{
    static const char before[] = "no report of `confab bench --json`: ";

    expect_refused_after(before, "", -EINVAL, ":1:1: the end, expected a value");
    expect_refused_after(before, "#include <stdio.h>", -EINVAL, ":1:1: #include, expected a value");
    expect_refused_after(before, "{\"confab_bench\": 1,\n \"results\": [}", -EINVAL,
                         ":2:14: }, expected a value");
}

Test(bench_baseline, what_is_no_report_is_told)
{
    static const char wanted[] = ": no report, expected what `confab bench --json` has written";

    expect_refused("[]", -EINVAL, wanted);
    expect_refused("{\"results\": []}", -EINVAL, wanted);
    expect_refused("{\"confab_bench\": \"1\"}", -EINVAL, wanted);
    expect_refused("{\"confab_bench\": 0}", -EINVAL, wanted);
    expect_refused("{\"confab_bench\": 1.5}", -EINVAL, wanted);
    expect_refused("17", -EINVAL, wanted);
}

Test(bench_baseline, a_newer_report_is_refused)
{
    expect_refused("{\"confab_bench\": 2, \"results\": []}", -ENOTSUP,
                   ": a report of version 2, expected at the most 1");
}

#define HEAD   "{\"confab_bench\": 1, \"results\": [{\"scenario\": \"echo\", \"point\": \"p\", \"series\": [{"
#define RATIO  "\"to_bare\": {\"median\": 1.5, \"low\": 1.25, \"high\": 2, \"rounds\": 5}"
#define SERIES "\"contender\": \"epoll\", \"figures\": {\"cpu_ns\": {" RATIO "}}"

Test(bench_baseline, what_has_nothing_to_compare_is_refused)
{
    static const char wanted[] = ": nothing to compare, expected ratios to `bare`";

    expect_refused("{\"confab_bench\": 1}", -ENOMSG, wanted);
    expect_refused("{\"confab_bench\": 1, \"results\": {}}", -ENOMSG, wanted);
    expect_refused(HEAD "}]}]}", -ENOMSG, wanted);
    expect_refused(HEAD "\"contender\": \"epoll\", \"figures\": {\"cpu_ns\": {\"to_bare\": null}}}]}]}",
                   -ENOMSG, wanted);
    expect_refused(HEAD "\"contender\": \"epoll\", \"figures\": {\"later\": {" RATIO "}}}]}]}", -ENOMSG,
                   wanted);
    expect_refused(HEAD "\"contender\": null, \"figures\": {\"cpu_ns\": {" RATIO "}}}]}]}", -ENOMSG, wanted);
    expect_refused(
        HEAD "\"contender\": \"a name of more than thirty-two bytes\", \"figures\": {\"cpu_ns\": {" RATIO
             "}}}]}]}",
        -ENOMSG, wanted);
}

static size_t count_of(const char *ratio)
{
    struct baseline baseline;
    char text[1024], why[BENCH_WHY];

    snprintf(text, sizeof text,
             HEAD SERIES "}, {\"contender\": \"poll\", \"figures\": {\"cpu_ns\": {\"to_bare\": %s}}}]}]}",
             ratio);
    cr_assert_eq(baseline_read(file_with(text, strlen(text)), &baseline, why), 0, "%s", why);
    size_t count = baseline.count;
    baseline_free(&baseline);
    return count;
}

Test(bench_baseline, a_ratio_that_is_none_is_left_out)
{
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 1.25, \"high\": 2, \"rounds\": 5}"), 2);
    cr_expect_eq(count_of("{\"median\": null, \"low\": 1.25, \"high\": 2, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": null, \"high\": 2, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 1.25, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 1.25, \"high\": 2, \"rounds\": 0}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 1.25, \"high\": 2, \"rounds\": 1e300}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 0, \"high\": 2, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("{\"median\": 1.5, \"low\": 1.6, \"high\": 2, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("{\"median\": 2.5, \"low\": 1.25, \"high\": 2, \"rounds\": 5}"), 1);
    cr_expect_eq(count_of("[1.5, 1.25, 2, 5]"), 1);
}

Test(bench_baseline, what_a_terminal_would_obey_does_not_reach_it)
{
    static const char text[] = "{\"confab_bench\": 1, \"date\": \"\\u001b[2Jnow\", " /* clears the screen */
                               "\"machine\": {\"build\": \"a\\nb\", \"system\": 5}, \"results\": "
                               "[{\"scenario\": \"echo\", \"point\": \"p\", \"series\": [{" SERIES "}]}]}";
    struct baseline baseline;
    char why[BENCH_WHY];

    cr_assert_eq(baseline_read(file_with(text, sizeof text - 1), &baseline, why), 0, "%s", why);
    cr_expect_str_eq(baseline.date, "?[2Jnow");
    cr_expect_str_eq(baseline.build, "a?b");
    cr_expect_str_eq(baseline.system, "");
    baseline_free(&baseline);
}

Test(bench_baseline, a_report_in_which_anything_was_changed_is_read_or_refused)
{
    struct report report;
    size_t len;
    char *text;

    report_make(&report, 0.9, 1.25);
    text = json_of(&report, &len);
    for (int i = 0; i < test_rounds(400); i++) {
        struct baseline baseline;
        uint64_t state = (uint64_t)i;
        size_t at = (size_t)draw(&state) % len;
        char why[BENCH_WHY], was = text[at];
        text[at] = (char)draw(&state);
        const char *path = file_with(text, len);
        int result = baseline_read(path, &baseline, why);
        cr_expect(result == 0 ? baseline.count > 0 && !*why : baseline.count == 0 && *why, "%d: %s", i, why);
        baseline_free(&baseline);
        text[at] = was;
    }
    free(text);
    report_free(&report);
}

/* -- Telling --------------------------------------------------------------------------- */

/* Of a report then, and one now. */
static char *told_of(double rate_then, double cpu_then, double rate_now, double cpu_now)
{
    struct report then, now;
    struct baseline baseline;

    report_make(&then, rate_then, cpu_then);
    report_make(&now, rate_now, cpu_now);
    read_again(&baseline, &then);
    char *text = told(&baseline, &now, 100);
    baseline_free(&baseline);
    report_free(&then);
    report_free(&now);
    return text;
}

static void expect_in(const char *text, const char *wanted, int line)
{
    cr_expect(strstr(text, wanted), "line %d: no '%s' in:\n%s", line, wanted, text);
}
#define EXPECT_IN(text, wanted) expect_in(text, wanted, __LINE__)

Test(bench_baseline, it_says_first_that_it_is_the_weaker_evidence)
{
    char *text = told_of(1, 1, 1, 1);
    const char *weaker = strstr(text, "This is the weaker evidence"),
               *first = strstr(text, "echo, 50 connections");

    cr_expect(weaker && first && weaker < first, "%s", text);
    EXPECT_IN(text, "Beside the report of 2026-11-21T16:52:03Z (confab 0.1.0, gcc 12.2.0; Linux 6.1 x86_64)");
    EXPECT_IN(text, "--against");
    free(text);
}

Test(bench_baseline, what_is_in_both_is_told_then_and_now)
{
    char *text = told_of(0.9, 1.25, 0.9, 1.25);

    EXPECT_IN(text, "\necho, 50 connections, depth 1\n");
    EXPECT_IN(text, "\n  epoll     rate      0.90 (0.90 to 0.90)     0.90 (0.90 to 0.90)\n");
    EXPECT_IN(text, "\n  epoll     cpu       1.25 (1.25 to 1.25)     1.25 (1.25 to 1.25)\n");
    EXPECT_IN(text, "\n  libevent  cpu       1.50 (1.50 to 1.50)     1.50 (1.50 to 1.50)\n");
    cr_expect_null(strstr(text, "  bare "));
    EXPECT_IN(text, "\nApart are 0 of 3 ratios: 0 better, 0 worse.\n");
    free(text);
}

Test(bench_baseline, of_a_point_that_is_judged_by_its_own_figures_these_are_told)
{
    static const enum figure judges[] = { FIGURE_RATE, FIGURES };
    struct report now;
    struct baseline baseline;

    report_make(&now, 1, 1);
    now.results[0].point.judges = judges;
    read_again(&baseline, &now);
    char *text = told(&baseline, &now, 100);
    EXPECT_IN(text, "\nApart are 0 of 1 ratio");
    EXPECT_IN(text, "  epoll     rate ");
    baseline_free(&baseline);
    report_free(&now);
    free(text);
}

Test(bench_baseline, who_is_not_measured_any_more_is_not_told_of)
{
    struct report now;
    struct baseline baseline;

    report_make(&now, 1, 1);
    read_again(&baseline, &now);
    now.results[0].series[EPOLL].excluded = "it failed";
    cr_assert_eq(report_estimate(&now), 0);
    char *text = told(&baseline, &now, 100);
    EXPECT_IN(text, "\nApart are 0 of 1 ratio");
    cr_expect_null(strstr(text, "  epoll"), "%s", text);
    baseline_free(&baseline);
    report_free(&now);
    free(text);
}

Test(bench_baseline, intervals_that_are_apart_are_better_or_worse)
{
    char *text = told_of(1, 1, 1.25, 1.25);

    EXPECT_IN(text,
              "\n  epoll     rate      1.00 (1.00 to 1.00)     1.25 (1.25 to 1.25)     apart: better\n");
    EXPECT_IN(text, "\n  epoll     cpu       1.00 (1.00 to 1.00)     1.25 (1.25 to 1.25)     apart: worse\n");
    EXPECT_IN(text, "\nApart are 2 of 3 ratios: 1 better, 1 worse.\n");
    free(text);
    text = told_of(1.25, 1.25, 1, 1);
    EXPECT_IN(text, "\n  epoll     rate      1.25 (1.25 to 1.25)     1.00 (1.00 to 1.00)     apart: worse\n");
    EXPECT_IN(text,
              "\n  epoll     cpu       1.25 (1.25 to 1.25)     1.00 (1.00 to 1.00)     apart: better\n");
    free(text);
}

Test(bench_baseline, with_too_few_rounds_then_or_now_nothing_is_apart)
{
    for (int i = 0; i < 2; i++) {
        struct report then, now;
        struct baseline baseline;

        report_make(&then, 1, 1);
        report_make(&now, 1.25, 1.25);
        for (size_t k = 0; k < now.contender_count; k++)
            (i ? &now : &then)->results[0].series[k].to_bare[FIGURE_RATE].rounds = 3;
        read_again(&baseline, &then);
        char *text = told(&baseline, &now, 100);
        EXPECT_IN(text,
                  "\n  epoll     rate      1.00 (1.00 to 1.00)     1.25 (1.25 to 1.25)     too few rounds\n");
        EXPECT_IN(
            text,
            "\nApart are 1 of 3 ratios: 0 better, 1 worse.\nWith fewer than 4 rounds nothing can be told.\n");
        free(text);
        baseline_free(&baseline);
        report_free(&then);
        report_free(&now);
    }
}

Test(bench_baseline, intervals_that_touch_are_not_apart)
{
    struct report now;
    struct baseline baseline;

    report_make(&now, 1.5, 1);
    read_again(&baseline, &now);
    baseline.figures[0].to_bare =
        (struct estimate){ 6, 1.2, 1.1, now.results[0].series[EPOLL].to_bare[FIGURE_RATE].low };
    char *text = told(&baseline, &now, 100);
    EXPECT_IN(text, "\nApart are 0 of 3 ratios");
    baseline_free(&baseline);
    report_free(&now);
    free(text);
}

Test(bench_baseline, where_nothing_is_in_both_that_is_told)
{
    struct report now;
    struct baseline baseline;

    report_make(&now, 1, 1);
    read_again(&baseline, &now);
    for (size_t i = 0; i < baseline.count; i++)
        baseline.figures[i].point[0] = 'x';
    char *text = told(&baseline, &now, 100);
    EXPECT_IN(text, "\nNothing is in both: no contender at the same point of a scenario.\n");
    cr_expect_null(strstr(text, "echo"));
    baseline_free(&baseline);
    report_free(&now);
    free(text);
}

Test(bench_baseline, no_line_is_wider_than_the_terminal)
{
    struct report then, now;
    struct baseline baseline;

    report_make(&then, 1, 1);
    report_make(&now, 1.25, 1.25);
    read_again(&baseline, &then);
    for (int width = 60; width < 120; width++) {
        char *text = told(&baseline, &now, width);
        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
            cr_expect(end - line <= width && (end == line || end[-1] != ' '), "%d: %.*s", width,
                      (int)(end - line), line);
        EXPECT_IN(text, "worse\n");
        free(text);
    }
    baseline_free(&baseline);
    report_free(&then);
    report_free(&now);
}
