/* test_bench_run.c: what a run measures, in which order, and what it makes of what fails; with scenarios of the test's own. */
#include "tools/bench/run.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- Scenarios that measure nothing, and write down that they were asked to ------------------- */

enum { CALLS = 4096 };

static struct {
    const char *contender;
    char point[64];
    int round;
    bool counting;
    double bare_rate;
} call[CALLS];
static size_t calls;

static struct point points[8];
static size_t point_count;
static struct bench bench;
static struct report report;

/* What the fakes do: fail for this contender (at this point, where one is named), so often. */
static const char *failing, *failing_at;
static int failures;
static const char *excluded;
/* Of whom the load is the limit at the point "two", from this round on. */
static const char *limited;
static int limited_from;
/* A signal comes in the measurement of this number, from 1. */
static size_t stop_at;
static volatile sig_atomic_t stop;

static size_t fake_points(struct bench *of, struct point into[BENCH_POINTS])
{
    (void)of;
    memcpy(into, points, sizeof points);
    return point_count;
}

static const char *fake_excludes(const struct contender *contender, const struct point *point)
{
    (void)point;
    return excluded && strcmp(contender->name, excluded) == 0 ? "has no such" : NULL;
}

static void fake_measure(struct bench *of, const struct contender *contender, const struct point *point,
                         struct sample *sample)
{
    cr_assert_lt(calls, CALLS);
    call[calls].contender = contender->name;
    snprintf(call[calls].point, sizeof call[calls].point, "%s", point->name);
    call[calls].round = of->round;
    call[calls].counting = of->counting;
    call[calls].bare_rate = of->bare_rate;
    if (++calls == stop_at)
        stop = SIGTERM;
    if (failing && strcmp(contender->name, failing) == 0 && of->round >= 0 && failures > 0 &&
        (!failing_at || strcmp(point->name, failing_at) == 0)) {
        failures--;
        sample_fail(sample, "it fell over");
        return;
    }
    sample->taken = true;
    sample->figure[FIGURE_RATE] = 1000;
    sample->figure[FIGURE_CPU] = 200;
    sample->load_limited = limited && strstr(limited, contender->name) && of->round >= limited_from &&
                           strcmp(point->name, "two") == 0;
    if (of->counting)
        sample->figure[FIGURE_CALLS] = 3;
}

static const enum figure rate_and_cpu[] = { FIGURE_RATE, FIGURE_CPU, FIGURES };
static const enum figure with_calls[] = { FIGURE_RATE, FIGURE_CALLS, FIGURES };
static const enum figure cpu_alone[] = { FIGURE_CPU, FIGURES };

static struct scenario fake = { .name = "fake",
                                .summary = "nothing",
                                .per = "message",
                                .figures = rate_and_cpu,
                                .judged = cpu_alone,
                                .points = fake_points,
                                .excludes = fake_excludes,
                                .measure = fake_measure };
static const struct scenario *const fakes[] = { &fake, NULL };

static void open_fakes(void)
{
    static const struct contender three[] = {
        { .name = "bare", .kind = CONTENDER_BARE },
        { .name = "epoll", .kind = CONTENDER_HOST, .backend = "epoll" },
        { .name = "poll", .kind = CONTENDER_HOST, .backend = "poll" },
    };
    memcpy(report.contenders, three, sizeof three);
    report.contender_count = 3;
    report.subject = 1;
    bench = (struct bench){ .rounds = 4, .seconds = 0.1, .server_cpu = -1, .load_cpu = -1, .stop = &stop };
    points[0] = (struct point){ .name = "one", .judged = true, .quick = true };
    points[1] = (struct point){ .name = "two", .judged = true };
    point_count = 2;
}

static void close_fakes(void)
{
    report_free(&report);
}

TestSuite(bench_run, .init = open_fakes, .fini = close_fakes, .timeout = 60);

static size_t index_of(const char *contender, const char *point, int round)
{
    size_t found = CALLS;
    for (size_t i = 0; i < calls; i++)
        if (strcmp(call[i].contender, contender) == 0 && strcmp(call[i].point, point) == 0 &&
            call[i].round == round && !call[i].counting) {
            cr_assert_eq(found, CALLS, "%s at %s, round %d: twice", contender, point, round);
            found = i;
        }
    return found;
}

