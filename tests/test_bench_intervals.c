/* test_bench_intervals.c: medians, and how sure they are. */
#include "tests/noise.h"
#include "tests/support.h"
#include "tools/bench/statistics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect_estimate(struct estimate got, size_t rounds, double median, double low, double high,
                            int line)
{
    cr_expect_eq(got.rounds, rounds, "line %d: %zu rounds, not %zu", line, got.rounds, rounds);
    cr_expect(fabs(got.median - median) < 1e-6, "line %d: median %.9g, not %.9g", line, got.median, median);
    cr_expect(fabs(got.low - low) < 1e-6, "line %d: low %.9g, not %.9g", line, got.low, low);
    cr_expect(fabs(got.high - high) < 1e-6, "line %d: high %.9g, not %.9g", line, got.high, high);
}
#define EXPECT(values, rounds, median, low, high)                                                       \
    expect_estimate(estimate_of(values, sizeof(values) / sizeof(values)[0]), rounds, median, low, high, \
                    __LINE__)

/* -- What they are --------------------------------------------------------------------- */

Test(bench_intervals, from_5_rounds_on_order_statistics_are_interpolated_to_95_percent)
{
    static const double five[] = { 3, 1, 5, 2, 4 }, six[] = { 10, 20, 30, 40, 50, 60 };
    static const double ten[] = { 107, 100, 109, 101, 108, 102, 103, 106, 105, 104 };

    EXPECT(five, 5, 3, 1, 5);
    EXPECT(six, 6, 35, 13.571429, 56.428571); /* five parts of fourteen: between 96.9 % and 78.1 % */
    EXPECT(ten, 10, 104.5, 101.657658, 107.342342);
}

Test(bench_intervals, fewer_than_3_rounds_have_their_median_alone)
{
    static const double one[] = { 7 }, two[] = { 7, 8 };

    EXPECT(one, 1, 7, 7, 7);
    EXPECT(two, 2, 7.5, 7.5, 7.5);
    struct estimate none = estimate_of(NULL, 0);
    cr_expect(none.rounds == 0 && isnan(none.median) && isnan(none.low) && isnan(none.high));
}

Test(bench_intervals, rounds_without_a_value_are_left_out)
{
    static const double values[] = { NAN, 4, 2, INFINITY, 1, 3, NAN, 5, -INFINITY };
    static const double nothing[] = { NAN, NAN, NAN, NAN };

    EXPECT(values, 5, 3, 1, 5);
    cr_expect_eq(estimate_of(nothing, 4).rounds, 0);
    cr_expect(isnan(estimate_of(nothing, 4).median));
}

Test(bench_intervals, values_that_are_all_the_same_have_an_interval_without_width)
{
    double values[STATISTICS_ROUNDS];

    for (size_t n = 1; n <= STATISTICS_ROUNDS; n++) {
        values[n - 1] = 224.1;
        struct estimate got = estimate_of(values, n);
        cr_expect(got.median == 224.1 && got.low == 224.1 && got.high == 224.1, "%zu", n);
    }
}

Test(bench_intervals, of_3_and_4_rounds_it_is_students_of_logarithms)
{
    double three[] = { exp(1), exp(2), exp(3) }, four[] = { exp(1), exp(2), exp(3), exp(4) };
    double half_of_3 = 4.302653 / sqrt(3), half_of_4 = 3.182446 * sqrt(5.0 / 3) / 2;

    EXPECT(three, 3, exp(2), exp(2 - half_of_3), exp(2 + half_of_3));
    EXPECT(four, 4, (exp(2) + exp(3)) / 2, exp(2.5 - half_of_4), exp(2.5 + half_of_4));
}

Test(bench_intervals, of_3_and_4_rounds_it_does_not_go_below_0)
{
    static const double three[] = { 1, 2, 90 }, with_zero[] = { 0, 1, 7 };

    cr_expect_gt(estimate_of(three, 3).low, 0);
    cr_expect_lt(estimate_of(three, 3).low, 0.1);
    struct estimate zero = estimate_of(with_zero, 3);
    cr_expect(zero.median == 1 && zero.low == 0 && zero.high > 7);
}

Test(bench_intervals, the_order_of_the_rounds_does_not_matter)
{
    double values[9], turned[9];
    uint64_t state = 1;

    for (size_t i = 0; i < 9; i++)
        values[i] = turned[8 - i] = draw_normal(&state);
    struct estimate a = estimate_of(values, 9), b = estimate_of(turned, 9);
    cr_expect(a.median == b.median && a.low == b.low && a.high == b.high);
}

