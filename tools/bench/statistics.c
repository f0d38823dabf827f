/* statistics.c: medians and their intervals. */
#include "tools/bench/statistics.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95

enum { FEW = 5 }; /* with fewer rounds, from the least to the most is by far no 95 % */

static int ascending(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static void widen(struct estimate *estimate, double low, double high)
{
    if (low < estimate->low)
        estimate->low = low;
    if (high > estimate->high)
        estimate->high = high;
}

/* -- From 5 rounds on ------------------------------------------------------------------ */

/* Of n tries that succeed with this chance each: how likely it is that at most `most` do. */
static double binomial(size_t n, double chance, size_t most)
{
    double one = pow(1 - chance, (double)n), sum = one;

    for (size_t i = 0; i < most && chance < 1; i++) {
        one *= (double)(n - i) / (double)(i + 1) * chance / (1 - chance);
        sum += one;
    }
    return sum;
}

/* How likely the median lies between the k-th value from below and the k-th from above. */
static double covered(size_t n, size_t k)
{
    return 1 - 2 * binomial(n, 0.5, k - 1);
}

/* Between two pairs of values, of which one covers a little more and the next a little less. */
static void widen_by_order(struct estimate *estimate, const double *sorted, size_t n)
{
    size_t k = 1;

    while (covered(n, k + 1) >= CONFIDENCE)
        k++;
    double more = covered(n, k), less = covered(n, k + 1), share = 0;
    if (more > CONFIDENCE) {
        double part = (more - CONFIDENCE) / (more - less), inner = (double)(n - k) * part;
        share = inner / ((double)k * (1 - part) + inner);
    }
    double low = sorted[k - 1], high = sorted[n - k];
    widen(estimate, low + share * (sorted[k] - low), high - share * (high - sorted[n - k - 1]));
}

/* What the median of n draws may be, and how likely that is. */
struct draw {
    double median, chance;
};

static int by_median(const void *a, const void *b)
{
    return ascending(&((const struct draw *)a)->median, &((const struct draw *)b)->median);
}

/* Of an odd number one is in the middle, which is at or under the k-th value where more than half of them are.  Of an
 * even number two are, i and k, where half are at or under i and none is between. */
static size_t draws_of(struct draw *draws, const double *sorted, size_t n)
{
    size_t half = (n + 1) / 2, count = 0;
    double all = (double)n, ways = exp(lgamma(all + 1) - 2 * lgamma(all / 2 + 1)), before = 0;

    for (size_t i = 0; i < n; i++) {
        double under = 1 - binomial(n, (double)(i + 1) / all, half - 1), same = under - before;
        double lower = pow((double)(i + 1) / all, all / 2) - pow((double)i / all, all / 2);
        for (size_t k = i + 1; k < n && n % 2 == 0; k++) {
            double upper = pow((double)(n - k) / all, all / 2) - pow((double)(n - k - 1) / all, all / 2);
            draws[count++] = (struct draw){ sorted[i] + (sorted[k] - sorted[i]) / 2, ways * lower * upper };
            same -= ways * lower * upper;
        }
        draws[count++] = (struct draw){ sorted[i], same };
        before = under;
    }
    return count;
}

static void widen_by_bootstrap(struct estimate *estimate, const double *sorted, size_t n)
{
    struct draw draws[STATISTICS_ROUNDS * (STATISTICS_ROUNDS + 1) / 2];
    size_t count = draws_of(draws, sorted, n), low = 0, high = count - 1;
    double tail = (1 - CONFIDENCE) / 2;

    qsort(draws, count, sizeof *draws, by_median);
    for (double sum = draws[low].chance; sum < tail; sum += draws[low].chance)
        low++;
    for (double sum = draws[high].chance; sum < tail; sum += draws[high].chance)
        high--;
    widen(estimate, draws[low].median, draws[high].median);
}

/* -- 3 or 4 ---------------------------------------------------------------------------- */

static void widen_by_student(struct estimate *estimate, const double *values, size_t n)
{
    static const double quantiles[FEW] = { [3] = 4.302653, [4] = 3.182446 };
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    double half = quantiles[n] * sqrt(squares / (double)(n - 1) / (double)n);
    widen(estimate, mean - half, mean + half);
}

/* -- Both ------------------------------------------------------------------------------ */

static double middle(const double *sorted, size_t n)
{
    return n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] + (sorted[n / 2] - sorted[n / 2 - 1]) / 2;
}

/* Copies those that are numbers, in their order; how many. */
static size_t sort(double *sorted, const double *values, size_t count)
{
    size_t n = 0;

    assert(count <= STATISTICS_ROUNDS);
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            sorted[n++] = values[i];
    qsort(sorted, n, sizeof *sorted, ascending);
    return n;
}

static struct estimate of_sorted(const double *sorted, size_t n)
{
    double median = n > 0 ? middle(sorted, n) : NAN;
    struct estimate estimate = { n, median, median, median };

    if (n < STATISTICS_INTERVAL || sorted[0] == sorted[n - 1])
        return estimate;
    if (n < FEW) {
        widen_by_student(&estimate, sorted, n);
    } else {
        widen_by_bootstrap(&estimate, sorted, n);
        widen_by_order(&estimate, sorted, n);
    }
    return estimate;
}

struct estimate estimate_of_logarithms(const double *logarithms, size_t count)
{
    double sorted[STATISTICS_ROUNDS];
    struct estimate estimate = of_sorted(sorted, sort(sorted, logarithms, count));

    estimate.median = exp(estimate.median);
    estimate.low = exp(estimate.low);
    estimate.high = exp(estimate.high);
    return estimate;
}

struct estimate estimate_of(const double *values, size_t count)
{
    double sorted[STATISTICS_ROUNDS], logarithms[FEW];
    size_t n = sort(sorted, values, count);
    struct estimate estimate = of_sorted(sorted, n);

    /* Few values that are above 0 have an interval that is. */
    if (n >= 3 && n < FEW && sorted[0] > 0 && sorted[0] < sorted[n - 1]) {
        for (size_t i = 0; i < n; i++)
            logarithms[i] = log(sorted[i]);
        struct estimate few = estimate_of_logarithms(logarithms, n);
        estimate.low = few.low;
        estimate.high = few.high;
    }
    if (n > 0 && sorted[0] >= 0 && estimate.low < 0)
        estimate.low = 0;
    return estimate;
}
