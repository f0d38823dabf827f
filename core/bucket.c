#include "core/bucket.h"
#include <assert.h>

enum {
    BURSTS = 4,            /* a second's worth, in what fits */
    USES = 16,             /* a second's worth, in what is worth waiting for */
    LATE_MAX = 4000000,    /* nanoseconds that a timer may be late without a loss: some ticks of the wheel */
    LOSES_IF_LATE = 2 * 4, /* rates under this have no room for what comes while a timer is late */
    PRODUCT_BITS = 34      /* a number of so many bits times 10^9 fits in 64 */
};
static const uint64_t billion = 1000000000;

static uint64_t room(const struct bucket *bucket)
{
    return bucket->rate < BURSTS ? 1 : bucket->rate / BURSTS;
}

uint64_t bucket_useful(const struct bucket *bucket)
{
    return bucket->rate < USES ? 1 : bucket->rate / USES;
}

void bucket_init(struct bucket *bucket, uint64_t rate, int64_t now)
{
    assert(rate > 0);
    *bucket = (struct bucket){ .rate = rate, .filled = now };
    bucket->tokens = room(bucket);
}

/* Full, and was so `late` ns ago.  The slowest rates have room for one or two bytes, so that a timer that waits for
 * one is always late: what would have come meanwhile counts for the next. */
static void fill_up(struct bucket *bucket, uint64_t late)
{
    bucket->tokens = room(bucket);
    bucket->fraction = 0;
    if (bucket->rate < LOSES_IF_LATE)
        bucket->fraction = (uint32_t)((late < LATE_MAX ? late : LATE_MAX) * bucket->rate);
}

uint64_t bucket_fill(struct bucket *bucket, int64_t now)
{
    uint64_t until_full = (uint64_t)bucket_wait(bucket, room(bucket));

    if (now <= bucket->filled)
        return bucket->tokens;
    uint64_t passed = (uint64_t)now - (uint64_t)bucket->filled;
    bucket->filled = now;
    if (passed >= until_full) {
        fill_up(bucket, passed - until_full);
        return bucket->tokens;
    }
    /* passed is a second at the most, so that neither product overflows. */
    uint64_t fraction = passed * (bucket->rate % billion) + bucket->fraction;
    bucket->tokens += passed * (bucket->rate / billion) + fraction / billion;
    bucket->fraction = (uint32_t)(fraction % billion);
    if (bucket->tokens > room(bucket)) /* until_full was rounded up */
        fill_up(bucket, 0);
    return bucket->tokens;
}

void bucket_change(struct bucket *bucket, uint64_t rate, int64_t now)
{
    assert(rate > 0);
    bucket_fill(bucket, now);
    bucket->rate = rate;
    bucket->filled = now;
    if (bucket->tokens >= room(bucket))
        fill_up(bucket, 0);
}

void bucket_take(struct bucket *bucket, uint64_t n)
{
    bucket->tokens -= n < bucket->tokens ? n : bucket->tokens;
}

int64_t bucket_wait(const struct bucket *bucket, uint64_t want)
{
    uint64_t rate = bucket->rate, fraction = bucket->fraction;

    assert(want <= room(bucket));
    if (want <= bucket->tokens)
        return 0;
    uint64_t missing = want - bucket->tokens;
    /* A billion bytes a second and more: a fraction of one is no matter, nor are the lowest bits.  Rounded so that
     * it is never too short. */
    for (; rate >> PRODUCT_BITS; fraction = 0) {
        rate >>= 1;
        missing = missing / 2 + missing % 2;
    }
    uint64_t billionths = missing * billion - fraction;
    return (int64_t)(billionths / rate + (billionths % rate != 0));
}
