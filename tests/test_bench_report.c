/* test_bench_report.c: from samples to estimates, ratios and verdicts. */
#include "tests/bench_report_support.h"

enum { BARE, EPOLL, POLL, PEER };

static struct report *report_new(size_t rounds, size_t points)
{
    struct report *report = calloc(1, sizeof *report);

    cr_assert_not_null(report);
    report_add_contender(report, &contender_bare);
    report_add_contender(report, &contender_epoll);
    report_add_contender(report, &contender_poll);
    report_add_contender(report, &contender_peer);
    report->subject = EPOLL;
    for (size_t i = 0; i < points; i++)
        report_add_point(report, i ? "50 connections" : "1 connection", rounds);
    return report;
}

static void report_end(struct report *report)
{
    report_free(report);
    cr_expect(!report->results && !report->verdicts && report->result_count == 0 &&
              report->verdict_count == 0);
    free(report);
}

static bool near(double got, double wanted)
{
    return fabs(got - wanted) < 1e-9 * fabs(wanted);
}

/* -- Estimates ------------------------------------------------------------------------- */

Test(bench_report, estimates_are_of_the_rounds_that_were_taken)
{
    static const double values[] = { 10, 1000, 30, 20, 40, 50 };
    struct report *report = report_new(6, 1);
    struct series *series = &report->results[0].series[EPOLL];

    for (size_t i = 0; i < 6; i++)
        series->samples[i].figure[FIGURE_CPU] = values[i];
    series->samples[1].taken = false;
    cr_assert_eq(report_estimate(report), 0);
    const struct estimate *cpu = &series->estimates[FIGURE_CPU];
    cr_expect(cpu->rounds == 5 && cpu->median == 30 && cpu->low == 10 && cpu->high == 50);
    cr_expect(series->estimates[FIGURE_RATE].rounds == 0 && isnan(series->estimates[FIGURE_RATE].median));
    report_end(report);
}

/* The medians' ratio would be 3. */
Test(bench_report, ratios_to_bare_are_those_within_rounds)
{
    static const double bare[] = { 10, 20, 30, 40, 50 }, epoll[] = { 90, 40, 60, 400, 100 };
    struct report *report = report_new(5, 1);
    struct series *series = report->results[0].series;

    for (size_t i = 0; i < 5; i++) {
        series[BARE].samples[i].figure[FIGURE_CPU] = bare[i];
        series[EPOLL].samples[i].figure[FIGURE_CPU] = epoll[i];
    }
    cr_assert_eq(report_estimate(report), 0);
    const struct estimate *ratio = &series[EPOLL].to_bare[FIGURE_CPU];
    cr_expect(ratio->rounds == 5 && near(ratio->median, 2) && near(ratio->low, 2) && near(ratio->high, 10));
    cr_expect_eq(series[POLL].to_bare[FIGURE_CPU].rounds, 0);
    cr_expect_eq(series[BARE].to_bare[FIGURE_CPU].rounds, 0, "there is none to itself");
    report_end(report);
}

Test(bench_report, without_bare_there_is_no_ratio_to_it)
{
    struct report *report = report_new(5, 1);

    report->contenders[BARE].kind = CONTENDER_PEER;
    for (size_t i = 0; i < 4; i++)
        result_set(report->results, i, FIGURE_RATE, 100);
    cr_assert_eq(report_estimate(report), 0);
    cr_expect_eq(report->results[0].series[EPOLL].to_bare[FIGURE_RATE].rounds, 0);
    cr_expect_eq(report->results[0].series[EPOLL].estimates[FIGURE_RATE].rounds, 5);
    report_end(report);
}

Test(bench_report, who_is_excluded_has_no_estimate_and_no_ratio)
{
    struct report *report = report_new(5, 1);
    struct series *series = report->results[0].series;

    for (size_t i = 0; i < 4; i++)
        result_set(report->results, i, FIGURE_RATE, 100);
    series[EPOLL].excluded = "it failed";
    free(series[PEER].samples);
    series[PEER] = (struct series){ .excluded = "has none" };
    cr_assert_eq(report_estimate(report), 0);
    cr_expect_eq(series[EPOLL].estimates[FIGURE_RATE].rounds, 0);
    cr_expect_eq(series[EPOLL].to_bare[FIGURE_RATE].rounds, 0);
    cr_expect_eq(series[PEER].estimates[FIGURE_RATE].rounds, 0);
    cr_expect_eq(series[POLL].to_bare[FIGURE_RATE].rounds, 5);
    report_end(report);
}

