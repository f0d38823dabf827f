/* bench_report_sample.h: a report of `confab bench` that was never measured: every scenario, six contenders, noise as
 * on a real machine, and the same figures each time. */
#ifndef CONFAB_TESTS_BENCH_REPORT_SAMPLE_H
#define CONFAB_TESTS_BENCH_REPORT_SAMPLE_H

#include "tools/bench/report.h"

enum {
    SAMPLE_BARE,
    SAMPLE_EPOLL,
    SAMPLE_POLL,
    SAMPLE_LIBEVENT,
    SAMPLE_LIBUV,
    SAMPLE_LIBEV,
    SAMPLE_CONTENDERS
};

/* Fills it, with the first `contenders` of them, and their estimates and verdicts; report_free frees it.  0, or
 * -ENOMEM. */
int sample_report(struct report *report, size_t contenders, int rounds);

/* One without any result. */
void sample_empty(struct report *report);

/* A scenario's points alone, for a test that wants its own figures: a series has `rounds` samples, taken, with NAN. */
extern const struct scenario sample_echo;
int sample_add(struct report *report, const struct scenario *scenario, const struct point *point,
               struct result **result);

#endif
