/* run.h: one run of `confab bench`: what is measured, in which order, for how long.
 *
 * Scenarios come one after another.  Within one, rounds are the outer loop: round by round each point is measured, and at a
 * point one contender after another, so that what drifts slowly falls on all points alike, and the contenders of a
 * point are neighbours in time.  Their order turns: each second round is the one before it backwards (what drifts
 * evenly cancels out), and from pair to pair another one begins.  Before the rounds of a scenario each contender
 * is measured once at its first point, which does not count; behind them system calls are counted. */
#ifndef CONFAB_TOOLS_BENCH_RUN_H
#define CONFAB_TOOLS_BENCH_RUN_H

#include "tools/bench/report.h"

enum { RUN_FAILURES = 2 /* of a contender at a point: then it is given up there */ };

/* Measures all points of the scenarios (which end with NULL) with all of the report's contenders, and fills the report:
 * results, estimates, verdicts, machine, warnings.  0; -EINTR: stopped by a signal (bench->stop), what was complete by
 * then is in the report; -ENOMEM. */
int run(struct bench *bench, const struct scenario *const *chosen, struct report *report);

/* Chooses rounds and seconds where they are 0, so that a whole report of two hosts and `bare` stays under ten minutes,
 * and a quick one under one; more contenders take longer in proportion.  -ENOMEM. */
int run_choose(struct bench *bench, const struct scenario *const *chosen, const struct report *report);

/* How long it will take, in seconds, with the rounds and seconds that bench has.  NAN: out of memory. */
double run_estimate(struct bench *bench, const struct scenario *const *chosen, const struct report *report);

/* -- plan.c -------------------------------------------------------------------------------- */

/* One scenario's points, those that --quick leaves out taken away. */
struct plan {
    const struct scenario *scenario; /* NULL: behind the last */
    size_t count;
    struct point points[BENCH_POINTS];
};

/* To be freed by free(3); NULL: out of memory. */
struct plan *plans_new(struct bench *bench, const struct scenario *const *chosen);

/* Why it is not measured there; NULL: it is. */
const char *plan_excludes(const struct plan *plan, const struct contender *contender,
                          const struct point *point);

/* Whether a point is measured in this round: one of fewer rounds is in rounds that are spread over all. */
bool plan_measures(const struct point *point, int round, int rounds);
int plan_rounds(const struct point *point, int rounds); /* in how many */

/* Whose turn it is at a point: the i-th of `count`, when it is measured for the time-th time. */
size_t plan_turn(size_t i, size_t count, int time);

/* Whether system calls are counted there. */
bool plan_counts(const struct plan *plan);

double plan_cost(const struct bench *bench, const struct plan *plan, const struct point *point); /* seconds */
double plans_cost(const struct bench *bench, const struct plan *plans, const struct contender *contenders,
                  size_t count); /* of all, in all rounds */

/* -- progress.c ---------------------------------------------------------------------------- */

struct progress_line {
    double total, done; /* seconds, as estimated */
    double took;        /* that `done` really took */
    size_t shown;       /* characters */
};
/* One line on standard error, where that is a terminal: how far, how long it still takes, what is measured now. */
void progress_line_show(struct progress_line *progress, const char *what);
void progress_line_end(struct progress_line *progress);

/* Seconds that are left, as far as one can tell: what was estimated, corrected by what it took so far. */
double progress_left(const struct progress_line *progress);

/* "40 s", "3 min 10 s", "2 h 5 min". */
enum { PROGRESS_TIME = 48 };
const char *progress_time(double seconds, char text[PROGRESS_TIME]);

#endif
