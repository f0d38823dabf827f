/* test_bench_report_text.c: a report as text. */
#include "tests/bench_report_written.h"
#include "tools/bench/text.h"

static const struct point at_50 = { .name = "50 connections", .connections = 50, .judged = true };

Test(bench_report_text, no_line_is_wider_than_it_may_be)
{
    static const int widths[] = { 60, 80, 101, 200 };

    for (size_t contenders = 1; contenders <= SAMPLE_CONTENDERS; contenders += 2) {
        struct report report;
        cr_assert_eq(sample_report(&report, contenders, 5), 0);
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            char *text = report_as_text(&report, widths[i]), *rest = text;
            for (char *line; (line = strtok_r(rest, "\n", &rest));)
                cr_assert(text_width(line) <= (size_t)widths[i], "%d: %s", widths[i], line);
            free(text);
        }
        report_free(&report);
    }
}

Test(bench_report_text, a_width_that_is_too_small_is_60)
{
    struct report report;

    cr_assert_eq(sample_report(&report, 3, 5), 0);
    char *narrow = report_as_text(&report, 1), *least = report_as_text(&report, 60);
    cr_expect_str_eq(narrow, least);
    free(narrow);
    free(least);
    report_free(&report);
}

Test(bench_report_text, a_row_has_a_contenders_figures_and_their_ratios_to_bare)
{
    struct report report;

    report_of_three(&report, 5);
    struct result *result = report_add(&report, &sample_echo, &at_50);
    report_set(result, SAMPLE_BARE, FIGURE_RATE, 100000);
    report_set(result, SAMPLE_EPOLL, FIGURE_RATE, 98000);
    report_set(result, SAMPLE_BARE, FIGURE_CALLS, 2);
    report_set(result, SAMPLE_EPOLL, FIGURE_CALLS, 3);
    report_finish(&report);
    char *text = report_as_text(&report, 80);
    report_says(text, "echo: lines and their answers; per message\n"
                      "             rate    +-  x bare  calls\n"
                      "50 connections\n"
                      "  bare    100 k/s  0.0%       1   2.00\n"
                      "  epoll  98.0 k/s  0.0%    0.98   3.00\n");
    free(text);
    report_free(&report);
}

Test(bench_report_text, rounds_that_are_too_few_for_an_interval_have_none)
{
    for (int rounds = 2; rounds <= 3; rounds++) {
        struct report report;
        report_of_three(&report, rounds);
        struct result *result = report_add(&report, &sample_echo, &at_50);
        report_set(result, SAMPLE_BARE, FIGURE_RATE, 100000);
        report_finish(&report);
        char *text = report_as_text(&report, 80);
        cr_expect_eq(strstr(text, "0.0%") != NULL, rounds == 3, "%s", text);
        free(text);
        report_free(&report);
    }
}

Test(bench_report_text, a_contender_that_was_not_measured_is_told_with_the_reason_and_has_no_row)
{
    struct report report;

    report_of_three(&report, 5);
    struct result *result = report_add(&report, &sample_echo, &at_50);
    report_set(result, SAMPLE_BARE, FIGURE_RATE, 100000);
    report_set(result, SAMPLE_BARE, FIGURE_CALLS, 2);
    result->series[SAMPLE_POLL].excluded = "has\x1b[31m no poller";
    report_finish(&report);
    char *text = report_as_text(&report, 80);
    report_says(text, "\npoll: has?[31m no poller\n");
    report_says(text, "\nepoll: not measured\n");
    report_says(text, "\n  bare ");
    cr_expect_not(strstr(text, "\n  poll "));
    cr_expect_not(strchr(text, '\x1b'));
    free(text);
    report_free(&report);
}

Test(bench_report_text, a_reason_for_one_point_or_for_some_names_the_first)
{
    struct report report;
    struct point point = at_50;

    report_of_three(&report, 5);
    for (int i = 0; i < 4; i++) {
        snprintf(point.name, sizeof point.name, "point %d", i);
        struct result *result = report_add(&report, &sample_echo, &point);
        for (size_t k = 0; k < 3; k++)
            if (k == SAMPLE_BARE || i == 3 || (k == SAMPLE_POLL && i != 1))
                report_set(result, k, FIGURE_RATE, 1);
            else
                result->series[k].excluded = "too many descriptors";
    }
    report_finish(&report);
    char *text = report_as_text(&report, 80);
    report_says(text, "\nepoll, point 0 and 2 more: too many descriptors\n");
    report_says(text, "\npoll, point 1: too many descriptors\n");
    cr_expect_eq(occurrences(text, "too many descriptors"), 2);
    free(text);
    report_free(&report);
}

