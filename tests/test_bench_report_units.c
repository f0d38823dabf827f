/* test_bench_report_units.c: figures as people read them. */
#include "tools/bench/units.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_unit(const char *unit, double value, const char *text)
{
    char to[UNIT_ROOM];

    cr_expect_str_eq(unit_text(to, unit, value), text);
}

Test(bench_report_units, a_figure_has_three_digits_and_the_prefix_that_fits)
{
    expect_unit("1/s", 1234567, "1.23 M/s");
    expect_unit("1/s", 23456, "23.5 k/s");
    expect_unit("1/s", 412, "412 /s");
    expect_unit("ns", 4200, "4.20 us");
    expect_unit("ns", 41.23, "41.2 ns");
    expect_unit("ns", 1.5e10, "15.0 s");
    expect_unit("B/s", 812.0 * 1024 * 1024, "812 MiB/s");
    expect_unit("", 2.14159, "2.14");
    expect_unit("", 0.125, "0.125");
    expect_unit("", 0.0423, "0.042");
    expect_unit("", 0, "0");
}

Test(bench_report_units, what_is_rounded_up_takes_the_next_place_or_prefix)
{
    expect_unit("1/s", 9.996, "10.0 /s");
    expect_unit("1/s", 99.96, "100 /s");
    expect_unit("1/s", 999.4, "999 /s");
    expect_unit("1/s", 999.6, "1.00 k/s");
    expect_unit("ns", 999.6e3, "1.00 ms");
    expect_unit("B/s", 1023.7 * 1024, "1.00 MiB/s");
}

Test(bench_report_units, bytes_are_whole_and_their_prefixes_are_of_1024)
{
    expect_unit("B", 224.4, "224 B");
    expect_unit("B", 9.6, "10 B");
    expect_unit("B", 1000, "1000 B");
    expect_unit("B", 1536, "1.50 KiB");
}

Test(bench_report_units, what_is_no_number_is_a_dash_and_what_is_huge_stays_short)
{
    char to[UNIT_ROOM];

    expect_unit("ns", NAN, "-");
    expect_unit("ns", INFINITY, "-");
    expect_unit("1/s", 1e300, "1.00e+288 T/s");
    expect_unit("", 1e-9, "<0.001");
    expect_unit("1/s", -1500, "-1.50 k/s");
    cr_expect_str_eq(ratio_text(to, NAN), "-");
    cr_expect_str_eq(spread_text(to, 0, 0, 0), "-");
    cr_expect_str_eq(spread_text(to, 1, NAN, 2), "100%");
    cr_expect_str_eq(seconds_text(to, NAN), "-");
}

Test(bench_report_units, a_ratio_has_digits_that_say_something)
{
    char to[UNIT_ROOM];

    cr_expect_str_eq(ratio_text(to, 1.0234), "1.02");
    cr_expect_str_eq(ratio_text(to, 0.9834), "0.98");
    cr_expect_str_eq(ratio_text(to, 0.0384), "0.038");
    cr_expect_str_eq(ratio_text(to, 34.06), "34.1");
    cr_expect_str_eq(ratio_text(to, 0.9999), "1.00");
}

Test(bench_report_units, an_interval_is_told_by_its_wider_side)
{
    char to[UNIT_ROOM];

    cr_expect_str_eq(spread_text(to, 100, 99, 103), "3.0%");
    cr_expect_str_eq(spread_text(to, 100, 88, 103), "12%");
}

Test(bench_report_units, times_and_counts_are_told_as_people_tell_them)
{
    char to[UNIT_ROOM];

    cr_expect_str_eq(seconds_text(to, 0.25), "0.25 s");
    cr_expect_str_eq(seconds_text(to, 47.2), "47 s");
    cr_expect_str_eq(seconds_text(to, 492), "8 min 12 s");
    cr_expect_str_eq(seconds_text(to, 179.9), "3 min 0 s");
    cr_expect_str_eq(count_text(to, 15000), "15,000");
    cr_expect_str_eq(count_text(to, 999), "999");
    cr_expect_str_eq(count_text(to, -1000000), "-1,000,000");
}
