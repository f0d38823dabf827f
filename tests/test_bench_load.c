/* test_bench_load.c: the load of `confab bench`: what it finds out of servers that do as they should, and of others. */
#include "tests/fake_usage.h"
#include "tests/load_support.h"
#include "tools/bench/load_engine.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct load few = { .connections = 4, .depth = 1, .size = 64, .seconds = 0.2, .silence = 5 };

/* For what ends it: however few messages there are in a moment on a busy machine. */
static const struct load until_it_fails = {
    .connections = 4, .depth = 1, .size = 64, .seconds = 10, .silence = 5
};

/* A load that fails, with these words. */
static void expect_failure(enum fake_kind kind, const struct load *load, const char *words)
{
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(kind, load, &bench, &sample);
    cr_expect_not(sample.taken);
    cr_expect(strstr(sample.why, words), "'%s', not '%s'", sample.why, words);
    sample_clear(&sample);
}

static uint64_t slower_than(const struct histogram *latency, int64_t ns)
{
    uint64_t n = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (histogram_bucket_least(i) >= (uint64_t)ns)
            n += latency->count[i];
    return n;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 0.02 * b;
}

/* -- A closed loop ---------------------------------------------------------------------- */

Test(bench_load, tells_what_a_server_has_answered)
{
    struct bench bench = fake_bench();
    struct sample sample;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &few, &bench, &sample);

    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_not_null(sample.latency);
    double messages = sample.figure[FIGURE_RATE] * sample.seconds;
    cr_expect_geq(sample.seconds, 0.2);
    cr_expect(near(messages, (double)sample.latency->total), "%g, %g", messages,
              (double)sample.latency->total);
    cr_expect_leq(sample.latency->total, counts.messages);
    cr_expect(near(sample.figure[FIGURE_BYTES], 64 * sample.figure[FIGURE_RATE]));
    cr_expect_eq(sample.figure[FIGURE_MAX], (double)sample.latency->most);
    cr_expect_leq(sample.figure[FIGURE_P50], sample.figure[FIGURE_P99]);
    cr_expect(sample.figure[FIGURE_P50] > 0);
    sample_clear(&sample);
}

Test(bench_load, the_load_is_the_limit_where_it_is_full_and_the_server_is_not)
{
    for (int i = 0; i < 4; i++) {
        struct bench bench = fake_bench();
        struct sample sample;
        fake_usage_full.load = i & 1;
        fake_usage_full.server = i & 2;
        fake_load(FAKE_ANSWERS, &few, &bench, &sample);
        cr_assert(sample.taken, "%s", sample.why);
        cr_expect_eq(sample.load_limited, i == 1, "%d", i);
        cr_expect_eq(bench.warning_count, 0, "who reports warns, of all at once");
        sample_clear(&sample);
    }
}

Test(bench_load, a_load_that_leaves_connections_idle_is_no_limit)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.idle = true;
    load.seconds = 0;
    fake_usage_full.load = true;
    fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_not(sample.load_limited);
    sample_clear(&sample);
}

Test(bench_load, the_time_before_does_not_count)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.warm = 0.4;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_lt(sample.latency->total, counts.messages, "all of it was counted");
    cr_expect(near(sample.figure[FIGURE_RATE] * sample.seconds, (double)sample.latency->total));
    sample_clear(&sample);
}

Test(bench_load, a_batch_is_as_deep_as_it_was_asked_for)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.connections = 1;
    load.depth = 16;
    load.idle = true; /* one batch, and no other */
    load.seconds = 0;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_eq(counts.messages, 16);
    cr_expect_eq(counts.bytes[0], 16 * 64);
    sample_clear(&sample);
}

Test(bench_load, answers_may_come_in_any_pieces)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.depth = 3;
    fake_load(FAKE_PIECES, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect(near(sample.figure[FIGURE_BYTES], 64 * sample.figure[FIGURE_RATE]));
    sample_clear(&sample);
}

Test(bench_load, what_the_server_does_not_take_at_once_leaves_later)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.size = 1 << 20;
    load.depth = 4;
    load.connections = 1;
    load.idle = true;
    load.seconds = 0;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_eq(counts.bytes[0], 4 << 20);
    sample_clear(&sample);
}

Test(bench_load, a_wrong_answer_is_told)
{
    expect_failure(FAKE_WRONG, &until_it_fails, "a wrong answer");
}

Test(bench_load, answers_that_are_given_to_another_connection_are_told)
{
    struct load load = until_it_fails;

    load.connections = 2;
    expect_failure(FAKE_MIXES, &load, "a wrong answer");
}

