/* test_bench_statistics.c: whether two differ: what is found, what is not, and how often that is wrong. */
#include "tests/noise.h"
#include "tests/support.h"
#include "tools/bench/statistics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { FAMILY = 40 };

/* -- Student --------------------------------------------------------------------------- */

static bool nearly(double got, double wanted, double error)
{
    return fabs(got - wanted) <= error * wanted;
}

Test(bench_statistics, students_distribution_is_that_of_the_tables)
{
    static const struct {
        double t, freedom, p;
    } table[] = {
        { 6.314, 1, 0.1 },     { 12.706, 1, 0.05 },  { 4.303, 2, 0.05 },   { 9.925, 2, 0.01 },
        { 3.182, 3, 0.05 },    { 12.924, 3, 0.001 }, { 2.571, 5, 0.05 },   { 6.869, 5, 0.001 },
        { 2.228, 10, 0.05 },   { 3.169, 10, 0.01 },  { 4.587, 10, 0.001 }, { 2.086, 20, 0.05 },
        { 2.042, 30, 0.05 },   { 3.646, 30, 0.001 }, { 1.984, 100, 0.05 }, { 1.960, 1e9, 0.05 },
        { 3.291, 1e9, 0.001 },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double p = student_two_sided(table[i].t, table[i].freedom);
        cr_expect(nearly(p, table[i].p, 3e-3), "t %g, %g: %g, not %g", table[i].t, table[i].freedom, p,
                  table[i].p);
        cr_expect_eq(student_two_sided(-table[i].t, table[i].freedom), p);
    }
}

/* There are formulas without an integral for 1, 2 and 4. */
Test(bench_statistics, students_distribution_is_exact_far_out)
{
    for (double t = 1e-3; t < 1e7; t *= 3) {
        double squares = 2 + t * t, one = atan2(1, t) * 2 / acos(-1);
        double two = 2 / (squares + t * sqrt(squares));
        double cosine = 1 / (1 + t * t / 4), sine = sqrt(t * t / 4 * cosine);
        double four = 1 - sine * (1 + cosine / 2);

        cr_expect(nearly(student_two_sided(t, 1), one, 1e-10), "1, t %g: %.15g", t, student_two_sided(t, 1));
        cr_expect(nearly(student_two_sided(t, 2), two, 1e-10), "2, t %g: %.15g", t, student_two_sided(t, 2));
        cr_expect(t > 10 || nearly(student_two_sided(t, 4), four, 1e-10), "4, t %g: %.15g", t,
                  student_two_sided(t, 4));
    }
}

Test(bench_statistics, students_distribution_has_an_answer_to_everything)
{
    cr_expect_eq(student_two_sided(0, 5), 1);
    cr_expect_eq(student_two_sided(NAN, 5), 1);
    cr_expect_eq(student_two_sided(1, 0), 1);
    cr_expect_eq(student_two_sided(INFINITY, 5), 0);
    double far = student_two_sided(1e300, 1);
    cr_expect(far >= 0 && far < 1e-90);
}

/* -- Two ------------------------------------------------------------------------------- */

static int judged(struct comparison *comparison, bool more_is_better)
{
    comparisons_judge(&comparison, &more_is_better, 1);
    return (int)comparison->verdict;
}

Test(bench_statistics, equals_without_noise_are_no_difference)
{
    double values[10];

    for (size_t i = 0; i < 10; i++)
        values[i] = 100 + (double)i;
    struct comparison got = compare(values, values, 10);
    cr_expect(got.p == 1 && got.adjusted == 1);
    cr_expect(got.ratio.rounds == 10 && got.ratio.median == 1 && got.ratio.low == 1 && got.ratio.high == 1);
    cr_expect_eq(judged(&got, true), (int)NO_DIFFERENCE);
}

