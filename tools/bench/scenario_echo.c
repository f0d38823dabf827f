/* scenario_echo.c: lines that come back: how fast, and after how long.
 *
 * In the closed loop the server is kept as busy as so many connections can keep it: what it does a second, and what a
 * message costs it.  How long an answer takes then says little beside that: so many are under way, and each waits for
 * the others.  In the open loop as much is asked of all contenders, a share of what `bare` can do, and it is latency
 * that tells them apart. */
#include "tools/bench/load.h"
#include <math.h>
#include <stdio.h>

enum { DESCRIPTORS_SPARE = 64 }; /* that a server or a load needs beside its connections */

static const enum figure echo_figures[] = { FIGURE_RATE,     FIGURE_CPU, FIGURE_CALLS,
                                            FIGURE_SWITCHES, FIGURE_P50, FIGURE_P99,
                                            FIGURE_P999,     FIGURE_MAX, FIGURES };
static const enum figure closed_judged[] = { FIGURE_RATE, FIGURE_CPU, FIGURES };
static const enum figure open_judged[] = { FIGURE_P99, FIGURES };

static const struct shape {
    int64_t connections, depth, size;
    bool sweep, quick, judged;
} shapes[] = {
    { 1, 1, 64, true, true, true },      { 10, 1, 64, true, false, false },
    { 50, 1, 64, true, true, true },     { 200, 1, 64, true, false, false },
    { 1000, 1, 64, true, true, true },   { 5000, 1, 64, true, false, false },
    { 50, 16, 64, false, true, true },   { 50, 16, 1024, false, false, true },
    { 50, 1, 4096, false, false, true },
};

static const struct {
    double share;
    bool quick, judged;
} shares[] = { { 0.25, false, false }, { 0.5, true, true }, { 0.75, false, false } };

static void closed_point(const struct shape *shape, struct point *point)
{
    *point = (struct point){ .variant = "closed",
                             .connections = shape->connections,
                             .depth = shape->depth,
                             .size = shape->size,
                             .sweep = shape->sweep,
                             .quick = shape->quick,
                             .judged = shape->judged,
                             .judges = closed_judged };
    int n =
        snprintf(point->name, sizeof point->name, "%lld connection%s, depth %lld",
                 (long long)shape->connections, shape->connections == 1 ? "" : "s", (long long)shape->depth);
    if (shape->size != shapes[0].size)
        snprintf(point->name + n, sizeof point->name - (size_t)n, ", %lld bytes", (long long)shape->size);
}

static size_t echo_points(struct bench *bench, struct point points[BENCH_POINTS])
{
    int64_t most = descriptors_raise() - DESCRIPTORS_SPARE;
    size_t n = 0;

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (shapes[i].connections <= most)
            closed_point(&shapes[i], &points[n++]);
        else
            bench_warn(bench, "echo: not with %lld connections: a process may have %lld descriptors",
                       (long long)shapes[i].connections, (long long)(most + DESCRIPTORS_SPARE));
    }
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        points[n] = (struct point){ .variant = "open",
                                    .connections = 50,
                                    .depth = 1,
                                    .size = 64,
                                    .share = shares[i].share,
                                    .quick = shares[i].quick,
                                    .judged = shares[i].judged,
                                    .judges = open_judged };
        snprintf(points[n].name, sizeof points[n].name, "open loop at %.0f %% of bare",
                 100 * shares[i].share);
        n++;
    }
    return n;
}

static void echo_measure(struct bench *bench, const struct contender *contender, const struct point *point,
                         struct sample *sample)
{
    struct load load = { .connections = point->connections,
                         .depth = point->depth,
                         .size = point->size,
                         .rate = point->share * bench->bare_rate };

    if (point->share > 0 && bench->counting) { /* a server whose calls are counted is too slow for its rate */
        sample->taken = true;
        return;
    }
    if (point->share > 0 && bench->bare_rate <= 0) {
        sample_fail(sample, "it is not known what `bare` can do");
        return;
    }
    load_measure(bench, contender, point, "line", NULL, &load, sample);
}

const struct scenario echo_scenario = { .name = "echo",
                                        .summary = "lines that come back: rate, cost, latency",
                                        .per = "message",
                                        .figures = echo_figures,
                                        .judged = closed_judged,
                                        .points = echo_points,
                                        .measure = echo_measure,
                                        .cost = load_cost };