Test(bench_report, rounds_of_which_one_has_more_are_compared_as_far_as_both_go)
{
    struct report *report = report_new(6, 1);
    struct series *series = report->results[0].series;

    result_set(report->results, BARE, FIGURE_RATE, 100);
    result_set(report->results, EPOLL, FIGURE_RATE, 90);
    series[EPOLL].count = 4;
    cr_assert_eq(report_estimate(report), 0);
    cr_expect_eq(series[EPOLL].to_bare[FIGURE_RATE].rounds, 4);
    cr_expect(near(series[EPOLL].to_bare[FIGURE_RATE].median, 0.9));
    report_end(report);
}

Test(bench_report, what_was_counted_once_is_compared_whichever_round_it_stands_in)
{
    struct report *report = report_new(5, 1);
    struct series *series = report->results[0].series;

    series[BARE].samples[0].figure[FIGURE_CALLS] = 3;
    series[EPOLL].samples[0].taken = false;
    series[EPOLL].samples[1].figure[FIGURE_CALLS] = 6;
    cr_assert_eq(report_estimate(report), 0);
    cr_expect(series[EPOLL].estimates[FIGURE_CALLS].median == 6 &&
              series[EPOLL].estimates[FIGURE_CALLS].rounds == 1);
    cr_expect(near(series[EPOLL].to_bare[FIGURE_CALLS].median, 2));
    report_end(report);
}

static struct histogram *latency_of(uint64_t value, uint64_t times)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);

    cr_assert_not_null(histogram);
    histogram_add(histogram, value, times);
    return histogram;
}

Test(bench_report, latencies_of_all_rounds_are_put_together)
{
    struct report *report = report_new(4, 1);
    struct series *series = &report->results[0].series[EPOLL];

    series->samples[0].latency = latency_of(100, 5);
    series->samples[1].latency = latency_of(7, 2);
    series->samples[2].latency = latency_of(9999, 1);
    series->samples[2].taken = false;
    for (int i = 0; i < 2; i++) { /* once more is the same */
        cr_assert_eq(report_estimate(report), 0);
        cr_assert_not_null(series->latency);
        cr_expect(series->latency->total == 7 && series->latency->least == 7 && series->latency->most == 100);
    }
    cr_expect_null(report->results[0].series[POLL].latency);
    report_end(report);
}

/* -- Verdicts -------------------------------------------------------------------------- */

/* The verdict about these two in a figure of the first result; NULL: there is none. */
static const struct verdict *verdict_of(const struct report *report, size_t ours, size_t theirs,
                                        enum figure figure)
{
    for (size_t i = 0; i < report->verdict_count; i++) {
        const struct verdict *verdict = &report->verdicts[i];
        if (verdict->result == 0 && verdict->ours == ours && verdict->theirs == theirs &&
            verdict->figure == figure)
            return verdict;
    }
    return NULL;
}

static int outcome(const struct report *report, size_t ours, size_t theirs, enum figure figure)
{
    const struct verdict *verdict = verdict_of(report, ours, theirs, figure);

    cr_assert_not_null(verdict);
    return (int)verdict->comparison.verdict;
}

Test(bench_report, verdicts_are_about_the_subject_and_each_other_in_what_is_judged)
{
    struct report *report = report_new(6, 2);

    report->results[1].point.judged = false;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 2; k++) {
            result_set(&report->results[k], i, FIGURE_RATE, i == PEER ? 80 : 100);
            result_set(&report->results[k], i, FIGURE_CPU, i == POLL ? 80 : 100);
            result_set(&report->results[k], i, FIGURE_P99, 10);
        }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(report_judge(report), 0);
        cr_expect_eq(report->verdict_count, 6);
    }
    cr_expect_eq(outcome(report, EPOLL, PEER, FIGURE_RATE), (int)BETTER);
    cr_expect_eq(outcome(report, EPOLL, PEER, FIGURE_CPU), (int)NO_DIFFERENCE);
    cr_expect_eq(outcome(report, EPOLL, POLL, FIGURE_RATE), (int)NO_DIFFERENCE);
    cr_expect_eq(outcome(report, EPOLL, POLL, FIGURE_CPU), (int)WORSE);
    cr_expect_eq(outcome(report, EPOLL, BARE, FIGURE_CPU), (int)NO_DIFFERENCE);
    cr_expect(near(verdict_of(report, EPOLL, PEER, FIGURE_RATE)->comparison.ratio.median, 1.25));
    report_end(report);
}

