/* test_bench_parts.c: the work that `confab bench` has loops and timers do, on loops of the test's own, which note what
 * they were asked for; and the points of both scenarios. */
#include "tools/bench/bench.h"
#include "tools/bench/dispatch.h"
#include "tools/bench/timers.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* -- What a worker says ------------------------------------------------------------------ */

static char output[512], errors[512];

struct redirection {
    FILE *file;
    int before;
};

static void redirect(struct redirection *redirection, int fd)
{
    fflush(NULL);
    redirection->before = dup(fd);
    redirection->file = tmpfile();
    cr_assert(redirection->file && dup2(fileno(redirection->file), fd) == fd);
}

static void restore(const struct redirection *redirection, int fd, char text[512])
{
    fflush(NULL);
    cr_assert_eq(dup2(redirection->before, fd), fd);
    close(redirection->before);
    rewind(redirection->file);
    text[fread(text, 1, 511, redirection->file)] = '\0';
    fclose(redirection->file);
}

static int worker(const struct dispatch_loop *dispatch, const struct timers_loop *timers, int argc,
                  char **argv)
{
    struct redirection out, err;

    redirect(&out, STDOUT_FILENO);
    redirect(&err, STDERR_FILENO);
    int status = dispatch ? dispatch_main(dispatch, NULL, argc, argv) : timers_main(timers, NULL, argc, argv);
    restore(&err, STDERR_FILENO, errors);
    restore(&out, STDOUT_FILENO, output);
    return status;
}

#define DISPATCH(loop, ...) \
    worker(loop, NULL, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), (char *[]){ __VA_ARGS__ })
#define TIMERS(loop, ...) \
    worker(NULL, loop, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), (char *[]){ __VA_ARGS__ })

/* -- dispatch ------------------------------------------------------------------------------ */

enum { NOTED = 256 };

static struct {
    int64_t ready[NOTED]; /* which ends could be read from, in this order */
    size_t count;
    size_t first; /* of the first turn */
    bool deaf, broken;
    bool closed;
} noted;

static int open_poll(struct dispatch *dispatch)
{
    struct pollfd *entries = calloc((size_t)dispatch->count, sizeof *entries);

    for (int64_t i = 0; i < dispatch->count; i++)
        entries[i] = (struct pollfd){ .fd = dispatch->ends[i].fd, .events = POLLIN };
    dispatch->loop = entries;
    return 0;
}

static int turn_poll(struct dispatch *dispatch)
{
    struct pollfd *entries = dispatch->loop;

    if (noted.broken)
        return -EBADF;
    if (noted.deaf)
        return 0;
    poll(entries, (nfds_t)dispatch->count, 0);
    for (int64_t i = 0; i < dispatch->count; i++)
        if (entries[i].revents && noted.count < NOTED)
            noted.ready[noted.count++] = i;
    if (!noted.first)
        noted.first = noted.count;
    for (int64_t i = 0; i < dispatch->count; i++)
        if (entries[i].revents)
            dispatch_readable(&dispatch->ends[i]);
    return 0;
}

static void close_poll(struct dispatch *dispatch)
{
    free(dispatch->loop);
    noted.closed = true;
}

static const struct dispatch_loop on_poll = {
    .command = "test", .open = open_poll, .turn = turn_poll, .close = close_poll
};

Test(bench_parts, dispatch_begins_with_active_ends_that_lie_evenly_apart)
{
    cr_assert_eq(DISPATCH(&on_poll, "12", "3", "1"), EXIT_SUCCESS);
    cr_assert_eq(noted.first, 3);
    cr_assert_eq(noted.ready[1] - noted.ready[0], 4);
    cr_assert_eq(noted.ready[2] - noted.ready[1], 4);
}

Test(bench_parts, dispatch_goes_from_each_end_to_its_neighbour_until_the_writes_are_made)
{
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "7"), EXIT_SUCCESS);
    /* A repetition has one event more than writes, and the next begins anew. */
    for (size_t i = 1; i < 8; i++)
        cr_assert_eq(noted.ready[i], (noted.ready[i - 1] + 1) % 5);
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(noted.ready[8 + i], noted.ready[i]);
}

Test(bench_parts, dispatch_tells_a_time_for_an_event)
{
    double ns = 0;

    cr_assert_eq(DISPATCH(&on_poll, "5", "5", "100"), EXIT_SUCCESS);
    cr_assert_eq(sscanf(output, "event_ns %lf\n", &ns), 1, "%s", output);
    cr_assert(ns > 1 && ns < 1e9, "%f", ns);
    cr_assert(noted.closed);
}

