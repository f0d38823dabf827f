/* scenario_dispatch.c: what it costs to be told of an event, by how many descriptors are watched and how many of them are
 * active; dispatch.h tells how it is done. */
#include "tools/bench/dispatch.h"
#include "tools/bench/launch.h"
#include <inttypes.h>
#include <stdio.h>

enum {
    WRITES = 50, /* of each that is active, ... */
    MOST = 1000, /* ... and of all: poll takes milliseconds to tell of one among thousands */
    ROUNDS = 3   /* of a point that is not judged */
};

static const enum figure figures[] = { FIGURE_EVENT, FIGURES };

static const int64_t counts[] = { 100, 500, 1000, 2000, 5000, 9000 };
static const int64_t actives[] = { 1, 10, 100, 0 }; /* 0: all */

enum { COUNTS = sizeof counts / sizeof counts[0], ACTIVES = sizeof actives / sizeof actives[0] };
_Static_assert(COUNTS *ACTIVES <= BENCH_POINTS, "more than a scenario may have");

static bool is_quick(int64_t count, int64_t active)
{
    /* (One of 9000 takes seconds on a poller that looks at all of them.) */
    return ((count == 100 || count == 1000) && (active == 1 || active == 100)) ||
           (count == 9000 && active == 100);
}

static bool is_judged(int64_t count, int64_t active)
{
    return (count == 9000 && active == 100) || (count == 100 && active == 1);
}

static void make_point(struct point *point, int64_t count, int64_t active)
{
    *point = (struct point){ .descriptors = count,
                             .active = active,
                             .writes = WRITES * active < MOST ? WRITES * active : MOST,
                             .quick = is_quick(count, active),
                             .sweep = true,
                             .judged = is_judged(count, active) };
    point->rounds = point->judged ? 0 : ROUNDS;
    snprintf(point->name, sizeof point->name, "%" PRId64 " descriptors, %" PRId64 " active", count, active);
}

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    const int64_t limit = descriptors_raise();
    size_t n = 0;

    for (size_t i = 0; i < COUNTS; i++) {
        int64_t needed = 2 * counts[i] + DISPATCH_SPARE;
        if (needed > limit) {
            bench_warn(bench,
                       "dispatch: left out from %" PRId64 " socketpairs on: they take %" PRId64
                       " descriptors, and a process may have %" PRId64 " (ulimit -n)",
                       counts[i], needed, limit);
            break;
        }
        for (size_t k = 0; k < ACTIVES; k++) {
            if (actives[k] == counts[i])
                continue; /* is all of them */
            make_point(&points[n], counts[i], actives[k] ? actives[k] : counts[i]);
            n += points[n].quick || !bench->quick;
        }
    }
    return n;
}

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    char number[3][24];
    const char *const words[] = { number[0], number[1], number[2], NULL };

    snprintf(number[0], sizeof number[0], "%" PRId64, point->descriptors);
    snprintf(number[1], sizeof number[1], "%" PRId64, point->active);
    snprintf(number[2], sizeof number[2], "%" PRId64, point->writes);
    worker_run(bench, contender, "dispatch", words, sample);
}

/* The repetitions take a tenth of a second; making socketpairs, and telling the loop of them, some microseconds each. A turn
 * that looks at all of them takes a tenth of a microsecond for each: some contenders' do. */
static double cost(const struct bench *bench, const struct point *point)
{
    (void)bench;
    double turns = 2.0 * (double)point->writes / (double)point->active;
    return 0.15 + 2e-5 * (double)point->descriptors + turns * (double)point->descriptors * 1e-7 / 3;
}

const struct scenario dispatch_scenario = {
    .name = "dispatch",
    .summary = "tells of events on few of many descriptors",
    .per = "event",
    .figures = figures,
    .judged = figures,
    .points = points,
    .measure = measure,
    .needs = NEEDS_WORKERS,
    .cost = cost,
};
