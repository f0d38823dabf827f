/* scenario_idle.c: bytes of memory for a connection that has said a line once and is silent since. */
#include "tools/bench/load.h"
#include <inttypes.h>
#include <stdio.h>

enum {
    MANY = 15000,
    FEW = 2000,       /* --quick */
    DESCRIPTORS = 64, /* that a server or the load has beside one for each connection */
    ROUNDS = 4        /* as few as a verdict takes: memory does not vary much */
};

static const double at_once = 0.001;      /* seconds: it is measured once all are idle */
static const double seconds_each = 60e-6; /* that a connection takes, about */

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    int64_t limit = descriptors_raise() - DESCRIPTORS, count = bench->quick ? FEW : MANY;

    if (limit < count) {
        bench_warn(bench,
                   "idle: the limit of descriptors (ulimit -n) allows %" PRId64 " connections, not %" PRId64,
                   limit > 0 ? limit : 0, count);
        count = limit;
    }
    if (count < 1)
        return 0;
    points[0] = (struct point){
        .connections = count, .depth = 1, .size = 64, .rounds = ROUNDS, .quick = true, .judged = true
    };
    snprintf(points[0].name, sizeof points[0].name, "%" PRId64 " connections", count);
    return 1;
}

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    const struct load load = { .connections = point->connections,
                               .depth = point->depth,
                               .size = point->size,
                               .warm = at_once,
                               .seconds = at_once,
                               .idle = true };

    load_measure(bench, contender, point, "line", NULL, &load, sample);
}

static double cost(const struct bench *bench, const struct point *point)
{
    (void)bench;
    return 0.1 + seconds_each * (double)point->connections;
}

static const enum figure figures[] = { FIGURE_MEMORY, FIGURES };

const struct scenario idle_scenario = {
    .name = "idle",
    .summary = "memory of a connection that is silent",
    .per = "connection",
    .figures = figures,
    .judged = figures,
    .points = points,
    .measure = measure,
    .cost = cost,
};
