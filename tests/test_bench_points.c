/* test_bench_points.c: the scenarios churn, idle, bulk and terminator: what they measure, and that bare and host agree. */
#include "tests/support.h"
#include "tools/bench/launch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct bench bench = { .server_cpu = -1, .load_cpu = -1, .seconds = 0.02 };
static struct point points[BENCH_POINTS];

static size_t points_of(const struct scenario *scenario)
{
    size_t count;

    memset(points, 0, sizeof points);
    count = scenario->points(&bench, points);
    cr_assert_leq(count, BENCH_POINTS);
    return count;
}

static const struct scenario *const ours[] = { &churn_scenario, &idle_scenario, &bulk_scenario,
                                               &terminator_scenario };

Test(bench_points, no_two_of_a_scenario_have_one_name)
{
    for (size_t s = 0; s < sizeof ours / sizeof ours[0]; s++) {
        size_t count = points_of(ours[s]);
        cr_assert_gt(count, 0);
        for (size_t i = 0; i < count; i++) {
            cr_assert_gt(strlen(points[i].name), 0);
            cr_assert_lt(strlen(points[i].name), sizeof points[i].name - 1, "'%s' is cut", points[i].name);
            for (size_t k = 0; k < i; k++)
                cr_assert_str_neq(points[i].name, points[k].name);
        }
    }
}

Test(bench_points, each_scenario_has_one_that_is_quick_and_one_that_is_judged)
{
    for (size_t s = 0; s < sizeof ours / sizeof ours[0]; s++) {
        size_t count = points_of(ours[s]), quick = 0, judged = 0;
        for (size_t i = 0; i < count; i++) {
            quick += points[i].quick && points[i].judged;
            judged += points[i].judged;
        }
        cr_assert_gt(quick, 0);
        cr_assert_gt(judged, 0);
    }
}

Test(bench_points, peers_serve_lines_and_nothing_else)
{
    const struct contender peer = { .name = "other", .kind = CONTENDER_PEER };

    cr_assert_null(churn_scenario.excludes);
    cr_assert_null(idle_scenario.excludes);
    cr_assert_not_null(bulk_scenario.excludes(&peer, points));
    cr_assert_not_null(terminator_scenario.excludes(&peer, points));
}

Test(bench_points, idle_has_no_more_connections_than_descriptors_allow)
{
    const struct rlimit limit = { .rlim_cur = 500, .rlim_max = 500 };

    if (setrlimit(RLIMIT_NOFILE, &limit)) /* valgrind keeps some for itself */
        cr_skip_test("the limit of descriptors cannot be lowered");
    cr_assert_eq(points_of(&idle_scenario), 1);
    cr_assert_gt(points[0].connections, 400);
    cr_assert_lt(points[0].connections, 500);
    cr_assert_eq(bench.warning_count, 1);
    cr_assert_not_null(strstr(bench.warnings[0], "ulimit -n"));
}

/* -- Measured ---------------------------------------------------------------------------- */

static const char *program(void)
{
    const char *path = getenv("CONFAB_TEST_HOST");

    cr_assert_not_null(path, "CONFAB_TEST_HOST is not set");
    return path;
}

static struct contender bare(void)
{
    return (struct contender){ .name = "bare", .kind = CONTENDER_BARE, .program = program() };
}

static struct contender host(void)
{
    return (
        struct contender){ .name = "host", .kind = CONTENDER_HOST, .program = program(), .backend = "poll" };
}

static void measure(const struct scenario *scenario, const struct contender *contender,
                    const struct point *point, struct sample *sample)
{
    sample->latency = NULL;
    sample_clear(sample);
    scenario->measure(&bench, contender, point, sample);
    cr_assert(sample->taken, "%s, %s: %s", contender->name, point->name, sample->why);
}

/* The load compares what the server has counted with what it has sent. */
Test(bench_points, bare_and_host_count_the_same_messages, .timeout = 120)
{
    const struct contender contenders[] = { bare(), host() };
    size_t count = points_of(&terminator_scenario);
    struct sample sample;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 2; k++) {
            measure(&terminator_scenario, &contenders[k], &points[i], &sample);
            cr_assert_gt(sample.figure[FIGURE_BYTES], 0);
            sample_clear(&sample);
        }
}

static int files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    cr_assert_not_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

Test(bench_points, bulk_is_measured_and_leaves_no_file, .timeout = 120)
{
    const struct contender contenders[] = { bare(), host() };
    const char *folder = test_folder();
    size_t count = points_of(&bulk_scenario);
    struct sample sample;

    cr_assert_eq(setenv("TMPDIR", folder, 1), 0);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 2; k++) {
            measure(&bulk_scenario, &contenders[k], &points[i], &sample);
            cr_assert_gt(sample.figure[FIGURE_BYTES], 0);
            sample_clear(&sample);
            cr_assert_eq(files_in(folder), 0);
        }
}

Test(bench_points, bulk_leaves_no_file_where_it_cannot_be_served)
{
    const struct contender nobody = { .name = "nobody",
                                      .kind = CONTENDER_BARE,
                                      .program = "/nowhere/confab" };
    const char *folder = test_folder();
    struct sample sample = { .latency = NULL };

    sample_clear(&sample);
    cr_assert_eq(setenv("TMPDIR", folder, 1), 0);
    points_of(&bulk_scenario);
    bulk_scenario.measure(&bench, &nobody, points, &sample);
    cr_assert_not(sample.taken);
    cr_assert_eq(files_in(folder), 0);
}

Test(bench_points, memory_of_a_connection_is_a_few_bytes_of_bare, .timeout = 120)
{
    const struct contender contender = bare();
    struct sample sample;

    bench.quick = true;
    points_of(&idle_scenario);
    measure(&idle_scenario, &contender, points, &sample);
    if (isnan(sample.figure[FIGURE_MEMORY]))
        cr_skip_test("this system does not tell");
    cr_assert_geq(sample.figure[FIGURE_MEMORY], 0);
    cr_assert_lt(sample.figure[FIGURE_MEMORY], 2048);
    sample_clear(&sample);
}
