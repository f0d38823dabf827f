/* test_bucket.c: so many bytes in so much time, to the byte, at any rate. */
#include "core/bucket.h"
#include <confab/base.h>
#include <criterion/criterion.h>

static const int64_t start = 12345678901;

/* What may pass at that time. */
static uint64_t filled(struct bucket *bucket, int64_t now)
{
    bucket_fill(bucket, now);
    return bucket->tokens;
}

/* A bucket that is empty at start. */
static struct bucket empty(uint64_t rate)
{
    struct bucket bucket;

    bucket_init(&bucket, rate, start);
    bucket_take(&bucket, bucket.tokens);
    cr_assert_eq(filled(&bucket, start), 0);
    return bucket;
}

Test(bucket, begins_with_a_quarter_of_a_second_s_worth_and_holds_no_more)
{
    struct bucket bucket;

    bucket_init(&bucket, 1000, start);
    cr_assert_eq(filled(&bucket, start), 250);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE), 250);
    bucket_take(&bucket, 100);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE), 150);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE + 50 * CONFAB_MILLISECOND), 200);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE + 100 * CONFAB_MILLISECOND), 250);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE + 150 * CONFAB_MILLISECOND), 250);
}

Test(bucket, holds_one_byte_at_the_least)
{
    for (uint64_t rate = 1; rate < 8; rate++) {
        struct bucket bucket;

        bucket_init(&bucket, rate, start);
        cr_assert_eq(filled(&bucket, start), 1);
        cr_assert_eq(bucket_useful(&bucket), 1);
        cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE), 1);
    }
}

Test(bucket, takes_no_more_than_there_is)
{
    struct bucket bucket = empty(1000);

    cr_assert_eq(bucket_fill(&bucket, start + 10 * CONFAB_MILLISECOND), 10);
    bucket_take(&bucket, 11);
    cr_assert_eq(filled(&bucket, start + 10 * CONFAB_MILLISECOND), 0);
}

Test(bucket, a_clock_that_stands_still_adds_nothing)
{
    struct bucket bucket = empty(1000);

    cr_assert_eq(filled(&bucket, start), 0);
    cr_assert_eq(filled(&bucket, start - CONFAB_SECOND), 0);
    cr_assert_eq(filled(&bucket, start + CONFAB_MILLISECOND), 1);
}

/* Whatever the steps: 7 ns a time, or some odd ones. */
Test(bucket, no_fraction_of_a_byte_is_lost)
{
    struct bucket bucket = empty(3333333);
    uint64_t passed = 0;
    int64_t now = start;

    for (int i = 0; i < 1000000; i++) {
        now += 7;
        uint64_t tokens = filled(&bucket, now);
        bucket_take(&bucket, tokens);
        passed += tokens;
    }
    cr_assert_eq(passed, 23333); /* 7 ms */
    for (int i = 0; now < start + 10 * CONFAB_SECOND; i++) {
        now += 1234567 + i;
        uint64_t tokens = filled(&bucket, now);
        bucket_take(&bucket, tokens);
        passed += tokens;
    }
    cr_assert_eq(passed, (uint64_t)(now - start) * 3333333 / 1000000000);
}

Test(bucket, waits_until_there_is_as_much_and_no_longer)
{
    static const uint64_t rates[] = {
        1, 2, 3, 5, 7, 16, 100, 999, 1000, 48000, 1234567, 999999999, UINT64_C(1) << 33
    };

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct bucket bucket = empty(rates[i]), early;
        uint64_t want = bucket_useful(&bucket);
        int64_t wait = bucket_wait(&bucket, want);

        cr_assert_gt(wait, 0);
        early = bucket;
        cr_assert_lt(filled(&early, start + wait - 1), want, "%llu", (unsigned long long)rates[i]);
        cr_assert_geq(filled(&bucket, start + wait), want, "%llu", (unsigned long long)rates[i]);
        cr_assert_eq(bucket_wait(&bucket, want), 0);
    }
}

Test(bucket, what_is_worth_waiting_for_is_a_sixteenth_of_a_second)
{
    struct bucket bucket = empty(16000);

    cr_assert_eq(bucket_useful(&bucket), 1000);
    cr_assert_eq(bucket_wait(&bucket, 1000), CONFAB_SECOND / 16);
}

/* The slowest have no room for what comes while a timer is late: one tick and more, each time. */
Test(bucket, late_timers_make_nothing_slower)
{
    for (uint64_t rate = 1; rate < 40; rate++) {
        struct bucket bucket = empty(rate);
        uint64_t passed = 0;
        int64_t now = start;

        while (now < start + 1000 * CONFAB_SECOND) {
            now += bucket_wait(&bucket, 1) + 2 * CONFAB_MILLISECOND;
            uint64_t tokens = filled(&bucket, now);
            cr_assert_geq(tokens, 1);
            bucket_take(&bucket, tokens);
            passed += tokens;
        }
        uint64_t due = (uint64_t)(now - start) * rate / 1000000000;
        cr_assert(passed == due || passed + 1 == due, "%llu: %llu of %llu", (unsigned long long)rate,
                  (unsigned long long)passed, (unsigned long long)due);
    }
}

Test(bucket, being_full_for_long_is_no_more_than_full_at_the_slowest_rate)
{
    struct bucket bucket = empty(1);

    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE - 1), 1);
    bucket_take(&bucket, 1);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE + 990 * CONFAB_MILLISECOND), 0);
    cr_assert_eq(filled(&bucket, start + CONFAB_MINUTE + CONFAB_SECOND), 1);
}

Test(bucket, no_rate_overflows)
{
    static const uint64_t rates[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63, UINT64_C(10000000000) };

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct bucket bucket = empty(rates[i]);
        uint64_t useful = bucket_useful(&bucket);
        int64_t wait = bucket_wait(&bucket, useful);

        cr_assert_geq(wait, CONFAB_SECOND / 16 - 1);
        cr_assert_leq(wait, CONFAB_SECOND / 16 + 1);
        cr_assert_geq(filled(&bucket, start + wait), useful);
        cr_assert_leq(filled(&bucket, start + wait), useful / 1000 * 1001);
        cr_assert_lt(filled(&bucket, start + CONFAB_SECOND / 4 - 100), rates[i] / 4);
        cr_assert_eq(filled(&bucket, INT64_MAX), rates[i] / 4);
    }
}

Test(bucket, a_changed_rate_keeps_what_fits)
{
    struct bucket bucket;

    bucket_init(&bucket, 1000, start);
    bucket_take(&bucket, 50);
    bucket_change(&bucket, 4000, start + 10 * CONFAB_MILLISECOND);
    cr_assert_eq(filled(&bucket, start + 10 * CONFAB_MILLISECOND), 210);
    cr_assert_eq(filled(&bucket, start + 20 * CONFAB_MILLISECOND), 250);
    bucket_change(&bucket, 400, start + 20 * CONFAB_MILLISECOND);
    cr_assert_eq(filled(&bucket, start + 20 * CONFAB_MILLISECOND), 100);
}
