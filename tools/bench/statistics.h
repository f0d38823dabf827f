/* statistics.h: what rounds say together.
 *
 * Contenders take turns, so a round has one value of each: the ratio of two within a round is what is looked at, as a
 * logarithm.  Nothing is drawn at random: the same figures give the same words.
 *
 * Intervals are of the median, with 95 %.  From 5 rounds on they are those of the bootstrap over rounds (its
 * percentiles, calculated, as infinitely many draws would give them), which are too narrow where rounds are few, and
 * hence made at least as wide as what is between order statistics, interpolated to 95 % (Hettmansperger and Sheather).  5
 * rounds reach no further than from the least to the most, which is 94 %.  With 3 or 4 that would be 75 and 88 %: there it
 * is Student's interval of logarithms, which takes the noise for log-normal and is very wide, as so few rounds deserve.
 *
 * Whether there is a difference is asked twice: by Student's test, which sees most where the noise is well-behaved,
 * and by Yuen's (trimmed means, 20 % off each end), to which a disturbed round is nothing.  Of the chance that is
 * allowed for being wrong the first has nine tenths, the second has one.  (Yuen's alone finds 10 % at 3 % noise in 10
 * rounds among 40 others in 60 % of cases, Student's in 96 %; with every 20th value disturbed at 1 % noise it is 99 % and 60 %.
 * Both together: 95 % and 93 %.)  Then Holm's correction over all that a report judges; and what is smaller than 3 % is
 * none. */
#ifndef CONFAB_TOOLS_BENCH_STATISTICS_H
#define CONFAB_TOOLS_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_LEAST 0.03 /* the smallest effect that is called one */
#define STATISTICS_LEVEL 0.05 /* of the whole family */

enum {
    STATISTICS_ROUNDS = 100, /* at the most */
    STATISTICS_INTERVAL = 3, /* rounds that an interval takes at the least */
    STATISTICS_JUDGED = 4    /* and a verdict */
};

struct estimate {
    size_t rounds;    /* that have a value */
    double median;    /* NAN: none */
    double low, high; /* its interval of 95 %; the median itself where rounds are too few; NAN: none */
};

/* Values that are NAN (or infinite) are left out. */
struct estimate estimate_of(const double *values, size_t count);

/* The same of the values whose logarithms these are. */
struct estimate estimate_of_logarithms(const double *logarithms, size_t count);

struct comparison {
    struct estimate ratio; /* of ours to theirs, over the rounds that have both */
    double p;        /* that a difference like this comes by chance; 1 where there are fewer than 4 rounds */
    double adjusted; /* by Holm; = p before comparisons_judge */
    enum { NO_DIFFERENCE, BETTER, WORSE } verdict; /* of ours; NO_DIFFERENCE before comparisons_judge */
};

/* ours[i] and theirs[i] are of one round; rounds in which one of them is NAN are left out.  There is no ratio (0 rounds)
 * where any of the others is not above 0: those that are would say what is not so. */
struct comparison compare(const double *ours, const double *theirs, size_t count);

/* Adjusts all that one report judges, and gives each its verdict: BETTER or WORSE where adjusted is under
 * STATISTICS_LEVEL, the median is at least STATISTICS_LEAST from 1 (or its inverse is: whichever of the two is ours), and
 * the interval does not have 1 in it.  more_is_better says which way is BETTER. */
void comparisons_judge(struct comparison *const *family, const bool *more_is_better, size_t count);

/* Two sides of Student's distribution: how likely |t| or more is.  1 where t is NAN. */
double student_two_sided(double t, double freedom);

#endif
