/* bucket.h: a token bucket: how many bytes may pass at so many a second.
 *
 * It fills at its rate up to a quarter of a second's worth, by the time that
 * has really passed: whoever looks late finds more in it, so that the ticks of
 * timers make nothing slower.  It reads no clock and starts no timer; times are
 * nanoseconds of one clock, which never goes back. */
#ifndef CONFAB_CORE_BUCKET_H
#define CONFAB_CORE_BUCKET_H

#include <stdint.h>

struct bucket {
    uint64_t rate;     /* bytes a second, 1 and more */
    uint64_t tokens;   /* bytes that could pass at `filled` ... */
    uint32_t fraction; /* ... and billionths of one more */
    int64_t filled;    /* when it was last brought up to date */
};

/* Makes it full. */
void bucket_init(struct bucket *bucket, uint64_t rate, int64_t now);

/* Another rate from now on; what is in it stays, as far as the new rate lets it. */
void bucket_change(struct bucket *bucket, uint64_t rate, int64_t now);

/* Brings it up to date; returns how many bytes may pass. */
uint64_t bucket_fill(struct bucket *bucket, int64_t now);

/* Takes n bytes out, or what there is if that is less. */
void bucket_take(struct bucket *bucket, uint64_t n);

/* A sixteenth of a second's worth, 1 at the least: what is worth waiting for, so that a slow rate does not cost a
 * wake-up a byte.  It always fits in. */
uint64_t bucket_useful(const struct bucket *bucket);

/* How many nanoseconds after `filled` there are `want` bytes in it, which must fit; 0: there are. */
int64_t bucket_wait(const struct bucket *bucket, uint64_t want);

#endif
