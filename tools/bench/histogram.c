/* histogram.c: latencies, counted in buckets that are as exact as their values are large. */
#include "tools/bench/histogram.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { SUB_BITS = 7, VALUE_BITS = 40 };

#define VALUE_MOST (UINT64_C(1) << VALUE_BITS)

_Static_assert(HISTOGRAM_SUB == 1 << SUB_BITS, "a power of two is cut into HISTOGRAM_SUB");
_Static_assert(HISTOGRAM_BUCKETS == (VALUE_BITS - SUB_BITS + 1) * HISTOGRAM_SUB,
               "each power of two has its buckets");

/* Values below HISTOGRAM_SUB have a bucket each; above, a power of two fills HISTOGRAM_SUB buckets.  2^40 itself, which
 * larger ones count as, is in the last. */
static size_t bucket_of(uint64_t value)
{
    if (value < HISTOGRAM_SUB)
        return (size_t)value;
    if (value >= VALUE_MOST)
        return HISTOGRAM_BUCKETS - 1;
    unsigned shift = 63u - SUB_BITS - (unsigned)__builtin_clzll(value);
    return (size_t)shift * HISTOGRAM_SUB + (size_t)(value >> shift);
}

uint64_t histogram_bucket_least(size_t bucket)
{
    if (bucket < HISTOGRAM_SUB)
        return bucket;
    size_t shift = bucket / HISTOGRAM_SUB - 1;
    return (uint64_t)(bucket - shift * HISTOGRAM_SUB) << shift;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void histogram_add(struct histogram *histogram, uint64_t ns, uint64_t times)
{
    if (times == 0)
        return;
    if (ns > VALUE_MOST)
        ns = VALUE_MOST;
    if (histogram->total == 0 || ns < histogram->least)
        histogram->least = ns;
    if (ns > histogram->most)
        histogram->most = ns;
    uint64_t *count = &histogram->count[bucket_of(ns)];
    *count = add_up(*count, times);
    histogram->total = add_up(histogram->total, times);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->total == 0)
        return;
    if (into->total == 0 || from->least < into->least)
        into->least = from->least;
    if (from->most > into->most)
        into->most = from->most;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->count[i] = add_up(into->count[i], from->count[i]);
    into->total = add_up(into->total, from->total);
}

/* The most that is in a bucket, as far as its width tells. */
static uint64_t bucket_most(size_t bucket)
{
    return bucket + 1 < HISTOGRAM_BUCKETS ? histogram_bucket_least(bucket + 1) - 1 : VALUE_MOST;
}

uint64_t histogram_value(const struct histogram *histogram, double share)
{
    if (histogram->total == 0)
        return 0;
    if (!(share > 0))
        return histogram->least;
    if (share >= 1)
        return histogram->most;
    /* 0.07 of 100 is 7, though their product is a little more. */
    double wanted = ceil(share * (double)histogram->total * (1 - 2 * DBL_EPSILON));
    uint64_t left = wanted > 1 ? (uint64_t)wanted : 1;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->count[i] >= left) {
            uint64_t most = bucket_most(i);
            return most < histogram->most ? most : histogram->most;
        }
        left -= histogram->count[i];
    }
    return histogram->most;
}
