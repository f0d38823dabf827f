/* scenario_timers.c: what a timer costs, with many of them: to start one, to stop one, and when it expires. */
#include "tools/bench/launch.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MANY = 1000000, FEWER = 100000 };

static const enum figure figures[] = { FIGURE_START, FIGURE_STOP, FIGURE_EXPIRE, FIGURES };

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    points[0] =
        (struct point){ .count = bench->quick ? FEWER : MANY, .rounds = 7, .quick = true, .judged = true };
    snprintf(points[0].name, sizeof points[0].name, "%" PRId64 " timers", points[0].count);
    return 1;
}

static const char *excludes(const struct contender *contender, const struct point *point)
{
    (void)point;
    return contender->kind == CONTENDER_BARE ? "has no timers" : NULL;
}

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    char count[24];
    const char *const words[] = { count, NULL };

    snprintf(count, sizeof count, "%" PRId64, point->count);
    worker_run(bench, contender, "timers", words, sample);
}

/* Most of it passes until they are due. */
static double cost(const struct bench *bench, const struct point *point)
{
    (void)bench;
    return fmax(0.1, 1e-6 * (double)point->count) + fmax(0.01, 5e-7 * (double)point->count) + 0.2;
}

const struct scenario timers_scenario = {
    .name = "timers",
    .summary = "starts, stops and awaits very many timers",
    .per = "timer",
    .figures = figures,
    .judged = figures,
    .points = points,
    .excludes = excludes,
    .measure = measure,
    .needs = NEEDS_WORKERS,
    .cost = cost,
};