/* Whether the connection has sent its next message by then is a matter of chance. */
Test(bench_load, more_than_was_asked_for_is_told)
{
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(FAKE_EXTRA, &until_it_fails, &bench, &sample);
    cr_expect_not(sample.taken);
    cr_expect(strstr(sample.why, "which nothing has asked for") ||
                  strstr(sample.why, "a wrong answer: \"x\\r\\n\""),
              "%s", sample.why);
    sample_clear(&sample);
}

Test(bench_load, a_server_that_closes_is_told)
{
    expect_failure(FAKE_CLOSES, &until_it_fails, "the server has closed it");
}

Test(bench_load, a_server_that_says_nothing_is_told)
{
    struct load load = few;

    load.silence = 0.1;
    expect_failure(FAKE_SILENT, &load, "the server has said nothing for 0.1 s");
}

Test(bench_load, one_connection_of_many_that_is_never_answered_is_told)
{
    struct load load = few;

    load.seconds = 0.05; /* shorter than the silence: it is waited for afterwards */
    load.silence = 3;    /* longer than a busy machine keeps the others from being answered */
    expect_failure(FAKE_IGNORES, &load, "connection 3: the server has said nothing");
}

Test(bench_load, a_server_that_is_not_there_is_told)
{
    struct bench bench = fake_bench();
    struct sample sample = { .taken = false };
    struct fake fake;

    sample_clear(&sample);
    fake_start(&fake, FAKE_ANSWERS);
    strcpy(fake.server.address, "127.0.0.1:1");
    load_run(&bench, &fake.server, &few, &sample);
    cr_expect_not(sample.taken);
    cr_expect(strstr(sample.why, "cannot be made: Connection refused"), "%s", sample.why);
    sample_clear(&sample);
    fake_stop(&fake);
}

/* (As if each message were a call.)  However many are under way whenever it begins and ends. */
static void expect_one_call_a_message(const struct load *load)
{
    struct bench bench = fake_bench();
    struct sample sample = { .taken = false };
    struct fake fake;

    sample_clear(&sample);
    fake_start(&fake, FAKE_ANSWERS);
    fake.server.calls = &fake.counts->messages;
    load_run(&bench, &fake.server, load, &sample);
    fake_stop(&fake);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_eq(sample.figure[FIGURE_CALLS], 1, "%.17g", sample.figure[FIGURE_CALLS]);
    cr_expect_geq(sample.figure[FIGURE_RATE] * sample.seconds, (double)load->connections);
    sample_clear(&sample);
}

Test(bench_load, calls_are_those_of_the_messages_that_are_counted)
{
    struct load load = few;

    load.connections = 200;
    load.depth = 16;
    load.warm = 0.05;
    load.seconds = 0.05;
    expect_one_call_a_message(&load);
    load.depth = 1;
    load.churn = true;
    expect_one_call_a_message(&load);
}

/* -- An open loop -------------------------------------------------------------------------- */

static const struct load thousand = {
    .connections = 10, .size = 64, .rate = 1000, .even = true, .seconds = 0.5, .silence = 5
};

