/* statistics_compare.c: whether two differ, and how many such questions are asked at once. */
#include "tools/bench/statistics.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define TRIMMED      0.2 /* Yuen's: off each end */
#define YUENS_CHANCE 0.1 /* of the chance to be wrong; the rest is Student's */

/* -- Two ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* Whether the mean without `off` values at each end is 0: the spread is that of the values with those at the ends moved
 * in to the next (Tukey and McLaughlin, Yuen; off = 0 is Student's).  -1: there is no spread. */
static double trimmed_test(const double *sorted, size_t n, size_t off)
{
    size_t kept = n - 2 * off;
    double mean = 0, moved_mean = 0, squares = 0, moved[STATISTICS_ROUNDS] = { 0 };

    for (size_t i = 0; i < n; i++) {
        size_t from = i < off ? off : i >= n - off ? n - off - 1 : i;
        moved[i] = sorted[from];
        moved_mean += moved[i] / (double)n;
        if (from == i)
            mean += sorted[i] / (double)kept;
    }
    if (moved[0] == moved[n - 1])
        return -1;
    for (size_t i = 0; i < n; i++)
        squares += (moved[i] - moved_mean) * (moved[i] - moved_mean);
    double error = sqrt(squares / (double)kept / (double)(kept - 1));
    return student_two_sided(mean / error, (double)(kept - 1));
}

/* How likely ratios with these logarithms are where there is no difference. */
static double chance(double *logarithms, size_t n)
{
    if (n < STATISTICS_JUDGED)
        return 1;
    qsort(logarithms, n, sizeof *logarithms, ascending);
    if (logarithms[0] == logarithms[n - 1]) /* no noise at all: what is seen is what there is */
        return logarithms[0] < 0 || logarithms[0] > 0 ? 0 : 1;
    double student = trimmed_test(logarithms, n, 0) / (1 - YUENS_CHANCE);
    double yuen = trimmed_test(logarithms, n, (size_t)(TRIMMED * (double)n)) / YUENS_CHANCE;
    /* Where all but the ends are one value, as counts may be, that is not to be taken for no noise. */
    double least = yuen >= 0 && yuen < student ? yuen : student;
    return least < 1 ? least : 1;
}

struct comparison compare(const double *ours, const double *theirs, size_t count)
{
    double logarithms[STATISTICS_ROUNDS] = { 0 };
    size_t n = 0;

    assert(count <= STATISTICS_ROUNDS);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(ours[i]) || !isfinite(theirs[i]))
            continue;
        if (ours[i] <= 0 || theirs[i] <= 0) {
            n = 0;
            break;
        }
        logarithms[n++] = log(ours[i] / theirs[i]);
    }
    struct comparison comparison = { estimate_of_logarithms(logarithms, n), 0, 0, NO_DIFFERENCE };
    comparison.p = comparison.adjusted = chance(logarithms, n);
    return comparison;
}

/* -- Many ------------------------------------------------------------------------------ */

/* Holm (1979): in ascending order the first p counts for as many as there are, the next for one less, and so on; none
 * counts for less than those before it. */
static void adjust(struct comparison *const *family, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t less = 0;
        for (size_t k = 0; k < count; k++)
            less += family[k]->p < family[i]->p;
        double adjusted = (double)(count - less) * family[i]->p;
        family[i]->adjusted = adjusted < 1 ? adjusted : 1;
    }
    /* What has been raised already is no more than what those that come later in the order are raised to. */
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            if (family[k]->p <= family[i]->p && family[k]->adjusted > family[i]->adjusted)
                family[i]->adjusted = family[k]->adjusted;
}

static bool shown(const struct comparison *comparison)
{
    const struct estimate *ratio = &comparison->ratio;
    double least = 1 + STATISTICS_LEAST;

    if (!(comparison->adjusted < STATISTICS_LEVEL))
        return false;
    return (ratio->median >= least && ratio->low > 1) || (ratio->median <= 1 / least && ratio->high < 1);
}

void comparisons_judge(struct comparison *const *family, const bool *more_is_better, size_t count)
{
    adjust(family, count);
    for (size_t i = 0; i < count; i++) {
        bool more = family[i]->ratio.median > 1;
        family[i]->verdict = !shown(family[i]) ? NO_DIFFERENCE : more == more_is_better[i] ? BETTER : WORSE;
    }
}