Test(bench_parts, dispatch_gives_up_where_events_are_lost)
{
    noted.deaf = true;
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "10"), EXIT_FAILURE);
    cr_assert_str_eq(errors, "test: dispatch: after 0 events no more came\n");
    cr_assert_str_empty(output);
    cr_assert(noted.closed);
}

Test(bench_parts, dispatch_fails_as_its_loop_does)
{
    noted.broken = true;
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "10"), EXIT_FAILURE);
    cr_assert(strstr(errors, strerror(EBADF)), "%s", errors);
    cr_assert(noted.closed);
}

Test(bench_parts, dispatch_refuses_wrong_words)
{
    cr_assert_eq(DISPATCH(&on_poll, "5", "1"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "10", "1"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "5", "6", "10"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "0", "1", "10"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "10x"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "5", "-1", "10"), 2);
    cr_assert_eq(DISPATCH(&on_poll, "5", "1", "99999999999999999999"), 2);
}

/* For good, so that nobody can raise it again; valgrind does not have that. */
static void limit_descriptors(rlim_t most)
{
    struct rlimit limit = { .rlim_cur = most, .rlim_max = most };

    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        cr_skip_test("the limit of descriptors cannot be lowered here");
}

Test(bench_parts, dispatch_says_which_limit_of_descriptors_is_too_low)
{
    limit_descriptors(231);
    cr_assert_eq(DISPATCH(&on_poll, "100", "1", "1"), EXIT_FAILURE);
    cr_assert(strstr(errors, "take 232 descriptors, and a process may have 231"), "%s", errors);
    limit_descriptors(231);
    cr_assert_eq(DISPATCH(&on_poll, "99", "1", "1"), EXIT_SUCCESS);
}

/* -- timers -------------------------------------------------------------------------------- */

enum { MOST = 1000 };

static struct {
    int starts[MOST], stops[MOST];
    int64_t least, most; /* deadlines of the last start */
    int phases;          /* how often anything was done inside a turn */
    int lost;
    bool in_order; /* the last stop took them one behind the other */
} kept;

static int open_fake(struct timers *timers)
{
    (void)timers;
    return 0;
}

static int inside_fake(struct timers *timers, void (*work)(struct timers *timers))
{
    kept.phases++;
    work(timers);
    return 0;
}

static void start_fake(struct timers *timers)
{
    kept.least = kept.most = timers->after[0];
    for (int64_t i = 0; i < timers->count; i++) {
        kept.starts[i]++;
        kept.least = timers->after[i] < kept.least ? timers->after[i] : kept.least;
        kept.most = timers->after[i] > kept.most ? timers->after[i] : kept.most;
    }
}

static void stop_fake(struct timers *timers)
{
    kept.in_order = true;
    for (int64_t i = 0; i < timers->stops; i++) {
        kept.stops[timers->stopped[i]]++;
        kept.in_order = kept.in_order && timers->stopped[i] == (uint32_t)i;
    }
}

static int run_fake(struct timers *timers)
{
    for (int64_t i = 0; i < timers->count; i++)
        timers->fired += kept.starts[i] > kept.stops[i];
    timers->fired -= kept.lost;
    return 0;
}

static void close_fake(struct timers *timers)
{
    (void)timers;
}

static const struct timers_loop fake = { .command = "test",
                                         .open = open_fake,
                                         .inside = inside_fake,
                                         .start = start_fake,
                                         .stop = stop_fake,
                                         .run = run_fake,
                                         .close = close_fake };

Test(bench_parts, timers_are_all_stopped_once_before_half_of_them_are_measured)
{
    int twice = 0;

    cr_assert_eq(TIMERS(&fake, "1000"), EXIT_SUCCESS);
    cr_assert_eq(kept.phases, 4);
    for (int i = 0; i < MOST; i++) {
        cr_assert_eq(kept.starts[i], 2);
        cr_assert(kept.stops[i] == 1 || kept.stops[i] == 2);
        twice += kept.stops[i] == 2;
    }
    cr_assert_eq(twice, MOST / 2);
    cr_assert_not(kept.in_order);
}