Test(bench_statistics, a_tenth_more_without_noise_is_a_difference)
{
    double ours[4] = { 110, 110, 110, 110 }, theirs[4] = { 100, 100, 100, 100 };
    struct comparison got = compare(ours, theirs, 4);

    cr_expect_eq(got.p, 0);
    cr_expect(nearly(got.ratio.median, 1.1, 1e-12) && got.ratio.low == got.ratio.high);
    cr_expect_eq(judged(&got, true), (int)BETTER);
    got = compare(ours, theirs, 4);
    cr_expect_eq(judged(&got, false), (int)WORSE);
    got = compare(theirs, ours, 4);
    cr_expect_eq(judged(&got, true), (int)WORSE);
    got = compare(theirs, ours, 4);
    cr_expect_eq(judged(&got, false), (int)BETTER);
}

Test(bench_statistics, fewer_than_4_rounds_show_nothing)
{
    double ours[4] = { 900, 901, 902, 903 }, theirs[4] = { 1, 1, 1, 1 };
    struct comparison got = compare(ours, theirs, 3);

    cr_expect(got.p == 1 && got.ratio.rounds == 3 && got.ratio.median > 900);
    cr_expect_eq(judged(&got, true), (int)NO_DIFFERENCE);
    got = compare(ours, theirs, 4);
    cr_expect_eq(judged(&got, true), (int)BETTER);
    got = compare(ours, theirs, 0);
    cr_expect(got.p == 1 && got.ratio.rounds == 0 && isnan(got.ratio.median));
}

Test(bench_statistics, a_round_that_one_of_them_does_not_have_is_left_out)
{
    double ours[6] = { 110, NAN, 220, 330, 440, 1 }, theirs[6] = { 100, 7, 200, 300, 400, NAN };
    struct comparison got = compare(ours, theirs, 6);

    cr_expect_eq(got.ratio.rounds, 4);
    cr_expect(nearly(got.ratio.low, 1.1, 1e-12) && nearly(got.ratio.high, 1.1, 1e-12));
    cr_expect_eq(got.p, 0);
}

Test(bench_statistics, what_is_not_above_0_has_no_ratio)
{
    double some[5] = { 1, 2, 3, 4, 5 }, zero[5] = { 1, 2, 0, 4, 5 }, less[5] = { 1, 2, -3, 4, 5 };

    cr_expect(compare(some, zero, 5).ratio.rounds == 0 && compare(some, zero, 5).p == 1);
    cr_expect(compare(zero, some, 5).ratio.rounds == 0 && compare(zero, zero, 5).ratio.rounds == 0);
    cr_expect_eq(compare(less, some, 5).ratio.rounds, 0);
    cr_expect(isnan(compare(less, some, 5).ratio.median));
    zero[2] = 0;
    some[2] = NAN; /* of a round that does not count */
    cr_expect_eq(compare(some, zero, 5).ratio.rounds, 4);
}

Test(bench_statistics, the_other_way_round_is_the_inverse)
{
    double ours[10], theirs[10];
    uint64_t state = 5;

    for (size_t i = 0; i < 10; i++) {
        ours[i] = 1.2 * exp(noise_disturbed(&state, 0.03));
        theirs[i] = exp(noise_disturbed(&state, 0.03));
    }
    struct comparison there = compare(ours, theirs, 10), back = compare(theirs, ours, 10);
    cr_expect(nearly(there.ratio.median * back.ratio.median, 1, 1e-12));
    cr_expect(nearly(there.ratio.low * back.ratio.high, 1, 1e-12));
    cr_expect(nearly(there.p, back.p, 1e-9));
}