Test(bench_report_text, a_scenario_with_one_figure_has_a_row_a_point_and_a_column_a_contender)
{
    struct report report;

    cr_assert_eq(sample_report(&report, 3, 5), 0);
    char *wide = report_as_text(&report, 100), *narrow = report_as_text(&report, 66);
    char *table = strstr(wide, "dispatch: many descriptors");
    cr_assert(table);
    report_says(table, "bare    +-    epoll    +-  x bare     poll    +-  x bare\nN = 100, A = 1 ");
    /* Contenders stay beside each other; the spread is what goes. */
    report_says(strstr(narrow, "dispatch: many descriptors"), "bare    epoll  x bare     poll  x bare\n");
    free(wide);
    free(narrow);
    report_free(&report);
}

/* -- Verdicts ---------------------------------------------------------------------------- */

/* bare 100, epoll 100, poll 50 messages a second and one figure more, without noise. */
static void judge_three(struct report *report, int rounds)
{
    report_of_three(report, rounds);
    struct result *result = report_add(report, &sample_echo, &at_50);
    report_set(result, SAMPLE_BARE, FIGURE_RATE, 100);
    report_set(result, SAMPLE_EPOLL, FIGURE_RATE, 100);
    report_set(result, SAMPLE_POLL, FIGURE_RATE, 50);
    report_set(result, SAMPLE_EPOLL, FIGURE_CPU, 2000);
    report_set(result, SAMPLE_POLL, FIGURE_CPU, 1000);
    report_finish(report);
}

Test(bench_report_text, a_verdict_says_who_is_faster_in_what_and_by_how_much)
{
    struct report report;

    judge_three(&report, 8);
    char *text = report_as_text(&report, 100);
    report_says(text, "\nepoll is faster than poll in echo, 50 connections: rate 2.00x (2.00 to 2.00)\n");
    report_says(text, "\nepoll takes more processor time than poll in echo, 50 connections: "
                      "cpu 2.00x (2.00 to 2.00)\n");
    report_says(text, "\nno difference shown between epoll and bare in echo, 50 connections: "
                      "rate 1.00x (1.00 to 1.00)\n");
    free(text);
    report_free(&report);
}

Test(bench_report_text, verdicts_are_counted_and_it_is_told_over_how_many_Holm_was)
{
    struct report report;

    judge_three(&report, 8);
    char *text = report_as_text(&report, 200);
    report_says(text, "                     better  worse  no difference\n"
                      "  epoll beside bare       0      0              1\n"
                      "  epoll beside poll       1      1              0\n");
    report_says(text, "(5 % over all 3 comparisons together, by Holm) and is 3 % or more.");
    cr_expect_not(strstr(text, "fewer than"));
    free(text);
    report_free(&report);
}

Test(bench_report_text, verdicts_of_several_points_stand_below_one_sentence)
{
    struct report report;
    struct point point = at_50;

    report_of_three(&report, 8);
    for (int i = 0; i < 3; i++) {
        snprintf(point.name, sizeof point.name, "point %d", i);
        struct result *result = report_add(&report, &sample_echo, &point);
        report_set(result, SAMPLE_EPOLL, FIGURE_RATE, 100);
        report_set(result, SAMPLE_POLL, FIGURE_RATE, 50);
        report_set(result, SAMPLE_EPOLL, FIGURE_P99, 100);
        report_set(result, SAMPLE_POLL, FIGURE_P99, 200);
    }
    report_finish(&report);
    char *text = report_as_text(&report, 80);
    report_says(text, "\nepoll is faster than poll:\n"
                      "  in echo, point 0: rate 2.00x (2.00 to 2.00), p99 0.50x (0.50 to 0.50)\n"
                      "  in echo, point 1: ");
    free(text);
    report_free(&report);
}

