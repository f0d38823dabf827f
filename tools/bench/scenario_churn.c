/* scenario_churn.c: connections that come and go: connect, one line, its answer, close. */
#include "tools/bench/load.h"

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    (void)bench;
    points[0] = (struct point){ .name = "16 connections at once",
                                .connections = 16,
                                .depth = 1,
                                .size = 64,
                                .quick = true,
                                .judged = true };
    return 1;
}

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    const struct load load = {
        .connections = point->connections, .depth = point->depth, .size = point->size, .churn = true
    };

    load_measure(bench, contender, point, "line", NULL, &load, sample);
}

static const enum figure figures[] = { FIGURE_RATE, FIGURE_CPU, FIGURE_CALLS, FIGURE_SWITCHES,
                                       FIGURE_P50,  FIGURE_P99, FIGURES };
static const enum figure judged[] = { FIGURE_RATE, FIGURE_CPU, FIGURES };

const struct scenario churn_scenario = {
    .name = "churn",
    .summary = "connections that come, say one line, and go",
    .per = "connection",
    .figures = figures,
    .judged = judged,
    .points = points,
    .measure = measure,
    .cost = load_cost,
};