/* -- The order ----------------------------------------------------------------------------------- */

Test(bench_run, contenders_take_turns_at_each_point_round_by_round)
{
    cr_assert_eq(run(&bench, fakes, &report), 0);
    size_t before = 0;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < point_count; i++) {
            size_t at[3], least = CALLS, most = 0;
            for (size_t who = 0; who < 3; who++) {
                at[who] = index_of(report.contenders[who].name, points[i].name, round);
                cr_assert_lt(at[who], CALLS);
                least = at[who] < least ? at[who] : least;
                most = at[who] > most ? at[who] : most;
            }
            cr_assert_eq(most - least, 2, "the contenders of a point are neighbours");
            cr_assert_geq(least, before, "points within a round, rounds one after another");
            before = most;
        }
    }
}

Test(bench_run, each_contender_is_first_as_often_as_last)
{
    for (size_t count = 1; count <= 7; count++) {
        size_t first[7] = { 0 }, last[7] = { 0 };
        for (int time = 0; time < (int)count * 2; time++) {
            bool seen[7] = { false };
            for (size_t i = 0; i < count; i++)
                seen[plan_turn(i, count, time)] = true;
            for (size_t i = 0; i < count; i++)
                cr_assert(seen[i], "everybody has a turn");
            first[plan_turn(0, count, time)]++;
            last[plan_turn(count - 1, count, time)]++;
        }
        for (size_t i = 0; i < count; i++)
            cr_assert(first[i] == 2 && last[i] == 2, "%zu of %zu: %zu, %zu", i, count, first[i], last[i]);
    }
}

/* What drifts evenly weighs on all alike: over two rounds everybody's places add up to the same. */
Test(bench_run, each_second_round_is_the_one_before_it_backwards)
{
    for (int time = 0; time < 12; time += 2)
        for (size_t i = 0; i < 5; i++)
            cr_assert_eq(plan_turn(i, 5, time), plan_turn(4 - i, 5, time + 1));
}

Test(bench_run, the_warm_up_does_not_count)
{
    cr_assert_eq(run(&bench, fakes, &report), 0);
    for (size_t who = 0; who < 3; who++) {
        size_t warm = index_of(report.contenders[who].name, "one", -1);
        cr_assert_lt(warm, 3, "it comes before all else");
        cr_assert_eq(report.results[0].series[who].count, 4);
        cr_assert_eq(report.results[0].series[who].estimates[FIGURE_RATE].rounds, 4);
    }
}

Test(bench_run, a_point_of_fewer_rounds_is_spread_over_all_of_them)
{
    bench.rounds = 9;
    points[1].rounds = 3;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(report.results[0].series[1].count, 9);
    cr_assert_eq(report.results[1].series[1].count, 3);
    for (int third = 0; third < 3; third++) {
        int times = 0;
        for (int round = 3 * third; round < 3 * third + 3; round++)
            times += index_of("epoll", "two", round) < CALLS;
        cr_assert_eq(times, 1);
    }
}

Test(bench_run, a_quick_run_leaves_points_out)
{
    bench.quick = true;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(report.result_count, 1);
    cr_assert_str_eq(report.results[0].point.name, "one");
    cr_assert(report.quick);
}

/* -- What is not measured ------------------------------------------------------------------------ */

Test(bench_run, who_is_excluded_is_not_asked_and_the_words_are_kept)
{
    excluded = "poll";
    cr_assert_eq(run(&bench, fakes, &report), 0);
    for (size_t i = 0; i < calls; i++)
        cr_assert_str_neq(call[i].contender, "poll");
    cr_assert_str_eq(report.results[0].series[2].excluded, "has no such");
    cr_assert_str_empty(report.results[0].series[2].failed, "that is no failure");
}