/* Whatever the width is at which a line is full. */
Test(bench_report_text, a_comma_stands_behind_what_it_follows)
{
    struct report report;

    report_of_three(&report, 8);
    struct result *result = report_add(&report, &sample_echo, &at_50);
    report_set(result, SAMPLE_EPOLL, FIGURE_RATE, 100);
    report_set(result, SAMPLE_POLL, FIGURE_RATE, 50);
    report_set(result, SAMPLE_EPOLL, FIGURE_P99, 100);
    report_set(result, SAMPLE_POLL, FIGURE_P99, 200);
    report_finish(&report);
    for (int width = 60; width < 120; width++) {
        char *text = report_as_text(&report, width);
        report_says(text, "rate 2.00x (2.00 to 2.00),");
        free(text);
    }
    report_free(&report);
}

Test(bench_report_text, a_verdict_says_of_whom_alone_the_load_was_the_limit)
{
    struct report report;

    judge_three(&report, 8);
    report_limit(report.results, SAMPLE_POLL);
    char *text = report_as_text(&report, 200);
    report_says(text, "\nepoll is faster than poll in echo, 50 connections: rate 2.00x (2.00 to 2.00); "
                      "the load was the limit of poll alone\n");
    report_says(text, "cpu 2.00x (2.00 to 2.00); the load was the limit of");
    report_says(text, "between epoll and bare in echo, 50 connections: rate 1.00x (1.00 to 1.00)\n");
    free(text);
    report_limit(report.results, SAMPLE_EPOLL);
    text = report_as_text(&report, 200);
    cr_expect_not(strstr(text, "limit of poll"));
    report_says(text, "rate 1.00x (1.00 to 1.00); the load was the limit of epoll alone\n");
    free(text);
    report_free(&report);
}

Test(bench_report_text, where_nothing_was_judged_it_is_not_told_over_how_many_it_was)
{
    struct report report;

    judge_three(&report, 2);
    char *text = report_as_text(&report, 200);
    report_says(text, "Ratios are ours to theirs, in brackets the interval of 95 %.\n"
                      "With fewer than 4 rounds nothing can be told.\n");
    cr_expect_not(strstr(text, "comparisons together"));
    cr_expect_not(strstr(text, "no difference is shown"));
    free(text);
    report_free(&report);
}

Test(bench_report_text, with_too_few_rounds_it_is_not_said_that_there_is_no_difference)
{
    struct report report;

    judge_three(&report, 3);
    char *text = report_as_text(&report, 200);
    report_says(text, "With fewer than 4 rounds nothing can be told.");
    report_says(text, "  epoll beside poll       0      0              0               2\n");
    report_says(text, "\ntoo few rounds to tell epoll from poll in echo, 50 connections: rate 2.00x");
    cr_expect_not(strstr(text, "no difference shown"));
    free(text);
    report_free(&report);
}

/* -- The rest ----------------------------------------------------------------------------- */

Test(bench_report_text, begins_with_the_machine_in_three_lines_and_the_method)
{
    struct report report;

    sample_empty(&report);
    char *text = report_as_text(&report, 200);
    report_says(text, "confab 0.1.0, gcc 12.2.0, -O2, Release, 2024-05-05T12:00:00Z\n"
                      "Example <R> \"One\" & Only CPU @ 3.00GHz, 2 processors, server on 0 and load on 1, "
                      "4.00 GiB, governor performance, virtual\n"
                      "Linux 6.1.0 x86_64, 20,000 descriptors, backlog 4,096, load 0.07, stolen 0.2 %\n"
                      "\n10 rounds of 0.5 s each, contenders in turn; 8 min 32 s in all\n");
    cr_expect_not(strstr(text, "verdicts"));
    free(text);
}

Test(bench_report_text, what_is_not_known_of_a_machine_is_left_out)
{
    struct report report = { .rounds = 1, .seconds = 1, .took = 1, .command = "" };

    report.machine = (struct machine){ .server_cpu = -1, .load_cpu = -1, .stolen = NAN, .others = NAN };
    char *text = report_as_text(&report, 200);
    report_says(text,
                "confab (of an unknown build)\nnot pinned\nunknown system, load 0.00\n\n1 round of 1 s each");
    free(text);
}

Test(bench_report_text, names_of_the_machine_cannot_command_the_terminal)
{
    struct report report;

    sample_empty(&report);
    strcpy(report.machine.processor, "evil\x1b]0;\x07 cpu");
    strcpy(report.warnings[0], "busy\x1b[2J");
    report.warning_count = 1;
    char *text = report_as_text(&report, 80);
    report_says(text, "evil?]0;? cpu");
    report_says(text, "\nwarning: busy?[2J\n");
    free(text);
}
