/* test_settings.c: the limits of a chat, and how those that were given move the others. */
#include "core/settings.h"
#include <criterion/criterion.h>
#include <errno.h>

enum { KIB = 1024, MIB = 1024 * KIB };

/* The watermarks and the limit; 0 where one was not given, or is as the library has it. */
struct marks {
    size_t low, high, limit;
};

static const struct marks of_the_library = { 64 * KIB, 256 * KIB, 16 * MIB };

static int order(struct marks *marks, const struct marks *given)
{
    marks->low = given->low ? given->low : of_the_library.low;
    marks->high = given->high ? given->high : of_the_library.high;
    marks->limit = given->limit ? given->limit : of_the_library.limit;
    return settings_order_marks(&marks->low, &marks->high, &marks->limit, given->low > 0, given->high > 0,
                                given->limit > 0);
}

Test(settings, a_mark_that_is_given_stands_and_moves_the_others)
{
    static const struct {
        struct marks given, want;
    } rows[] = {
        { { 0, 0, 0 }, { 64 * KIB, 256 * KIB, 16 * MIB } },
        { { 128 * KIB, 0, 0 }, { 128 * KIB, 256 * KIB, 16 * MIB } },
        { { MIB, 0, 0 }, { MIB, MIB, 16 * MIB } },
        { { 32 * MIB, 0, 0 }, { 32 * MIB, 32 * MIB, 32 * MIB } },
        { { 0, 10, 0 }, { 10, 10, 16 * MIB } },
        { { 0, 32 * MIB, 0 }, { 64 * KIB, 32 * MIB, 32 * MIB } },
        { { 0, 0, 20000 }, { 20000, 20000, 20000 } },
        { { 0, 0, 128 * KIB }, { 64 * KIB, 128 * KIB, 128 * KIB } },
        { { 10, 0, 20000 }, { 10, 20000, 20000 } },
        { { 0, 10, 20000 }, { 10, 10, 20000 } },
        { { 10, 10, 10 }, { 10, 10, 10 } },
        { { 1, 2, 3 }, { 1, 2, 3 } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct marks *want = &rows[i].want;
        struct marks got;

        cr_assert_eq(order(&got, &rows[i].given), 0, "row %zu", i);
        cr_assert(got.low == want->low && got.high == want->high && got.limit == want->limit,
                  "row %zu: %zu, %zu, %zu", i, got.low, got.high, got.limit);
    }
}

Test(settings, marks_that_contradict_each_other_are_EINVAL)
{
    static const struct marks bad[] = {
        { 11, 10, 0 }, { 0, 11, 10 }, { 11, 0, 10 }, { 3, 2, 4 }, { 1, 3, 2 }
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(order(&(struct marks){ 0 }, &bad[i]), -EINVAL, "row %zu", i);
}

Test(settings, marks_of_options_are_put_in_order)
{
    struct confab_chat_options options = { .size = sizeof options, .output_limit = 20000 }, merged;

    cr_assert_eq(settings_merge(&merged, NULL, &options), 0);
    cr_assert_eq(merged.low, 20000);
    cr_assert_eq(merged.high, 20000);
    cr_assert_eq(merged.output_limit, 20000);
    options.high = 20001;
    cr_assert_eq(settings_merge(&merged, NULL, &options), -EINVAL);
}