Test(bench_run, an_old_build_is_excluded_from_what_it_has_not)
{
    fake.needs = NEEDS_WORKERS;
    report.contenders[2].lacks = NEEDS_PLUGIN;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_null(report.results[0].series[2].excluded);
    report_free(&report);
    open_fakes();
    report.contenders[2].lacks = NEEDS_WORKERS | NEEDS_PLUGIN;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_str_eq(report.results[0].series[2].excluded, "an older build, without `bench --part`");
    report_free(&report);
    open_fakes();
    fake.needs = NEEDS_PLUGIN;
    report.contenders[2].lacks = NEEDS_PLUGIN;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_str_eq(report.results[0].series[2].excluded, "an older build, without the plugin `bench`");
}

Test(bench_run, one_round_that_fails_is_kept_and_told)
{
    failing = "poll";
    failing_at = "two";
    failures = 1;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    const struct series *series = &report.results[1].series[2];
    cr_assert_null(series->excluded);
    cr_assert_eq(series->count, 4, "rounds stay beside those of the others");
    cr_assert_not(series->samples[0].taken);
    cr_assert_eq(series->estimates[FIGURE_RATE].rounds, 3);
    cr_assert_eq(report.warning_count, bench.warning_count);
    bool told = false;
    for (size_t i = 0; i < report.warning_count; i++)
        told = told || strcmp(report.warnings[i], "fake: poll: two: round 1 of 4 failed: it fell over") == 0;
    cr_assert(told);
}

static size_t warnings_of_limits(void)
{
    size_t count = 0;
    for (size_t i = 0; i < report.warning_count; i++)
        count += strstr(report.warnings[i], "the load generator") != NULL;
    return count;
}

static bool warned(const char *text)
{
    for (size_t i = 0; i < report.warning_count; i++)
        if (strcmp(report.warnings[i], text) == 0)
            return true;
    return false;
}

Test(bench_run, of_whom_the_load_was_the_limit_is_one_warning_a_point)
{
    limited = "bare epoll poll";
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(warnings_of_limits(), 1);
    cr_assert(warned("fake, two: the load generator, not the server, was the limit of bare, epoll and poll"));
    report_free(&report);
    open_fakes();
    limited = "epoll poll";
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert(warned("fake, two: the load generator, not the server, was the limit of epoll and poll"));
    report_free(&report);
    open_fakes();
    limited = "bare";
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert(warned("fake, two: the load generator, not the server, was the limit of bare"));
}

Test(bench_run, a_load_that_was_the_limit_in_fewer_than_half_of_the_rounds_is_not_told)
{
    limited = "bare";
    limited_from = 2;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(warnings_of_limits(), 1);
    report_free(&report);
    open_fakes();
    limited_from = 3;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(warnings_of_limits(), 0);
}

Test(bench_run, an_open_loop_tells_by_itself_that_it_did_not_reach_its_rate)
{
    limited = "bare";
    points[1].share = 0.5;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(warnings_of_limits(), 0);
}

Test(bench_run, the_load_is_the_limit_where_it_is_full_and_the_server_is_not)
{
    struct sample sample = { .load_busy = 0.99, .server_busy = 0.5 };
    cr_expect(sample_load_full(&sample));
    cr_expect_not(sample_server_full(&sample));
    sample = (struct sample){ .load_busy = 0.9, .server_busy = 0.95 };
    cr_expect_not(sample_load_full(&sample));
    cr_expect(sample_server_full(&sample));
    sample = (struct sample){ .load_busy = NAN, .server_busy = NAN };
    cr_expect_not(sample_load_full(&sample));
    cr_expect(sample_server_full(&sample));
}

Test(bench_run, who_fails_twice_at_a_point_is_given_up_there_alone)
{
    failing = "poll";
    failing_at = "two";
    failures = 100;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_eq(failures, 98, "asked twice, then no more");
    cr_assert_str_eq(report.results[1].series[2].excluded, "it fell over");
    cr_assert_str_eq(report.results[1].series[2].failed, "it fell over");
    cr_assert_null(report.results[0].series[2].excluded);
    cr_assert_eq(report.results[0].series[2].count, 4);
    cr_assert_eq(report.results[1].series[1].count, 4, "the others go on");
}