Test(bench_load, requests_that_a_stall_has_kept_waiting_all_show_it)
{
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(FAKE_STALLS, &thousand, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    /* 200 were due in that time, the first half of them more than half of it before its end. */
    cr_expect_geq(slower_than(sample.latency, FAKE_STALL * CONFAB_MILLISECOND / 2), 80);
    sample_clear(&sample);
}

/* The load is kept from running: it says so, and what was due then counts from when it was due. */
Test(bench_load, requests_that_the_load_itself_has_kept_waiting_all_show_it)
{
    struct bench bench = fake_bench();
    struct sample sample;
    struct fake_counts counts = fake_load(FAKE_FREEZES, &thousand, &bench, &sample);

    if (!counts.frozen)
        cr_skip_test("who is whose child cannot be read here");
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_geq(slower_than(sample.latency, FAKE_STALL * CONFAB_MILLISECOND / 2), 80);
    cr_expect_geq(sample.late, 80);
    sample_clear(&sample);
}

/* A load that is shorter than the time in which its server, or it itself, does nothing.  A busy machine may keep both
 * from running besides: it is tried again until it is told of, and so many requests have left late.  Whether they ever
 * have: then the sample is to be cleared. */
static bool try_held_up(enum fake_kind kind, uint64_t least_late, uint64_t most_late, struct bench *bench,
                        struct sample *sample)
{
    enum { TRIES = 20 };
    struct load load = thousand;

    load.seconds = 0.15;
    for (int i = 0; i < TRIES; i++) {
        *bench = fake_bench();
        struct fake_counts counts = fake_load(kind, &load, bench, sample);
        cr_assert(sample->taken, "%s", sample->why);
        if (kind == FAKE_FREEZES && !counts.frozen)
            cr_skip_test("who is whose child cannot be read here");
        if (sample->late >= least_late && sample->late <= most_late && bench->warning_count == 1 &&
            strstr(bench->warnings[0], "of the rate was reached"))
            return true;
        sample_clear(sample);
    }
    return false;
}

Test(bench_load, a_load_at_a_rate_is_the_limit_where_it_comes_too_late_for_a_server_that_is_not_full)
{
    for (int i = 0; i < 2; i++) {
        struct bench bench;
        struct sample sample;
        fake_usage_full.server = i == 1;
        cr_assert(try_held_up(FAKE_FREEZES, 50, UINT64_MAX, &bench, &sample));
        cr_expect_eq(sample.load_limited, i == 0, "%d", i);
        cr_expect(strstr(bench.warnings[0],
                         i == 0 ? ": the load generator was the limit" : ": the server was the limit"),
                  "%s", bench.warnings[0]);
        sample_clear(&sample);
    }
}

/* One in a hundred may be late. */
Test(bench_load, a_load_at_a_rate_is_no_limit_where_its_requests_leave_when_they_are_due)
{
    struct bench bench;
    struct sample sample;

    fake_usage_full.load = true;
    if (!try_held_up(FAKE_STALLS, 0, 1, &bench, &sample))
        cr_skip_test("the load was kept from running each time");
    cr_expect_not(sample.load_limited);
    cr_expect(strstr(bench.warnings[0], ": the server was the limit"), "%s", bench.warnings[0]);
    sample_clear(&sample);
}

Test(bench_load, each_request_that_was_due_is_counted)
{
    struct bench bench = fake_bench();
    struct sample sample;

    fake_load(FAKE_STALLS, &thousand, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect(sample.latency->total >= 499 && sample.latency->total <= 501, "%g",
              (double)sample.latency->total);
    sample_clear(&sample);
}

Test(bench_load, a_rate_that_the_server_cannot_serve_is_told_and_nothing_is_left_out)
{
    struct load load = thousand;
    struct bench bench = fake_bench();
    struct sample sample;

    load.rate = 20000;
    load.where = "somebody, somewhere";
    fake_load(FAKE_SLOW, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_eq(bench.warning_count, 1);
    cr_expect(strstr(bench.warnings[0], "somebody, somewhere: less than 95 % of the rate was reached"), "%s",
              bench.warnings[0]);
    cr_expect(sample.latency->total >= 9999 && sample.latency->total <= 10001, "%g",
              (double)sample.latency->total);
    /* Most of them have not even been answered when it was given up, long after. */
    cr_expect_geq(slower_than(sample.latency, CONFAB_SECOND), 5000);
    sample_clear(&sample);
}

Test(bench_load, rounds_that_do_not_count_warn_of_nothing)
{
    struct load load = thousand;
    struct bench bench = fake_bench();
    struct sample sample;

    load.rate = 20000;
    load.seconds = 0.1;
    bench.round = -1;
    fake_load(FAKE_SLOW, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_eq(bench.warning_count, 0);
    sample_clear(&sample);
}

/* A busy machine may keep it from being served for a moment: not each time. */
Test(bench_load, a_rate_that_is_served_is_not_warned_of)
{
    enum { TRIES = 10 };
    struct load load = thousand;
    bool warned = true;

    load.rate = 100;
    load.seconds = 1;
    for (int i = 0; i < TRIES && warned; i++) {
        struct bench bench = fake_bench();
        struct sample sample;
        fake_load(FAKE_ANSWERS, &load, &bench, &sample);
        cr_assert(sample.taken, "%s", sample.why);
        warned = false;
        for (size_t k = 0; k < bench.warning_count; k++)
            warned = warned || strstr(bench.warnings[k], "of the rate was reached");
        sample_clear(&sample);
    }
    cr_expect_not(warned);
}

Test(bench_load, requests_of_an_open_loop_come_at_random_unless_they_are_to_be_even)
{
    struct load load = thousand;
    struct bench bench = fake_bench();
    struct sample sample;

    load.even = false;
    load.rate = 4000;
    fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect(sample.latency->total > 1700 && sample.latency->total < 2300, "%g",
              (double)sample.latency->total);
    cr_expect(sample.latency->total < 1999 || sample.latency->total > 2001, "they were even");
    sample_clear(&sample);
}

/* -- Other kinds ------------------------------------------------------------------------------ */

Test(bench_load, greedy_connections_send_what_they_can_and_are_not_in_the_latency)
{
    struct load load = thousand;
    struct bench bench = fake_bench();
    struct sample sample;

    load.greedy = 1;
    load.rate = 50;
    load.seconds = 1;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect(sample.latency->total >= 49 && sample.latency->total <= 51, "%g",
              (double)sample.latency->total);
    cr_expect_gt(counts.bytes[0], 4 * LOAD_BUFFER, "%g bytes: it sends once only", (double)counts.bytes[0]);
    cr_expect_gt(counts.bytes[0], 100 * counts.bytes[1]);
    cr_expect_gt(sample.figure[FIGURE_RATE], 1000);
    sample_clear(&sample);
}

Test(bench_load, churn_has_a_connection_for_each_message_and_resets_it)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.churn = true;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_gt(sample.latency->total, 4);
    cr_expect_eq(counts.messages, counts.accepted);
    cr_expect_leq(sample.latency->total, counts.accepted);
    cr_expect_geq(counts.resets + 4, counts.accepted); /* the last may not have been seen yet */
    sample_clear(&sample);
}

/* What connect(2) is to take here, beside what it takes; all else has the system's own. */
static int64_t connect_ms;

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    const struct timespec time = { .tv_sec = 0, .tv_nsec = (long)connect_ms * 1000000 };
    int (*next)(int, const struct sockaddr *, socklen_t);
    void *found = dlsym(RTLD_NEXT, "connect");

    memcpy(&next, &found, sizeof next);
    nanosleep(&time, NULL);
    return next(fd, address, len);
}

Test(bench_load, latency_of_churn_has_the_connecting_in_it)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.connections = 1;
    load.churn = true;
    connect_ms = 20;
    fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_assert_not_null(sample.latency);
    cr_expect_geq(sample.latency->least, UINT64_C(20000000));
    sample_clear(&sample);
}

Test(bench_load, wrong_answers_are_told_in_churn_too)
{
    struct load load = until_it_fails;

    load.churn = true;
    expect_failure(FAKE_WRONG, &load, "a wrong answer");
}

Test(bench_load, idle_connections_are_answered_once_each)
{
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.connections = 100;
    load.idle = true;
    struct fake_counts counts = fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_assert(sample.taken, "%s", sample.why);
    cr_expect_eq(counts.accepted, 100);
    cr_expect_eq(counts.messages, 100);
    cr_expect(isnan(sample.figure[FIGURE_RATE]));
    sample_clear(&sample);
}

Test(bench_load, a_load_that_cannot_be_is_refused)
{
    struct load load = few;

    load.connections = 0;
    expect_failure(FAKE_ANSWERS, &load, "cannot have this connections");
    load = few;
    load.size = 1;
    expect_failure(FAKE_ANSWERS, &load, "cannot have this size");
    load = few;
    load.size = 1 << 20;
    load.depth = 1000;
    expect_failure(FAKE_ANSWERS, &load, "cannot have this size");
    load = few;
    load.rate = NAN;
    expect_failure(FAKE_ANSWERS, &load, "cannot have this rate");
    load = few;
    load.greedy = 5;
    expect_failure(FAKE_ANSWERS, &load, "cannot have this number of greedy");
}

Test(bench_load, a_run_that_is_to_stop_ends_the_load)
{
    volatile sig_atomic_t stop = SIGINT;
    struct load load = few;
    struct bench bench = fake_bench();
    struct sample sample;

    load.seconds = 100;
    bench.stop = &stop;
    fake_load(FAKE_ANSWERS, &load, &bench, &sample);
    cr_expect_not(sample.taken);
    cr_expect_str_eq(sample.why, "stopped");
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
    sample_clear(&sample);
}

/* -- Parts --------------------------------------------------------------------------------------- */

Test(bench_load, no_message_is_like_another_near_it)
{
    struct lines lines;

    cr_assert_eq(lines_make(&lines, 64, 1000), 0);
    for (size_t i = 64; i < lines.len; i += 64)
        cr_assert_neq(memcmp(lines.at, lines.at + i, 64), 0);
    for (size_t i = 0; i < lines.len; i += 64) {
        cr_assert_eq(memcmp(lines.at + i + 62, "\r\n", 2), 0);
        cr_assert_null(memchr(lines.at + i, '\n', 62));
    }
    cr_expect_eq(memcmp(lines.at, lines.at + lines.len, 1000), 0);
    for (uint32_t i = 1; i < 1000; i++)
        cr_assert_neq(lines_begin(&lines, 0), lines_begin(&lines, i));
    lines_free(&lines);
}

#ifdef CONFAB_TEST_SOURCES /* CMake has taken load_source.c */
static const uint32_t second = INADDR_LOOPBACK + 1;
#else
static const uint32_t second = INADDR_ANY;
#endif

Test(bench_load, more_connections_than_an_address_has_ports_come_from_several)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(source_bind(fd, 4999), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    cr_expect_eq(ntohl(address.sin_addr.s_addr), INADDR_ANY);
    cr_assert_eq(source_bind(fd, 5000), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    cr_expect_eq(ntohl(address.sin_addr.s_addr), second);
    close(fd);
}
