/* run.h: one run of `confab bench`: what is measured, in which order, for how long. */
#ifndef CONFAB_TOOLS_BENCH_RUN_H
#define CONFAB_TOOLS_BENCH_RUN_H

#include "tools/bench/report.h"

#include <signal.h>

/* Measures all points of the scenarios (which end with NULL) with all of the report's contenders, and fills the report:
 * results, estimates, verdicts, machine, warnings.  0; -EINTR: stopped by a signal, what was complete by then is
 * in the report; -ENOMEM. */
int run(struct bench *bench, const struct scenario *const *chosen, struct report *report);

/* How long it will take, in seconds, with these rounds and seconds a measurement: run.c chooses bench->seconds so that
 * a whole report stays under ten minutes, and a quick one under one. */
double run_estimate(struct bench *bench, const struct scenario *const *chosen, const struct report *report);

/* -- progress.c ---------------------------------------------------------------------------- */

struct progress_line {
    double total, done; /* seconds, as estimated */
    size_t shown;
};
/* One line on standard error, where that is a terminal: how far, what is measured now, how long it still takes. */
void progress_line_show(struct progress_line *progress, const char *what);
void progress_line_end(struct progress_line *progress);

#endif