Test(bench_run, who_fails_in_the_only_round_was_not_measured)
{
    bench.rounds = 1;
    failing = "poll";
    failing_at = "two";
    failures = 1;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_str_eq(report.results[1].series[2].failed, "it fell over");
    cr_assert_str_eq(report.results[1].series[2].excluded, "it fell over");
    cr_assert_null(report.results[0].series[2].excluded);
}

/* -- System calls, open loops ---------------------------------------------------------------------- */

Test(bench_run, system_calls_are_counted_once_behind_the_rounds)
{
    fake.figures = with_calls;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    size_t counted = 0;
    for (size_t i = 0; i < calls; i++) {
        counted += call[i].counting;
        cr_assert(!counted || call[i].counting, "nothing is timed behind it");
    }
    cr_assert_eq(counted, 6, "each contender at each point");
    const struct estimate *estimate = &report.results[1].series[2].estimates[FIGURE_CALLS];
    cr_assert_eq(estimate->rounds, 1);
    cr_assert_float_eq(estimate->median, 3, 1e-9);
    cr_assert_eq(report.results[1].series[2].count, 4);
    cr_assert_not(bench.counting);
}

Test(bench_run, system_calls_are_not_counted_where_no_table_has_them)
{
    cr_assert_eq(run(&bench, fakes, &report), 0);
    for (size_t i = 0; i < calls; i++)
        cr_assert_not(call[i].counting);
}

Test(bench_run, what_bare_can_do_is_known_before_open_loops)
{
    points[1].share = 0.5;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    cr_assert_float_eq(bench.bare_rate, 1000, 1e-9);
    size_t learning = 0;
    for (size_t i = 0; i < calls; i++) {
        if (strcmp(call[i].point, "what bare can do") == 0) {
            cr_assert_str_eq(call[i].contender, "bare");
            learning++;
        } else if (call[i].round >= 0) {
            cr_assert_float_eq(call[i].bare_rate, 1000, 1e-9);
        }
    }
    cr_assert_eq(learning, 3);
}

Test(bench_run, open_loops_are_not_measured_where_bare_is_not)
{
    points[1].share = 0.5;
    report.contenders[0].kind = CONTENDER_PEER;
    cr_assert_eq(run(&bench, fakes, &report), 0);
    const char *why = report.results[1].series[1].excluded;
    cr_assert_str_eq(why, "what `bare` can do is not known: it is not measured");
    cr_assert_eq(index_of("epoll", "two", 0), CALLS);
    cr_assert_null(report.results[0].series[1].excluded, "a closed loop does not need it");
}

/* -- A signal ---------------------------------------------------------------------------------------- */

Test(bench_run, what_was_complete_is_there_when_a_signal_stops_it)
{
    /* The warm-up has 3, round 0 has 6, round 1 begins with 3 at the first point: in the second of them. */
    stop_at = 3 + 6 + 2;
    cr_assert_eq(run(&bench, fakes, &report), -EINTR);
    cr_assert_eq(calls, stop_at);
    cr_assert_eq(report.result_count, 2);
    for (size_t i = 0; i < 2; i++)
        for (size_t who = 0; who < 3; who++)
            cr_assert_eq(report.results[i].series[who].count, 1, "a round that is not whole is taken back");
    cr_assert_float_eq(report.results[0].series[1].estimates[FIGURE_RATE].median, 1000, 1e-9);
}

Test(bench_run, points_without_a_whole_round_are_not_in_the_report_then)
{
    stop_at = 3 + 3 + 1;
    cr_assert_eq(run(&bench, fakes, &report), -EINTR);
    cr_assert_eq(report.result_count, 1);
    cr_assert_eq(report.results[0].series[1].count, 1);
}

Test(bench_run, nothing_is_begun_once_a_signal_has_come)
{
    stop = SIGINT;
    cr_assert_eq(run(&bench, fakes, &report), -EINTR);
    cr_assert_eq(calls, 0);
    cr_assert_eq(report.result_count, 0);
}

/* -- How long it takes --------------------------------------------------------------------------------- */

static double cost_of_two(const struct bench *of, const struct point *point)
{
    (void)of;
    (void)point;
    return 2;
}