Test(bench_parts, timers_are_due_over_a_while_that_begins_later)
{
    cr_assert_eq(TIMERS(&fake, "1000"), EXIT_SUCCESS);
    cr_assert(kept.least >= 100000000 && kept.least < 101000000, "%lld", (long long)kept.least);
    cr_assert(kept.most > 109000000 && kept.most < 110000000, "%lld", (long long)kept.most);
}

Test(bench_parts, timers_tells_three_times)
{
    double start, stop, expire;

    cr_assert_eq(TIMERS(&fake, "1000"), EXIT_SUCCESS);
    cr_assert_eq(sscanf(output, "start_ns %lf\nstop_ns %lf\nexpire_ns %lf\n", &start, &stop, &expire), 3,
                 "%s", output);
    cr_assert(start > 0 && stop > 0 && expire > 0);
}

Test(bench_parts, timers_fails_where_one_does_not_expire)
{
    kept.lost = 1;
    cr_assert_eq(TIMERS(&fake, "1000"), EXIT_FAILURE);
    cr_assert_str_eq(errors, "test: timers: 500 were to expire, 499 have\n");
    cr_assert_str_empty(output);
}

Test(bench_parts, timers_fails_where_one_expires_that_was_stopped)
{
    kept.lost = -501;
    cr_assert_eq(TIMERS(&fake, "1000"), EXIT_FAILURE);
    cr_assert_str_eq(errors, "test: timers: 500 were to expire, 1001 have\n");
}

Test(bench_parts, timers_refuses_wrong_words)
{
    cr_assert_eq(TIMERS(&fake, "1"), 2);
    cr_assert_eq(TIMERS(&fake, "1000", "1"), 2);
    cr_assert_eq(TIMERS(&fake, "many"), 2);
    cr_assert_eq(TIMERS(&fake, "10000001"), 2);
}

/* -- The scenarios -------------------------------------------------------------------------- */

static struct bench bench;
static struct point points[BENCH_POINTS];

static size_t dispatch_points(rlim_t descriptors, bool quick)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < descriptors)
        cr_skip_test("this process may not have so many descriptors");
    limit_descriptors(descriptors);
    bench.quick = quick;
    return dispatch_scenario.points(&bench, points);
}

Test(bench_parts, dispatch_has_points_up_to_nine_thousand_descriptors)
{
    size_t judged = 0, n = dispatch_points(18032, false);

    cr_assert_eq(n, 6 * 4 - 1); /* with 100 descriptors, 100 active are all */
    cr_assert_eq(points[n - 1].descriptors, 9000);
    cr_assert_eq(points[n - 1].active, 9000);
    for (size_t i = 0; i < n; i++) {
        judged += points[i].judged;
        cr_assert(points[i].sweep);
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(points[i].name, points[k].name);
    }
    cr_assert_eq(judged, 2);
    cr_assert_eq(bench.warning_count, 0);
}

Test(bench_parts, dispatch_has_few_points_when_it_is_to_be_quick)
{
    size_t n = dispatch_points(18032, true);

    cr_assert_eq(n, 5);
    for (size_t i = 0; i < n; i++)
        cr_assert(points[i].quick);
}

Test(bench_parts, dispatch_leaves_out_what_the_limit_of_descriptors_forbids_and_says_so)
{
    size_t n = dispatch_points(1100, false);

    cr_assert_eq(n, 3 + 4);
    cr_assert_eq(points[n - 1].descriptors, 500);
    cr_assert_eq(bench.warning_count, 1);
    cr_assert_str_eq(bench.warnings[0], "dispatch: left out from 1000 socketpairs on: they take 2032 "
                                        "descriptors, and a process may have 1100 (ulimit -n)");
}

Test(bench_parts, timers_has_fewer_when_it_is_to_be_quick)
{
    cr_assert_eq(timers_scenario.points(&bench, points), 1);
    cr_assert_eq(points[0].count, 1000000);
    bench.quick = true;
    cr_assert_eq(timers_scenario.points(&bench, points), 1);
    cr_assert_eq(points[0].count, 100000);
}

Test(bench_parts, timers_excludes_those_who_have_none)
{
    const struct contender bare = { .name = "bare", .kind = CONTENDER_BARE };
    const struct contender peer = { .name = "libevent", .kind = CONTENDER_PEER };

    cr_assert_str_eq(timers_scenario.excludes(&bare, &points[0]), "has no timers");
    cr_assert_null(timers_scenario.excludes(&peer, &points[0]));
}