/* What is there in 9 rounds at 1 %, and was disturbed in the tenth. */
Test(bench_statistics, a_disturbed_round_does_not_hide_a_difference)
{
    static const double seen[10] = { 0.004, -0.011, 0.009, 0.5, -0.002, 0.013, -0.007, 0.001, -0.012, 0.006 };
    double ours[10], theirs[10], alone[10] = { 1.5, 1, 1, 1, 1, 1, 1, 1, 1, 1.01 };

    for (size_t i = 0; i < 10; i++) {
        ours[i] = 1.1 * exp(seen[i]);
        theirs[i] = 1;
    }
    cr_expect_lt(compare(ours, theirs, 10).p, STATISTICS_LEVEL / FAMILY);
    /* Nor does it make one. */
    cr_expect_gt(compare(alone, theirs, 10).p, 0.1);
}

/* All but the ends are one value: that is no absence of noise. */
Test(bench_statistics, counts_that_are_mostly_the_same_are_not_certain)
{
    double ours[10] = { 70, 105, 105, 105, 105, 105, 105, 105, 130, 150 }, theirs[10];

    for (size_t i = 0; i < 10; i++)
        theirs[i] = 100;
    cr_expect_gt(compare(ours, theirs, 10).p, 0.05);
}

/* -- Many ------------------------------------------------------------------------------ */

static void expect_holm(const double *p, const double *wanted, size_t count, int line)
{
    struct comparison comparisons[8] = { { .p = 0 } }, *family[8];
    bool more[8] = { false };

    for (size_t i = 0; i < count; i++) {
        comparisons[i] = (struct comparison){ { 10, 1.5, 1.4, 1.6 }, p[i], p[i], NO_DIFFERENCE };
        family[i] = &comparisons[i];
    }
    comparisons_judge(family, more, count);
    for (size_t i = 0; i < count; i++) {
        cr_expect(fabs(comparisons[i].adjusted - wanted[i]) < 1e-12, "line %d: %zu: %g, not %g", line, i,
                  comparisons[i].adjusted, wanted[i]);
        cr_expect_eq(comparisons[i].p, p[i]);
        cr_expect_eq((int)comparisons[i].verdict, wanted[i] < 0.05 ? (int)WORSE : (int)NO_DIFFERENCE);
    }
}
#define EXPECT_HOLM(p, wanted) expect_holm(p, wanted, sizeof(p) / sizeof(p)[0], __LINE__)

Test(bench_statistics, all_of_a_report_are_adjusted_as_holm_has_it)
{
    static const double four[] = { 0.01, 0.04, 0.03, 0.005 }, four_wanted[] = { 0.03, 0.06, 0.06, 0.02 };
    static const double ties[] = { 0.01, 0.5, 0.01 }, ties_wanted[] = { 0.03, 0.5, 0.03 };
    static const double large[] = { 0.6, 0.7, 0 }, large_wanted[] = { 1, 1, 0 };
    static const double one[] = { 0.049 }, one_wanted[] = { 0.049 };
    static const double blocked[] = { 0.04, 0.03 }, blocked_wanted[] = { 0.06, 0.06 };

    EXPECT_HOLM(four, four_wanted);
    EXPECT_HOLM(ties, ties_wanted);
    EXPECT_HOLM(large, large_wanted);
    EXPECT_HOLM(one, one_wanted);
    EXPECT_HOLM(blocked, blocked_wanted);
    comparisons_judge(NULL, NULL, 0);
}

static int verdict_of(double median, double low, double high, double p)
{
    struct comparison comparison = { { 10, median, low, high }, p, p, NO_DIFFERENCE };
    return judged(&comparison, true);
}

Test(bench_statistics, less_than_3_percent_is_none_however_sure)
{
    cr_expect_eq(verdict_of(1.029, 1.028, 1.0295, 0), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(1.031, 1.03, 1.032, 0), (int)BETTER);
    cr_expect_eq(verdict_of(1 / 1.029, 0.97, 0.98, 0), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(1 / 1.031, 0.96, 0.98, 0), (int)WORSE);
    cr_expect_eq(verdict_of(0.9705, 0.96, 0.98, 0), (int)WORSE, "it would be 3 %% the other way round");
}

