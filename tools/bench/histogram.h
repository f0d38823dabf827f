/* histogram.h: how often each latency was seen: counts in buckets whose width is under 1 % of what they hold, as HDR
 * histograms have them (Gil Tene).  It has no pointers: it may lie in memory that processes share. */
#ifndef CONFAB_TOOLS_BENCH_HISTOGRAM_H
#define CONFAB_TOOLS_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Values from 0 to 2^40 ns (18 minutes); larger ones count as that.  Each power of two is cut into 128. */
enum { HISTOGRAM_SUB = 128, HISTOGRAM_BUCKETS = (40 - 7 + 1) * HISTOGRAM_SUB };

struct histogram {
    uint64_t total;
    uint64_t least, most; /* exact */
    uint64_t count[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t ns, uint64_t times);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value that a share (0 to 1) of all are at or under: the highest of its bucket, the exact ones at both ends.  0
 * where there is nothing. */
uint64_t histogram_value(const struct histogram *histogram, double share);

/* What is in a bucket: its least value, and how many; for writing it down. */
uint64_t histogram_bucket_least(size_t bucket);

#endif
