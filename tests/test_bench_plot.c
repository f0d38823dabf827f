/* test_bench_plot.c: the axes of pictures. */
#include "tools/bench/plot.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct axis fitted(int kind, const char *unit, double least, double most)
{
    struct axis axis = { .unit = unit, .from = 0, .to = 100 };

    axis.kind = kind == AXIS_LOG ? AXIS_LOG : kind == AXIS_TAIL ? AXIS_TAIL : AXIS_LINEAR;
    axis_fit(&axis, least, most);
    return axis;
}

/* The names of its ticks, with blanks between. */
static const char *labels(const struct axis *axis)
{
    static char text[PLOT_TICKS * UNIT_ROOM];

    text[0] = '\0';
    for (size_t i = 0; i < axis->count; i++) {
        if (!*axis->ticks[i].label)
            continue;
        if (*text)
            strcat(text, " | ");
        strcat(text, axis->ticks[i].label);
    }
    return text;
}

Test(bench_plot, a_linear_axis_goes_from_0_to_a_round_number)
{
    struct axis axis = fitted(AXIS_LINEAR, "1/s", 90e3, 152e3);

    cr_expect_str_eq(labels(&axis), "0 | 50 k/s | 100 k/s | 150 k/s | 200 k/s");
    cr_expect_float_eq(axis_at(&axis, 100e3), 50, 1e-9);
    cr_expect_float_eq(axis_at(&axis, 0), 0, 1e-9);
}

Test(bench_plot, bytes_have_round_numbers_of_their_own)
{
    struct axis axis = fitted(AXIS_LINEAR, "B/s", 0, 3.3 * 1024 * 1024 * 1024);

    cr_expect_str_eq(labels(&axis), "0 | 1 GiB/s | 2 GiB/s | 3 GiB/s | 4 GiB/s");
}

Test(bench_plot, a_logarithmic_axis_of_few_decades_has_1_2_and_5)
{
    struct axis axis = fitted(AXIS_LOG, "ns", 25e3, 480e3);

    cr_expect_str_eq(labels(&axis), "20 us | 50 us | 100 us | 200 us | 500 us");
    cr_expect_float_eq(axis_at(&axis, 100e3), 50, 1e-9);
}

Test(bench_plot, a_logarithmic_axis_of_many_decades_has_those_alone)
{
    struct axis axis = fitted(AXIS_LOG, "ns", 300, 90e6);

    cr_expect_str_eq(labels(&axis), "1 us | 10 us | 100 us | 1 ms | 10 ms | 100 ms");
    axis = fitted(AXIS_LOG, "ns", 1, 1e30);
    cr_expect_leq(axis.count, (size_t)PLOT_TICKS);
    cr_expect_gt(strlen(labels(&axis)), 0);
}

Test(bench_plot, a_single_value_is_in_the_middle_of_its_axis)
{
    struct axis axis = fitted(AXIS_LOG, "ns", 1000, 1000);

    cr_expect_float_eq(axis_at(&axis, 1000), 50, 1e-9);
}

Test(bench_plot, an_axis_of_zeros_or_without_end_has_places)
{
    static const double ends[][2] = {
        { 0, 0 }, { 0, 1e-320 }, { 1e-320, 1e308 }, { 1e308, 1e308 }, { 5, 5 }
    };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (int kind = AXIS_LINEAR; kind <= AXIS_TAIL; kind++) {
            struct axis axis = fitted(kind, "ns", ends[i][0], ends[i][1]);
            cr_expect_gt(axis.most, axis.least);
            for (size_t k = 0; k < 2; k++) {
                double at = axis_at(&axis, ends[i][k]);
                cr_expect(at >= 0 && at <= 100, "%g of %g to %g: %g", ends[i][k], ends[i][0], ends[i][1], at);
            }
        }
}

Test(bench_plot, what_an_axis_cannot_show_it_does_not_show)
{
    struct axis linear = fitted(AXIS_LINEAR, "ns", 0, 10), log = fitted(AXIS_LOG, "ns", 1, 10);

    cr_expect(axis_shows(&linear, 0));
    cr_expect_not(axis_shows(&log, 0));
    cr_expect_not(axis_shows(&linear, -1));
    cr_expect_not(axis_shows(&linear, NAN));
    cr_expect_not(axis_shows(&log, INFINITY));
}

Test(bench_plot, the_tail_has_a_tick_for_each_nine_at_the_same_distance)
{
    struct axis axis = fitted(AXIS_TAIL, "", 1, 1001);

    cr_expect_str_eq(labels(&axis), "0 | 50 % | 90 % | 99 % | 99.9 % | 99.99 %");
    for (size_t i = 2; i < axis.count; i++)
        cr_expect_float_eq(axis_at(&axis, axis.ticks[i].at), 25 * ((double)i - 1), 1e-9);
}

Test(bench_plot, the_tail_ends_where_there_is_nothing_more)
{
    struct axis axis = fitted(AXIS_TAIL, "", 1, 63);

    cr_expect_str_eq(labels(&axis), "0 | 50 % | 90 % | 99 %");
    cr_expect_float_eq(axis_at(&axis, 10), 50, 1e-9);
}

Test(bench_plot, ticks_at_values_have_names_as_far_as_there_is_room)
{
    static const double values[] = { 100, 101, 1000, 10000 };
    struct axis axis = fitted(AXIS_LOG, "", 100, 10000);

    axis.to = 400;
    axis_mark(&axis, values, 4);
    cr_expect_eq(axis.count, 4);
    cr_expect_str_eq(labels(&axis), "100 | 1,000 | 10,000");
}