Test(bench_intervals, those_of_logarithms_are_of_what_they_are_logarithms_of)
{
    static const double values[] = { -0.3, -0.1, 0, 0.2, 0.4, 0.5, 0.6 };
    struct estimate plain = estimate_of(values, 7), got = estimate_of_logarithms(values, 7);

    cr_expect_eq(got.rounds, 7);
    cr_expect(got.median == exp(plain.median) && got.low == exp(plain.low) && got.high == exp(plain.high));
    cr_expect(isnan(estimate_of_logarithms(values, 0).median));
}

/* -- By bootstrap ---------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* The percentiles of the medians of many draws, as everybody does it. */
static void draw_medians(const double *values, size_t n, double *low, double *high)
{
    enum { DRAWS = 40000 };
    static double medians[DRAWS];
    double one[STATISTICS_ROUNDS];
    uint64_t state = n;

    for (size_t i = 0; i < DRAWS; i++) {
        for (size_t k = 0; k < n; k++)
            one[k] = values[draw(&state) % n];
        qsort(one, n, sizeof one[0], ascending);
        medians[i] = (one[(n - 1) / 2] + one[n / 2]) / 2;
    }
    qsort(medians, DRAWS, sizeof medians[0], ascending);
    *low = medians[DRAWS * 25 / 1000];
    *high = medians[DRAWS * 975 / 1000 - 1];
}

/* Of 9, 15 and 17 rounds they reach farther than order statistics do. */
Test(bench_intervals, they_are_those_of_the_bootstrap_where_these_are_wider)
{
    static const size_t counts[] = { 9, 15, 17 };
    double values[STATISTICS_ROUNDS], low, high;

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < counts[i]; k++)
            values[k] = (double)(k * k);
        draw_medians(values, counts[i], &low, &high);
        struct estimate got = estimate_of(values, counts[i]);
        cr_expect(got.low == low, "%zu: %g, not %g", counts[i], got.low, low);
        cr_expect(counts[i] == 17 || got.high == high, "%zu: %g, not %g", counts[i], got.high, high);
    }
}

Test(bench_intervals, they_are_never_narrower_than_the_bootstraps)
{
    double values[STATISTICS_ROUNDS], low, high;

    for (size_t n = 5; n < 5 + (size_t)test_rounds(20); n++) {
        for (size_t k = 0; k < n; k++)
            values[k] = (double)(k * k);
        draw_medians(values, n, &low, &high);
        struct estimate got = estimate_of(values, n);
        cr_expect(got.low <= low && got.high >= high, "%zu: %g to %g, drawn: %g to %g", n, got.low, got.high,
                  low, high);
    }
}

/* -- How often they are right ---------------------------------------------------------- */

/* The median of e to what the noise is; -1: it has to be found. */
static double true_median(noise *kind)
{
    enum { MANY = 200001 };
    static double values[MANY];
    uint64_t state = 99;

    for (size_t i = 0; i < MANY; i++)
        values[i] = kind(&state, 0.03);
    qsort(values, MANY, sizeof values[0], ascending);
    return exp(values[MANY / 2]);
}

/* In percent. */
static double coverage(noise *kind, size_t n, double median)
{
    enum { TRIES = 2000 };
    int right = 0;
    double values[STATISTICS_ROUNDS];
    uint64_t state = n;

    for (int i = 0; i < TRIES; i++) {
        for (size_t k = 0; k < n; k++)
            values[k] = 1000 * exp(kind(&state, 0.03));
        struct estimate got = estimate_of(values, n);
        right += got.low <= 1000 * median && 1000 * median <= got.high;
    }
    return 100.0 * right / TRIES;
}

static noise *const noises[] = { noise_normal, noise_disturbed, noise_heavy, noise_above };

Test(bench_intervals, have_the_median_in_them_in_95_of_100_cases)
{
    static const size_t counts[] = { 8, 9, 10, 12, 15, 20 };

    for (size_t i = 0; i < (size_t)test_rounds(4); i++) {
        double median = true_median(noises[i]);
        for (size_t k = 0; k < 6; k++) {
            double percent = coverage(noises[i], counts[k], median);
            cr_expect(percent > 93 && percent < 98, "noise %zu, %zu rounds: %.1f %%", i, counts[k], percent);
        }
    }
}

Test(bench_intervals, of_few_rounds_too)
{
    for (size_t i = 0; i < (size_t)test_rounds(4); i++) {
        double median = true_median(noises[i]);
        for (size_t n = 3; n < 8; n++) {
            double percent = coverage(noises[i], n, median);
            cr_expect(percent > 92 && percent < 98.5, "noise %zu, %zu rounds: %.1f %%", i, n, percent);
        }
    }
}
