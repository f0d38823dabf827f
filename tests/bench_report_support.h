/* bench_report_support.h: reports of `confab bench` with the figures that a test wants. */
#ifndef CONFAB_TESTS_BENCH_REPORT_SUPPORT_H
#define CONFAB_TESTS_BENCH_REPORT_SUPPORT_H

#include "tools/bench/report.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum figure test_figures[] = { FIGURE_RATE, FIGURE_CPU, FIGURE_P99, FIGURE_CALLS, FIGURES };
static const enum figure test_judged[] = { FIGURE_RATE, FIGURE_CPU, FIGURES };
static const struct scenario test_scenario = {
    .name = "echo", .per = "message", .figures = test_figures, .judged = test_judged
};

static const struct contender contender_bare = { .name = "bare", .kind = CONTENDER_BARE, .program = "p" };
static const struct contender contender_epoll = {
    .name = "epoll", .kind = CONTENDER_HOST, .program = "p", .backend = "epoll"
};
static const struct contender contender_poll = {
    .name = "poll", .kind = CONTENDER_HOST, .program = "p", .backend = "poll"
};
static const struct contender contender_peer = { .name = "libevent", .kind = CONTENDER_PEER, .program = "q" };
static const struct contender contender_old_epoll = {
    .name = "old epoll", .kind = CONTENDER_HOST, .program = "o", .backend = "epoll", .old = true
};
static const struct contender contender_old_poll = {
    .name = "old poll", .kind = CONTENDER_HOST, .program = "o", .backend = "poll", .old = true
};

static inline void report_add_contender(struct report *report, const struct contender *contender)
{
    cr_assert_lt(report->contender_count, (size_t)BENCH_CONTENDERS);
    report->contenders[report->contender_count++] = *contender;
}

/* A judged point, where each contender has so many rounds, all taken and without a figure. */
static inline struct result *report_add_point(struct report *report, const char *name, size_t rounds)
{
    struct result *results = realloc(report->results, (report->result_count + 1) * sizeof *results);

    cr_assert_not_null(results);
    report->results = results;
    struct result *result = &results[report->result_count++];
    memset(result, 0, sizeof *result);
    result->scenario = &test_scenario;
    result->point.judged = true;
    snprintf(result->point.name, sizeof result->point.name, "%s", name);
    for (size_t k = 0; k < report->contender_count; k++) {
        struct series *series = &result->series[k];
        series->samples = calloc(rounds ? rounds : 1, sizeof *series->samples);
        cr_assert_not_null(series->samples);
        series->count = rounds;
        for (size_t i = 0; i < rounds; i++) {
            sample_clear(&series->samples[i]);
            series->samples[i].taken = true;
        }
    }
    return result;
}

/* What a contender has in each round: `value`, a little more from one to the next of each five, so that two of
 * them have the same ratio in all. */
static inline void result_set(struct result *result, size_t contender, enum figure figure, double value)
{
    for (size_t i = 0; i < result->series[contender].count; i++)
        result->series[contender].samples[i].figure[figure] = value * (1 + 0.001 * (double)(i % 5));
}

#endif
