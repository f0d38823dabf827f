/* test_bench_histogram.c: latencies in buckets: how exact, and that none is lost. */
#include "tests/noise.h"
#include "tests/support.h"
#include "tools/bench/histogram.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t most = UINT64_C(1) << 40;

static struct histogram *histogram_new(void)
{
    struct histogram *histogram = malloc(sizeof *histogram);

    cr_assert_not_null(histogram);
    memset(histogram, 0xee, sizeof *histogram);
    histogram_clear(histogram);
    return histogram;
}

/* What is told of a value that has larger ones beside it. */
static uint64_t told(struct histogram *histogram, uint64_t value)
{
    histogram_clear(histogram);
    histogram_add(histogram, value, 1);
    histogram_add(histogram, UINT64_MAX, 1);
    return histogram_value(histogram, 0.5);
}

static void expect_exact(struct histogram *histogram, uint64_t value)
{
    uint64_t got = told(histogram, value);

    cr_expect(got >= value && got - value < (value + 99) / 100 + (value == 0), "%llu for %llu",
              (unsigned long long)got, (unsigned long long)value);
}

Test(bench_histogram, what_is_told_is_less_than_1_percent_above_what_was_seen)
{
    struct histogram *histogram = histogram_new();
    uint64_t state = 1;

    for (uint64_t value = 0; value < 2000; value++)
        expect_exact(histogram, value);
    for (unsigned bit = 7; bit <= 40; bit++)
        for (uint64_t value = (UINT64_C(1) << bit) - 2; value <= most && value < (UINT64_C(1) << bit) + 3;
             value++)
            expect_exact(histogram, value);
    for (int i = 0; i < test_rounds(4000); i++)
        expect_exact(histogram, draw(&state) % most >> draw(&state) % 40);
    free(histogram);
}

Test(bench_histogram, values_below_256_are_exact)
{
    struct histogram *histogram = histogram_new();

    for (uint64_t value = 0; value < 256; value++)
        cr_expect_eq(told(histogram, value), value);
    free(histogram);
}

Test(bench_histogram, buckets_follow_each_other_without_a_gap)
{
    struct histogram *histogram = histogram_new();

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t least = histogram_bucket_least(i);
        cr_assert(i == 0 ? least == 0 : least > histogram_bucket_least(i - 1), "%zu", i);
        histogram_add(histogram, least, 1);
        cr_assert_eq(histogram->count[i], 1, "%zu", i);
        if (least == 0)
            continue;
        histogram_add(histogram, least - 1, 1);
        cr_assert_eq(histogram->count[i - 1], 2, "%zu", i);
    }
    cr_expect_eq(histogram_bucket_least(HISTOGRAM_BUCKETS - 1), (most >> 8) * 255);
    free(histogram);
}

Test(bench_histogram, a_share_is_the_value_that_so_many_are_at_or_under)
{
    struct histogram *histogram = histogram_new();

    for (uint64_t value = 1; value <= 100; value++)
        histogram_add(histogram, value, 1);
    cr_expect_eq(histogram_value(histogram, 0), 1);
    cr_expect_eq(histogram_value(histogram, 0.0001), 1);
    cr_expect_eq(histogram_value(histogram, 0.01), 1);
    cr_expect_eq(histogram_value(histogram, 0.0101), 2);
    for (uint64_t percent = 1; percent <= 100; percent++)
        cr_expect_eq(histogram_value(histogram, (double)percent / 100), percent, "%d", (int)percent);
    cr_expect_eq(histogram_value(histogram, 0.999), 100);
    cr_expect_eq(histogram_value(histogram, -1), 1);
    cr_expect_eq(histogram_value(histogram, 2), 100);
    free(histogram);
}

/* Ends of buckets would be 1,007 and 1,000,447. */
Test(bench_histogram, the_least_and_the_most_are_exact)
{
    struct histogram *histogram = histogram_new();

    histogram_add(histogram, 1000001, 1);
    histogram_add(histogram, 1001, 3);
    cr_expect(histogram->least == 1001 && histogram->most == 1000001);
    cr_expect_eq(histogram_value(histogram, 0), 1001);
    cr_expect_eq(histogram_value(histogram, 1), 1000001);
    cr_expect_eq(histogram_value(histogram, 0.9999), 1000001);
    free(histogram);
}

