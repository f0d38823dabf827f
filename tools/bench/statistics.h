/* statistics.h: what rounds say together.
 *
 * Contenders take turns, so a round has one value of each: the ratio of two within a round is what is looked at, as a
 * logarithm.  Intervals are of the median, by bootstrap over rounds (percentiles of 10,000 draws from a generator of a
 * fixed seed: the same figures give the same interval).  Whether there is a difference is asked by Yuen's test (a t-test
 * of trimmed means, 20 % off each end: one disturbed round does not decide), and by Holm over all that a report judges; one
 * that is smaller than 3 % is none. */
#ifndef CONFAB_TOOLS_BENCH_STATISTICS_H
#define CONFAB_TOOLS_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_LEAST 0.03 /* the smallest effect that is called one */
#define STATISTICS_LEVEL 0.05 /* of the whole family */

struct estimate {
    size_t rounds;    /* that have a value */
    double median;    /* NAN: none */
    double low, high; /* its interval of 95 %; the median itself where there are fewer than 3 */
};

/* Values that are NAN are left out. */
struct estimate estimate_of(const double *values, size_t count);

struct comparison {
    struct estimate ratio; /* of ours to theirs, over the rounds that have both */
    double p;        /* that a difference like this comes by chance; 1 where there are fewer than 4 rounds */
    double adjusted; /* by Holm; = p before comparisons_judge */
    enum { NO_DIFFERENCE, BETTER, WORSE } verdict; /* of ours */
};

/* ours[i] and theirs[i] are of one round; more_is_better says which way is BETTER. */
struct comparison compare(const double *ours, const double *theirs, size_t count, bool more_is_better);

/* Adjusts all that one report judges, and gives each its verdict: BETTER or WORSE where adjusted is under
 * STATISTICS_LEVEL, the median is at least STATISTICS_LEAST from 1, and the interval does not have 1 in it. */
void comparisons_judge(struct comparison *const *family, const bool *more_is_better, size_t count);

/* Two sides of Student's distribution: how likely |t| or more is. */
double student_two_sided(double t, double freedom);

#endif