Test(bench_run, the_estimate_is_of_all_that_is_measured)
{
    fake.cost = cost_of_two;
    /* 2 points in 4 rounds and a warm-up, of 3 contenders. */
    cr_assert_float_eq(run_estimate(&bench, fakes, &report), 2 * (2 * 4 + 1) * 3, 1e-9);
    points[1].rounds = 1;
    cr_assert_float_eq(run_estimate(&bench, fakes, &report), 2 * (4 + 1 + 1) * 3, 1e-9);
    excluded = "poll";
    cr_assert_float_eq(run_estimate(&bench, fakes, &report), 2 * (4 + 1 + 1) * 2, 1e-9);
}

Test(bench_run, what_was_asked_for_is_not_chosen)
{
    bench.rounds = 77;
    bench.seconds = 3;
    cr_assert_eq(run_choose(&bench, fakes, &report), 0);
    cr_assert_eq(bench.rounds, 77);
    cr_assert_float_eq(bench.seconds, 3, 1e-9);
}

static double chosen_total(size_t count, bool quick)
{
    bench.quick = quick;
    bench.rounds = 0;
    bench.seconds = 0;
    for (size_t i = 0; i < 8; i++) {
        points[i] = (struct point){ .quick = true, .connections = 50 };
        snprintf(points[i].name, sizeof points[i].name, "%zu", i);
    }
    point_count = 8;
    const struct scenario *several[16] = { NULL };
    cr_assert_lt(count, 16);
    for (size_t i = 0; i < count; i++)
        several[i] = &fake;
    cr_assert_eq(run_choose(&bench, several, &report), 0);
    return run_estimate(&bench, several, &report);
}

Test(bench_run, a_whole_report_is_chosen_to_stay_under_ten_minutes)
{
    cr_assert_lt(chosen_total(7, false), 600);
    cr_assert_geq(bench.rounds, 8);
    cr_assert_geq(bench.seconds, 0.1);
    double longest = bench.seconds;
    chosen_total(1, false);
    cr_assert_gt(bench.seconds, longest, "what is less takes its time");
    cr_assert_eq(bench.rounds, 10);
    chosen_total(15, false);
    cr_assert_eq(bench.rounds, 8, "fewer tell nothing: then it takes longer");
}

Test(bench_run, a_quick_one_is_chosen_to_stay_under_one)
{
    cr_assert_lt(chosen_total(2, true), 60);
    cr_assert_geq(bench.rounds, 5);
}

Test(bench_run, more_contenders_take_longer_and_are_measured_as_well)
{
    double three = chosen_total(5, false), seconds = bench.seconds;
    for (size_t i = 3; i < 6; i++)
        report.contenders[i] = report.contenders[2];
    report.contender_count = 6;
    cr_assert_float_eq(chosen_total(5, false), 2 * three, 1e-6);
    cr_assert_float_eq(bench.seconds, seconds, 1e-9);
}

/* -- What is left of it ------------------------------------------------------------------------------- */

Test(bench_run, the_time_that_is_left_is_corrected_by_what_it_took)
{
    struct progress_line line = { .total = 100 };
    cr_assert_float_eq(progress_left(&line), 100, 1e-9);
    line.done = 50;
    line.took = 100;
    cr_assert_float_eq(progress_left(&line), 100, 1e-9);
    line.took = 25;
    cr_assert_float_eq(progress_left(&line), 25, 1e-9);
    line.done = 120;
    cr_assert_float_eq(progress_left(&line), 0, 1e-9);
}

Test(bench_run, times_are_told_in_units_that_fit)
{
    char text[PROGRESS_TIME];
    cr_assert_str_eq(progress_time(0.2, text), "0 s");
    cr_assert_str_eq(progress_time(59.6, text), "1 min 0 s");
    cr_assert_str_eq(progress_time(190, text), "3 min 10 s");
    cr_assert_str_eq(progress_time(7500, text), "2 h 5 min");
    cr_assert_str_eq(progress_time(NAN, text), "0 s");
    cr_assert_str_eq(progress_time(1e300, text), "277777 h 46 min");
}
