/* test_bench_report_html.c: a report as a page: that it is safe and whole.  What it looks like, a browser is asked
 * in e2e/bench_html.sh. */
#include "tests/bench_report_written.h"
#include "tools/bench/page.h"

static const struct point at_1 = {
    .name = "1 connection", .connections = 1, .depth = 1, .size = 64, .sweep = true
};

/* Every place in a picture is a number. */
static void expect_places(const char *page)
{
    cr_expect_not(strstr(page, "nan"), "%.80s", strstr(page, "nan"));
    cr_expect_not(strstr(page, "inf\""));
    cr_expect_not(strstr(page, " inf"));
    cr_expect_not(strstr(page, "Minf"));
}

static void make_sample(struct report *report)
{
    cr_assert_eq(sample_report(report, SAMPLE_CONTENDERS, 5), 0);
}

Test(bench_report_html, nothing_is_loaded_from_elsewhere)
{
    static const char *const words[] = { "http:",   "https:",  "//",    " src",    "url(",
                                         "@import", "<script", "<link", "<iframe", "javascript" };
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_not(strstr(page, words[i]), "%s", words[i]);
    report_says(page, "content=\"default-src 'none'; style-src 'unsafe-inline'\"");
    free(page);
    report_free(&report);
}

Test(bench_report_html, what_comes_from_elsewhere_is_text)
{
    struct report report;

    make_sample(&report);
    report.contenders[SAMPLE_LIBUV].name = "<tt>&\"'\x01\xff";
    report.contenders[SAMPLE_LIBUV].version = "<i>";
    report.command = "confab bench '<u>'";
    strcpy(report.machine.system, "<s>");
    strcpy(report.results[0].point.name, "<em>");
    report.results[0].series[SAMPLE_POLL].excluded = "<q>";
    for (int i = 0; i < FIGURES; i++)
        report.results[0].series[SAMPLE_POLL].estimates[i].rounds = 0;
    char *page = report_written(&report, report_html);
    static const char *const words[] = { "<tt>", "<i>", "<u>", "<s>", "<em><", "<q>", "\x01", "\xff", "<R>" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_not(strstr(page, words[i]), "%s", words[i]);
    report_says(page, "&lt;tt&gt;&amp;&quot;&#39;&#65533;&#65533;");
    report_says(page, ">&lt;q&gt;</td>");
    report_says(page, "confab bench &#39;&lt;u&gt;&#39;");
    free(page);
    report_free(&report);
}

Test(bench_report_html, each_picture_has_a_title_and_tells_what_is_to_be_seen)
{
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    size_t pictures = occurrences(page, "<figure>");
    cr_expect_gt(pictures, 15);
    cr_expect_eq(occurrences(page, "role=\"img\" aria-labelledby=\"t"), pictures);
    cr_expect_eq(occurrences(page, "<title id=\"t"), pictures);
    cr_expect_eq(occurrences(page, "<desc id=\"d"), pictures);
    cr_expect_eq(occurrences(page, "<figcaption>"), pictures);
    free(page);
    report_free(&report);
}

/* The figure that has these words; to be freed. */
static char *figure_of(const char *page, const char *words)
{
    const char *at = strstr(page, words);

    cr_assert(at, "no %s", words);
    while (strncmp(at, "<figure>", 8))
        at--;
    return strndup(at, (size_t)(strstr(at, "</figure>") - at));
}

Test(bench_report_html, every_contender_is_in_a_legend_with_a_mark_of_its_own)
{
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    char *figure = figure_of(page, "by connections, 64 bytes, 1 at once on each");
    const char *marks[SAMPLE_CONTENDERS];
    char *legend = strstr(figure, "<path class=\"l ");

    for (size_t i = 0; i < SAMPLE_CONTENDERS; i++) {
        char name[64];
        snprintf(name, sizeof name, ">%s</text>", report.contenders[i].name);
        report_says(legend, name);
        marks[i] = strstr(strstr(legend, "<path class=\"m "), " d=\"");
        cr_assert(marks[i]);
        legend = strstr(legend, "</text>") + 1;
        for (size_t k = 0; k < i; k++)
            cr_expect_neq(strncmp(marks[i], marks[k], 16), 0, "%zu and %zu", i, k);
    }
    free(figure);
    free(page);
    report_free(&report);
}

Test(bench_report_html, a_mark_tells_its_figure_and_interval_and_bars_stand_at_its_interval)
{
    struct report report;

    report_of_three(&report, 4);
    struct result *result = report_add(&report, &sample_echo, &at_1);
    for (size_t i = 0; i < 4; i++)
        result->series[SAMPLE_EPOLL].samples[i].figure[FIGURE_RATE] = 1000 * (double)(i + 1);
    report_finish(&report);
    report.results[0].series[SAMPLE_EPOLL].estimates[FIGURE_RATE] = (struct estimate){ 4, 2000, 1000, 4000 };
    char *page = report_written(&report, report_html);
    report_says(page,
                "<title>epoll, 1 connection; more is better: 2.00&#160;k/s (1.00&#160;k/s to 4.00&#160;k/s)");
    report_says(page, "<td title=\"\xC2\xB1"
                      "100%\">2.00&#160;k/s</td>");
    free(page);
    report_free(&report);
}

/* -- Curves ------------------------------------------------------------------------------- */

Test(bench_report_html, dispatch_has_a_picture_for_each_number_of_active_ones)
{
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    static const char *const under[] = { "by descriptors, 1 of them active",
                                         "by descriptors, 10 of them active",
                                         "by descriptors, 100 of them active",
                                         "by descriptors, all of them active" };
    for (size_t i = 0; i < 4; i++) {
        char *figure = figure_of(page, under[i]);
        cr_expect_eq(occurrences(page, under[i]), 2, "%s: %zu", under[i], occurrences(page, under[i]));
        /* N = A = 100 is on two of them: a mark for each of six contenders, and of six points. */
        cr_expect_eq(occurrences(figure, "<title>"), 36, "%s: %zu", under[i], occurrences(figure, "<title>"));
        free(figure);
    }
    report_says(page, "<title>poll, N = 100, A = 100: ");
    free(page);
    report_free(&report);
}

Test(bench_report_html, an_open_loop_has_its_latencies_by_percentile)
{
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    char *figure = figure_of(page, "<span>50 connections, open loop at 50 %</span>");
    report_says(figure, "<b>Latency by percentile</b>");
    report_says(figure, ">99.99 %</text>");
    report_says(figure, "<title>libuv, p99.9: ");
    cr_expect_not(strstr(page, "<b>Latency by percentile</b> <span>1 connection"));
    free(figure);
    free(page);
    report_free(&report);
}

Test(bench_report_html, points_that_are_on_no_curve_have_bars)
{
    struct report report;

    make_sample(&report);
    char *page = report_written(&report, report_html);
    char *figure = figure_of(page, ">50 connections, depth 16, 1024 B</text>");
    cr_expect_eq(occurrences(figure, "<path class=\"b "), 3 * SAMPLE_CONTENDERS);
    cr_expect_not(strstr(figure, ">1 connection, depth 1, 64 B</text>"));
    cr_expect_not(strstr(figure, "open loop"));
    free(figure);
    free(page);
    report_free(&report);
}

/* -- What is nearly nothing --------------------------------------------------------------- */

Test(bench_report_html, a_report_of_nothing_is_a_page)
{
    struct report report;

    sample_empty(&report);
    char *page = report_written(&report, report_html);
    report_says(page, "</body>\n</html>\n");
    cr_expect_not(strstr(page, "<figure>"));
    cr_expect_not(strstr(page, "Verdicts"));
    free(page);
}

Test(bench_report_html, a_single_point_has_bars_and_a_failed_one_has_nothing)
{
    struct report report;

    report_of_three(&report, 1);
    struct result *result = report_add(&report, &sample_echo, &at_1);
    report_finish(&report);
    char *page = report_written(&report, report_html);
    cr_expect_not(strstr(page, "<figure>"));
    expect_places(page);
    report_says(page, "epoll: not measured</p>");
    free(page);
    report_set(result, SAMPLE_EPOLL, FIGURE_RATE, 1000);
    report_finish(&report);
    page = report_written(&report, report_html);
    cr_expect_eq(occurrences(page, "<figure>"), 1);
    expect_places(page);
    free(page);
    report_free(&report);
}

Test(bench_report_html, zeros_and_figures_without_bounds_break_no_picture)
{
    static const double values[] = { 0, 1e-320, 1e308, INFINITY, NAN, 5 };
    struct report report;
    struct point point = at_1;

    report_of_three(&report, 4);
    for (size_t i = 0; i < 6; i++) {
        point.connections = (int64_t)i * 1000; /* the first has none, which no logarithm has */
        snprintf(point.name, sizeof point.name, "point %zu", i);
        struct result *result = report_add(&report, &sample_echo, &point);
        for (size_t k = 0; k < 3; k++)
            for (int figure = 0; figure < FIGURES; figure++)
                report_set(result, k, (enum figure)figure, values[(i + k) % 6]);
    }
    report_finish(&report);
    char *page = report_written(&report, report_html);
    cr_expect_gt(occurrences(page, "<figure>"), 0);
    expect_places(page);
    free(page);
    report_free(&report);
}

Test(bench_report_html, sixteen_contenders_with_long_names_stay_in_the_picture)
{
    static char names[BENCH_CONTENDERS][64];
    struct report report;
    struct point point = at_1;

    report_of_three(&report, 1);
    report.contender_count = BENCH_CONTENDERS;
    for (size_t k = 0; k < BENCH_CONTENDERS; k++) {
        snprintf(names[k], sizeof names[k], "a contender of a very long name, %zu", k);
        report.contenders[k] = (struct contender){ .name = names[k], .kind = CONTENDER_PEER, .program = "p" };
    }
    for (int i = 0; i < 2; i++) {
        point.connections = 1 + i;
        snprintf(point.name, sizeof point.name, "point %d", i);
        struct result *result = report_add(&report, &sample_echo, &point);
        for (size_t k = 0; k < BENCH_CONTENDERS; k++)
            report_set(result, k, FIGURE_RATE, 1 + (double)k);
    }
    report_finish(&report);
    char *page = report_written(&report, report_html);
    char *figure = figure_of(page, "by connections, 64 bytes");
    for (const char *at = figure; (at = strstr(at, "<text class=\"k\" x=\"")); at++)
        cr_expect_lt(strtod(at + 19, NULL), 480.0);
    cr_expect_eq(occurrences(figure, "<text class=\"k\""), BENCH_CONTENDERS);
    free(figure);
    free(page);
    report_free(&report);
}

/* -- Verdicts ----------------------------------------------------------------------------- */

Test(bench_report_html, a_verdict_is_told_by_a_sign_a_word_and_a_place)
{
    struct report report;

    report_of_three(&report, 8);
    struct point point = at_1;
    point.judged = true;
    struct result *result = report_add(&report, &sample_echo, &point);
    report_set(result, SAMPLE_BARE, FIGURE_CPU, 1000);
    report_set(result, SAMPLE_EPOLL, FIGURE_CPU, 1100);
    report_set(result, SAMPLE_POLL, FIGURE_CPU, 2200);
    report_finish(&report);
    char *page = report_written(&report, report_html);
    report_says(page, "<td class=\"v worse\"");
    report_says(page, "<span class=\"sr\"> worse</span>");
    report_says(page, "<td class=\"v better\"");
    report_says(page, "<em>0.50\xC3\x97</em>");
    /* Half the processor time is twice as good: at the right end. */
    report_says(strstr(page, "<td class=\"v better\""), "<path class=\"m\" d=\"M52.0 2v8\"/>");
    report_says(page, "over all 2 comparisons together");
    free(page);
    report_free(&report);
}

Test(bench_report_html, a_verdict_says_of_whom_alone_the_load_was_the_limit)
{
    static const char said[] = "<i>the load was the limit of bare alone</i></td>";
    struct report report;
    struct point point = at_1;

    report_of_three(&report, 8);
    point.judged = true;
    struct result *result = report_add(&report, &sample_echo, &point);
    report_set(result, SAMPLE_BARE, FIGURE_CPU, 1000);
    report_set(result, SAMPLE_EPOLL, FIGURE_CPU, 5000);
    report_set(result, SAMPLE_POLL, FIGURE_CPU, 5000);
    report_finish(&report);
    report_limit(result, SAMPLE_BARE);
    char *page = report_written(&report, report_html);
    cr_expect_eq(occurrences(page, said), 1);
    free(page);
    report_limit(result, SAMPLE_EPOLL);
    page = report_written(&report, report_html);
    cr_expect_not(strstr(page, "limit of bare"));
    free(page);
    report_free(&report);
}

/* A page of a report in which one point is to be judged. */
static char *page_of_rounds(struct report *report, int rounds)
{
    struct point point = at_1;

    report_of_three(report, rounds);
    point.judged = true;
    struct result *result = report_add(report, &sample_echo, &point);
    report_set(result, SAMPLE_BARE, FIGURE_CPU, 1000);
    report_set(result, SAMPLE_EPOLL, FIGURE_CPU, 5000);
    report_finish(report);
    return report_written(report, report_html);
}

Test(bench_report_html, a_verdict_of_too_few_rounds_does_not_say_that_there_is_no_difference)
{
    struct report report;
    char *page = page_of_rounds(&report, 3);

    report_says(page, "<span class=\"sr\"> too few rounds</span>");
    report_says(page, "? 1 of too few rounds</b>");
    cr_expect_not(strstr(page, "<span class=\"sr\"> no difference"));
    free(page);
    report_free(&report);
}

Test(bench_report_html, where_nothing_was_judged_it_is_not_told_over_how_many_it_was)
{
    struct report report;
    char *page = page_of_rounds(&report, 2);

    report_says(page, "the first does better. With fewer than 4 rounds nothing can be told.</p>");
    cr_expect_not(strstr(page, "comparisons together"));
    free(page);
    report_free(&report);
}

Test(bench_report_html, a_verdict_of_rounds_too_few_for_an_interval_has_none)
{
    for (int rounds = 2; rounds <= 3; rounds++) {
        struct report report;
        struct point point = at_1;
        report_of_three(&report, rounds);
        point.judged = true;
        struct result *result = report_add(&report, &sample_echo, &point);
        report_set(result, SAMPLE_BARE, FIGURE_CPU, 1000);
        report_set(result, SAMPLE_EPOLL, FIGURE_CPU, 5000);
        result->series[SAMPLE_EPOLL].samples[0].figure[FIGURE_CPU] = 5500;
        report_finish(&report);
        char *page = report_written(&report, report_html);
        char *cell = strstr(page, "<td class=\"v same\"");
        cr_assert(cell);
        cr_expect_eq(strstr(cell, "<small></small>") != NULL, rounds == 2, "%.300s", cell);
        free(page);
        report_free(&report);
    }
}
