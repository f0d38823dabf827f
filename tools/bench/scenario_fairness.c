/* scenario_fairness.c: what 100 polite connections have to wait beside a greedy one, which sends as much as the server
 * takes; and, to see what of that is its doing, without one. */
#include "tools/bench/load.h"
#include <stdio.h>

enum { POLITE = 100, RATE = 10, SIZE = 1024 }; /* messages a second of each */

static const enum figure fairness_figures[] = { FIGURE_P50, FIGURE_P99,  FIGURE_P999,
                                                FIGURE_MAX, FIGURE_RATE, FIGURES };
static const enum figure fairness_judged[] = { FIGURE_P99, FIGURES };

static size_t fairness_points(struct bench *bench, struct point points[BENCH_POINTS])
{
    (void)bench;
    points[0] = (struct point){ .name = "100 polite, 1 greedy",
                                .variant = "greedy",
                                .connections = POLITE + 1,
                                .size = SIZE,
                                .quick = true,
                                .judged = true };
    points[1] =
        (struct point){ .name = "100 polite", .variant = "alone", .connections = POLITE, .size = SIZE };
    return 2;
}

static void fairness_measure(struct bench *bench, const struct contender *contender,
                             const struct point *point, struct sample *sample)
{
    const struct load load = { .connections = point->connections,
                               .greedy = point->connections - POLITE,
                               .size = point->size,
                               .rate = POLITE * RATE,
                               .even = true };

    load_measure(bench, contender, point, "line", NULL, &load, sample);
}

const struct scenario fairness_scenario = { .name = "fairness",
                                            .summary = "latency of 100 connections beside a greedy one",
                                            .per = "message",
                                            .figures = fairness_figures,
                                            .judged = fairness_judged,
                                            .points = fairness_points,
                                            .measure = fairness_measure,
                                            .cost = load_cost };