Test(bench_histogram, of_nothing_everything_is_0)
{
    struct histogram *histogram = histogram_new();

    histogram_add(histogram, 5, 0);
    cr_expect(histogram->total == 0 && histogram->least == 0 && histogram->most == 0);
    cr_expect(histogram_value(histogram, 0) == 0 && histogram_value(histogram, 0.5) == 0 &&
              histogram_value(histogram, 1) == 0);
    free(histogram);
}

Test(bench_histogram, what_is_0_counts)
{
    struct histogram *histogram = histogram_new();

    histogram_add(histogram, 7, 1);
    histogram_add(histogram, 0, 2);
    histogram_add(histogram, 7, 1);
    cr_expect(histogram->total == 4 && histogram->least == 0 && histogram->most == 7);
    cr_expect_eq(histogram_value(histogram, 0.5), 0);
    free(histogram);
}

Test(bench_histogram, values_beyond_18_minutes_count_as_that)
{
    struct histogram *histogram = histogram_new();

    histogram_add(histogram, most + 1, 1);
    histogram_add(histogram, UINT64_MAX, 1);
    cr_expect(histogram->least == most && histogram->most == most);
    cr_expect(histogram->total == 2 && histogram->count[HISTOGRAM_BUCKETS - 1] == 2);
    cr_expect_eq(histogram_value(histogram, 0.5), most);
    free(histogram);
}

Test(bench_histogram, counts_do_not_wrap)
{
    struct histogram *histogram = histogram_new(), *other = histogram_new();

    histogram_add(histogram, 10, UINT64_MAX - 1);
    histogram_add(histogram, 10, 5);
    histogram_add(histogram, 20, 5);
    cr_expect(histogram->total == UINT64_MAX && histogram->count[10] == UINT64_MAX);
    cr_expect_eq(histogram_value(histogram, 0.99999), 10);
    cr_expect(histogram_value(histogram, 1) == 20 && histogram_value(histogram, 2) == 20);
    histogram_add(other, 20, UINT64_MAX - 2);
    histogram_merge(other, histogram);
    cr_expect(other->total == UINT64_MAX && other->count[20] == UINT64_MAX && other->count[10] == UINT64_MAX);
    cr_expect_eq(histogram_value(other, 0.4), 10);
    free(histogram);
    free(other);
}

Test(bench_histogram, two_that_are_merged_are_as_one_that_has_seen_all)
{
    struct histogram *all = histogram_new(), *one = histogram_new(), *other = histogram_new();
    uint64_t state = 3;

    for (int i = 0; i < 1000; i++) {
        uint64_t value = draw(&state) >> (24 + draw(&state) % 40), times = 1 + draw(&state) % 3;
        histogram_add(all, value, times);
        histogram_add(i % 3 ? one : other, value, times);
    }
    histogram_merge(one, other);
    cr_expect_eq(memcmp(one, all, sizeof *all), 0);
    free(all);
    free(one);
    free(other);
}

Test(bench_histogram, merging_with_nothing_changes_nothing)
{
    struct histogram *some = histogram_new(), *copy = histogram_new(), *nothing = histogram_new();

    histogram_add(some, 100, 2);
    memcpy(copy, some, sizeof *some);
    histogram_merge(some, nothing);
    cr_expect_eq(memcmp(some, copy, sizeof *some), 0);
    histogram_merge(nothing, some);
    cr_expect_eq(memcmp(nothing, copy, sizeof *some), 0);
    free(some);
    free(copy);
    free(nothing);
}

static int ascending(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

Test(bench_histogram, shares_are_those_of_the_values_themselves)
{
    enum { VALUES = 20000 };
    static const double shares[] = { 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999 };
    static uint64_t values[VALUES];
    struct histogram *histogram = histogram_new();
    uint64_t state = 7;

    for (size_t i = 0; i < VALUES; i++) {
        values[i] = (uint64_t)(50000 * exp(draw_normal(&state)));
        histogram_add(histogram, values[i], 1);
    }
    qsort(values, VALUES, sizeof values[0], ascending);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        uint64_t wanted = values[(size_t)(shares[i] * VALUES + 0.5) - 1],
                 got = histogram_value(histogram, shares[i]);
        cr_expect(got >= wanted && got - wanted < wanted / 100, "%g: %llu, not %llu", shares[i],
                  (unsigned long long)got, (unsigned long long)wanted);
    }
    free(histogram);
}