Test(bench_statistics, an_interval_with_1_in_it_is_none)
{
    cr_expect_eq(verdict_of(1.2, 0.99, 1.3, 0), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(1.2, 1, 1.3, 0), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(0.8, 0.7, 1.01, 0), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(0.8, 0.7, 0.99, 0), (int)WORSE);
    cr_expect_eq(verdict_of(NAN, NAN, NAN, 0), (int)NO_DIFFERENCE);
}

Test(bench_statistics, what_may_be_chance_is_none)
{
    cr_expect_eq(verdict_of(1.2, 1.1, 1.3, 0.05), (int)NO_DIFFERENCE);
    cr_expect_eq(verdict_of(1.2, 1.1, 1.3, 0.0499), (int)BETTER);
}

/* -- How often they are right ---------------------------------------------------------- */

/* Rounds of all of a family: the first comparison's ours is `factor` times theirs, the others are of equals.  What
 * drifts, drifts for both.  How many verdicts say that there is a difference; *first: whether that one does. */
static int family_of(uint64_t *state, noise *kind, size_t rounds, double factor, bool *first)
{
    struct comparison comparisons[FAMILY], *family[FAMILY];
    bool more[FAMILY] = { false };
    double ours[STATISTICS_ROUNDS], theirs[STATISTICS_ROUNDS];
    int found = 0;

    for (size_t i = 0; i < FAMILY; i++) {
        double drift = 0;
        for (size_t k = 0; k < rounds; k++) {
            drift += 0.1 * draw_normal(state);
            ours[k] = (i ? 1 : factor) * exp(drift + kind(state, 0.03));
            theirs[k] = exp(drift + kind(state, 0.03));
        }
        comparisons[i] = compare(ours, theirs, rounds);
        family[i] = &comparisons[i];
    }
    comparisons_judge(family, more, FAMILY);
    for (size_t i = 0; i < FAMILY; i++)
        found += comparisons[i].verdict != NO_DIFFERENCE;
    *first = comparisons[0].verdict == WORSE;
    return found;
}

static void expect_few_false(noise *kind, size_t rounds, const char *what)
{
    int tries = test_rounds(800), wrong = 0;
    uint64_t state = rounds;
    bool first;

    for (int i = 0; i < tries; i++)
        wrong += family_of(&state, kind, rounds, 1, &first) > 0;
    cr_expect(20 * wrong <= tries, "%s, %zu rounds: %d of %d families", what, rounds, wrong, tries);
}

Test(bench_statistics, of_equals_at_most_one_family_in_20_has_a_difference)
{
    static const size_t counts[] = { 5, 7, 10, 15 };

    for (size_t i = 0; i < 4; i++) {
        expect_few_false(noise_normal, counts[i], "normal");
        expect_few_false(noise_disturbed, counts[i], "disturbed");
        expect_few_false(noise_heavy, counts[i], "heavy tails");
        expect_few_false(noise_above, counts[i], "above");
    }
}

static double found(noise *kind, size_t rounds)
{
    int tries = test_rounds(2000), right = 0;
    uint64_t state = 3;
    bool first;

    for (int i = 0; i < tries; i++) {
        family_of(&state, kind, rounds, 1.1, &first);
        right += first;
    }
    return 100.0 * right / tries;
}

Test(bench_statistics, a_tenth_more_at_3_percent_noise_is_found_among_40_in_95_of_100_cases)
{
    double percent = found(noise_normal, 10);
    cr_expect(percent >= 95, "%.1f %%", percent);
}

static double noise_seldom(uint64_t *state, double spread)
{
    double value = spread / 3 * draw_normal(state);
    return draw_uniform(state) < 0.05 ? value - 0.3 * log(draw_uniform(state)) : value;
}

Test(bench_statistics, it_is_found_where_every_20th_value_is_disturbed)
{
    double percent = found(noise_seldom, 10);
    cr_expect(percent >= 90, "%.1f %%", percent);
}