Test(bench_report, a_point_may_be_judged_by_figures_of_its_own)
{
    static const enum figure judges[] = { FIGURE_P99, FIGURES };
    struct report *report = report_new(6, 1);

    report->results[0].point.judges = judges;
    for (size_t i = 0; i < 4; i++) {
        result_set(report->results, i, FIGURE_RATE, 100);
        result_set(report->results, i, FIGURE_P99, 10);
    }
    cr_assert_eq(report_judge(report), 0);
    cr_expect_eq(report->verdict_count, 3);
    cr_expect_not_null(verdict_of(report, EPOLL, POLL, FIGURE_P99));
    report_end(report);
}

Test(bench_report, with_an_old_build_each_host_is_compared_with_its_old_self_alone)
{
    enum { NEW_EPOLL = 1, NEW_POLL, OLD_POLL, OLD_EPOLL };
    struct report *report = calloc(1, sizeof *report);

    cr_assert_not_null(report);
    report_add_contender(report, &contender_bare);
    report_add_contender(report, &contender_epoll);
    report_add_contender(report, &contender_poll);
    report_add_contender(report, &contender_old_poll);
    report_add_contender(report, &contender_old_epoll);
    report_add_contender(report, &contender_peer);
    report->subject = NEW_EPOLL;
    struct result *result = report_add_point(report, "1 connection", 6);
    for (size_t i = 0; i < 6; i++) {
        result_set(result, i, FIGURE_CPU, i == NEW_POLL ? 110 : 100);
        result_set(result, i, FIGURE_RATE, i == OLD_EPOLL ? 80 : 100);
    }
    cr_assert_eq(report_judge(report), 0);
    cr_expect_eq(report->verdict_count, 4);
    cr_expect_eq(outcome(report, NEW_POLL, OLD_POLL, FIGURE_CPU), (int)WORSE);
    cr_expect_eq(outcome(report, NEW_EPOLL, OLD_EPOLL, FIGURE_CPU), (int)NO_DIFFERENCE);
    cr_expect_eq(outcome(report, NEW_EPOLL, OLD_EPOLL, FIGURE_RATE), (int)BETTER);
    report_end(report);
}

Test(bench_report, who_was_not_measured_has_no_verdict)
{
    struct report *report = report_new(6, 1);

    for (size_t i = 0; i < 4; i++)
        result_set(report->results, i, FIGURE_RATE, 100);
    report->results[0].series[PEER].excluded = "it failed";
    cr_assert_eq(report_judge(report), 0);
    cr_expect_eq(report->verdict_count, 2);
    cr_expect_null(verdict_of(report, EPOLL, PEER, FIGURE_RATE));
    report_end(report);
}

/* Noise that alone is nearly chance, beside others that may or may not be asked about. */
static double adjusted_of_noisy(size_t rounds_of_others)
{
    static const double noisy[] = { 1.05, 1.2, 0.98, 1.1, 1.3, 1.02, 1.15, 1.0 };
    struct report *report = report_new(8, 3);

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 3; k++)
            result_set(&report->results[k], i, FIGURE_RATE, 100);
    for (size_t i = 0; i < 8; i++)
        report->results[0].series[EPOLL].samples[i].figure[FIGURE_RATE] *= noisy[i];
    for (size_t k = 1; k < 3; k++)
        for (size_t i = 0; i < 4; i++)
            report->results[k].series[i].count = rounds_of_others;
    cr_assert_eq(report_judge(report), 0);
    cr_expect_eq(report->verdict_count, 9);
    const struct comparison *comparison = &verdict_of(report, EPOLL, BARE, FIGURE_RATE)->comparison;
    double times = comparison->adjusted / comparison->p;
    report_end(report);
    return times;
}

Test(bench_report, those_of_too_few_rounds_are_not_of_the_family)
{
    cr_expect(near(adjusted_of_noisy(3), 3));
    cr_expect(near(adjusted_of_noisy(4), 9));
}

Test(bench_report, a_report_of_nothing_has_no_verdict)
{
    struct report report = { .contender_count = 0 };

    cr_expect_eq(report_estimate(&report), 0);
    cr_expect_eq(report_judge(&report), 0);
    cr_expect_eq(report.verdict_count, 0);
    report_free(&report);
}
