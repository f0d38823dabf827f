/* bench_report_sample.c: a report of `confab bench` that was never measured. */
#include "tests/bench_report_sample.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- Scenarios that measure nothing --------------------------------------------------------- */

static const enum figure served[] = { FIGURE_RATE, FIGURE_CPU,   FIGURE_P50,      FIGURE_P99,
                                      FIGURE_P999, FIGURE_CALLS, FIGURE_SWITCHES, FIGURES };
static const enum figure served_judged[] = { FIGURE_RATE, FIGURE_CPU, FIGURE_P99, FIGURES };
static const enum figure held[] = { FIGURE_MEMORY, FIGURES };
static const enum figure moved[] = { FIGURE_BYTES, FIGURE_CPU, FIGURES };
static const enum figure polite[] = { FIGURE_P50, FIGURE_P99, FIGURE_P999, FIGURE_MAX, FIGURES };
static const enum figure polite_judged[] = { FIGURE_P99, FIGURES };
static const enum figure timed[] = { FIGURE_START, FIGURE_STOP, FIGURE_EXPIRE, FIGURES };
static const enum figure event[] = { FIGURE_EVENT, FIGURES };

const struct scenario sample_echo = { .name = "echo",
                                      .summary = "lines and their answers",
                                      .per = "message",
                                      .figures = served,
                                      .judged = served_judged };
static const struct scenario sample_scenarios[] = {
    { .name = "churn",
      .summary = "connect, one message, close",
      .per = "connection",
      .figures = served,
      .judged = served_judged },
    { .name = "idle",
      .summary = "connections that say nothing",
      .per = "connection",
      .figures = held,
      .judged = held },
    { .name = "bulk",
      .summary = "large answers, from a producer and from a file",
      .per = "MiB",
      .figures = moved,
      .judged = moved },
    { .name = "terminator",
      .summary = "bytes cut into messages",
      .per = "KiB",
      .figures = moved,
      .judged = moved },
    { .name = "fairness",
      .summary = "one greedy connection beside 100 polite ones",
      .per = "message",
      .figures = polite,
      .judged = polite_judged },
    { .name = "timers",
      .summary = "timers that are started, stopped and expire",
      .per = "timer",
      .figures = timed,
      .judged = timed },
    { .name = "dispatch",
      .summary = "many descriptors, few of them ready",
      .per = "event",
      .figures = event,
      .judged = event },
};
enum { CHURN, IDLE, BULK, TERMINATOR, FAIRNESS, TIMERS, DISPATCH };

/* -- Noise ---------------------------------------------------------------------------------- */

struct noise {
    uint64_t state;
};

static double uniform(struct noise *noise)
{
    uint64_t z = noise->state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct noise *noise)
{
    return sqrt(-2 * log(uniform(noise))) * cos(6.283185307179586 * uniform(noise));
}

/* A factor near 1: a few percent, and now and then a round that was disturbed. */
static double around(struct noise *noise, double spread)
{
    return exp(spread * normal(noise) + (uniform(noise) < 0.04 ? 8 * spread * uniform(noise) : 0));
}

/* -- Results -------------------------------------------------------------------------------- */

static const struct contender sample_contenders[SAMPLE_CONTENDERS] = {
    { .name = "bare", .kind = CONTENDER_BARE, .program = "/usr/bin/confab", .version = "0.1.0" },
    { .name = "epoll",
      .kind = CONTENDER_HOST,
      .program = "/usr/bin/confab",
      .backend = "epoll",
      .version = "0.1.0" },
    { .name = "poll",
      .kind = CONTENDER_HOST,
      .program = "/usr/bin/confab",
      .backend = "poll",
      .version = "0.1.0" },
    { .name = "libevent",
      .kind = CONTENDER_PEER,
      .program = "/usr/libexec/confab/peers/confab-bench-libevent",
      .version = "2.1.12-stable" },
    { .name = "libuv",
      .kind = CONTENDER_PEER,
      .program = "/usr/libexec/confab/peers/confab-bench-libuv",
      .version = "1.44.2" },
    { .name = "libev",
      .kind = CONTENDER_PEER,
      .program = "/usr/libexec/confab/peers/confab-bench-libev",
      .version = "4.33" },
};

int sample_add(struct report *report, const struct scenario *scenario, const struct point *point,
               struct result **result)
{
    if (report->result_count == report->result_room) {
        size_t room = report->result_room ? 2 * report->result_room : 16;
        struct result *results = realloc(report->results, room * sizeof *results);
        if (!results)
            return -ENOMEM;
        report->results = results;
        report->result_room = room;
    }
    struct result *at = &report->results[report->result_count++];
    memset(at, 0, sizeof *at);
    at->scenario = scenario;
    at->point = *point;
    for (size_t k = 0; k < report->contender_count; k++) {
        struct series *series = &at->series[k];
        series->samples = calloc((size_t)report->rounds, sizeof *series->samples);
        if (!series->samples)
            return -ENOMEM;
        series->count = (size_t)report->rounds;
        for (size_t i = 0; i < series->count; i++) {
            sample_clear(&series->samples[i]);
            series->samples[i].taken = true;
            series->samples[i].seconds = report->seconds;
        }
    }
    *result = at;
    return 0;
}

static void exclude(struct result *result, size_t contender, const char *why)
{
    struct series *series = &result->series[contender];

    free(series->samples);
    *series = (struct series){ .excluded = why };
}

/* The mean of a figure for each contender; 0: none. */
static void set(struct report *report, struct result *result, struct noise *noise, enum figure figure,
                const double mean[SAMPLE_CONTENDERS], double spread)
{
    for (int round = 0; round < report->rounds; round++) {
        double drift = 1 + 0.01 * sin(round);
        for (size_t k = 0; k < report->contender_count; k++)
            if (mean[k] > 0 && result->series[k].samples)
                result->series[k].samples[round].figure[figure] = mean[k] * drift * around(noise, spread);
    }
}

/* Latencies around what a contender mostly takes, with a tail. */
static int set_latency(struct report *report, struct result *result, struct noise *noise,
                       const double middle[SAMPLE_CONTENDERS], double tail)
{
    static const struct {
        enum figure figure;
        double share;
    } shares[] = { { FIGURE_P50, 0.5 },    { FIGURE_P90, 0.9 },      { FIGURE_P99, 0.99 },
                   { FIGURE_P999, 0.999 }, { FIGURE_P9999, 0.9999 }, { FIGURE_MAX, 1 } };

    for (size_t k = 0; k < report->contender_count; k++)
        for (size_t i = 0; i < result->series[k].count; i++) {
            struct sample *sample = &result->series[k].samples[i];
            double at = middle[k] * around(noise, 0.015);
            sample->latency = malloc(sizeof *sample->latency);
            if (!sample->latency)
                return -ENOMEM;
            histogram_clear(sample->latency);
            for (int n = 0; n < 1500; n++) {
                double slow = uniform(noise) < tail ? 1 + 6 * uniform(noise) * uniform(noise) : 1;
                histogram_add(sample->latency, (uint64_t)(at * slow * exp(0.18 * normal(noise))), 1);
            }
            for (size_t n = 0; n < sizeof shares / sizeof *shares; n++)
                sample->figure[shares[n].figure] = (double)histogram_value(sample->latency, shares[n].share);
        }
    return 0;
}

/* How a contender stands to bare, in rate and processor time. */
static const double speed[SAMPLE_CONTENDERS] = { 1, 0.985, 0.96, 0.80, 0.86, 0.97 };
static const double cost[SAMPLE_CONTENDERS] = { 1, 1.03, 1.09, 1.42, 1.25, 1.04 };

static void scaled(double out[SAMPLE_CONTENDERS], double by, const double factors[SAMPLE_CONTENDERS])
{
    for (int k = 0; k < SAMPLE_CONTENDERS; k++)
        out[k] = by * factors[k];
}

static int add_served(struct report *report, struct noise *noise, const struct scenario *scenario,
                      const struct point *point, double rate, double cpu)
{
    double rates[SAMPLE_CONTENDERS], cpus[SAMPLE_CONTENDERS], middle[SAMPLE_CONTENDERS],
        one[SAMPLE_CONTENDERS];
    struct result *result;
    double scanned = (double)point->connections * 9 / (double)(point->depth ? point->depth : 1);

    if (sample_add(report, scenario, point, &result))
        return -ENOMEM;
    scaled(rates, rate, speed);
    scaled(cpus, cpu, cost);
    cpus[SAMPLE_POLL] += scanned / 10;
    rates[SAMPLE_POLL] /= 1 + scanned / 10 / cpu;
    for (int k = 0; k < SAMPLE_CONTENDERS; k++) {
        middle[k] = point->share > 0 ? 30e3 * cost[k] * (1 + point->share)
                                     : 0.8e9 * (double)point->connections / rates[k];
        one[k] = 2 + 1 / (1 + (double)point->connections / 8);
    }
    if (!(point->share > 0))
        set(report, result, noise, FIGURE_RATE, rates, 0.012);
    set(report, result, noise, FIGURE_CPU, cpus, 0.01);
    set(report, result, noise, FIGURE_CALLS, one, 0);
    scaled(one, 0.04, cost);
    set(report, result, noise, FIGURE_SWITCHES, one, 0.1);
    return set_latency(report, result, noise, middle, point->share > 0 ? 0.02 * (1 + point->share) : 0.01);
}

static int add_echo(struct report *report, struct noise *noise)
{
    static const struct {
        int64_t connections, depth, size;
        double rate, cpu;
        bool sweep, judged;
    } closed[] = {
        { 1, 1, 64, 24e3, 11800, true, true },     { 10, 1, 64, 118e3, 6900, true, false },
        { 50, 1, 64, 152e3, 5400, true, true },    { 200, 1, 64, 149e3, 5500, true, false },
        { 1000, 1, 64, 139e3, 5900, true, true },  { 5000, 1, 64, 121e3, 6800, true, false },
        { 50, 16, 64, 1.34e6, 610, false, true },  { 50, 16, 1024, 0.61e6, 1300, false, false },
        { 50, 1, 4096, 97e3, 8300, false, false },
    };
    static const double shares[] = { 0.25, 0.5, 0.75 };
    int error = 0;

    for (size_t i = 0; i < sizeof closed / sizeof *closed && !error; i++) {
        struct point point = { .variant = "closed",
                               .connections = closed[i].connections,
                               .depth = closed[i].depth,
                               .size = closed[i].size,
                               .sweep = closed[i].sweep,
                               .judged = closed[i].judged };
        snprintf(point.name, sizeof point.name, "%d connection%s, depth %d, %d B", (int)point.connections,
                 point.connections == 1 ? "" : "s", (int)point.depth, (int)point.size);
        error = add_served(report, noise, &sample_echo, &point, closed[i].rate, closed[i].cpu);
    }
    for (size_t i = 0; i < 3 && !error; i++) {
        struct point point = {
            .variant = "open", .connections = 50, .depth = 1, .size = 64, .share = shares[i], .judged = i == 1
        };
        snprintf(point.name, sizeof point.name, "50 connections, open loop at %d %%", (int)(100 * shares[i]));
        error = add_served(report, noise, &sample_echo, &point, 152e3, 6200 + 900 / shares[i]);
    }
    return error;
}

static int add_connections(struct report *report, struct noise *noise)
{
    static const double memory[SAMPLE_CONTENDERS] = { 96, 208, 208, 720, 512, 288 };
    struct point point = { .name = "16 at once", .connections = 16, .judged = true };
    struct result *result;

    if (add_served(report, noise, &sample_scenarios[CHURN], &point, 31e3, 24e3))
        return -ENOMEM;
    point = (struct point){ .name = "15,000 connections", .connections = 15000, .judged = true };
    if (sample_add(report, &sample_scenarios[IDLE], &point, &result))
        return -ENOMEM;
    set(report, result, noise, FIGURE_MEMORY, memory, 0.002);
    return 0;
}

static int add_fairness(struct report *report, struct noise *noise)
{
    struct point point = { .name = "100 polite, 1 greedy", .connections = 101, .judged = true };
    double middle[SAMPLE_CONTENDERS];
    struct result *result;

    if (sample_add(report, &sample_scenarios[FAIRNESS], &point, &result))
        return -ENOMEM;
    scaled(middle, 140e3, cost);
    return set_latency(report, result, noise, middle, 0.03);
}

static int add_timers(struct report *report, struct noise *noise)
{
    static const double timers[3][SAMPLE_CONTENDERS] = { { 0, 31, 31, 118, 74, 52 },
                                                         { 0, 14, 14, 86, 65, 41 },
                                                         { 0, 42, 42, 171, 140, 96 } };
    struct point point = { .name = "1,000,000 timers", .count = 1000000, .judged = true };
    struct result *result;

    if (sample_add(report, &sample_scenarios[TIMERS], &point, &result))
        return -ENOMEM;
    exclude(result, SAMPLE_BARE, "has no timers");
    for (int i = 0; i < 3; i++)
        set(report, result, noise, (enum figure)(FIGURE_START + i), timers[i], 0.02);
    return 0;
}

static int add_moved(struct report *report, struct noise *noise, const struct scenario *scenario,
                     const struct point *point, double bytes, double cpu)
{
    double means[SAMPLE_CONTENDERS];
    struct result *result;

    if (sample_add(report, scenario, point, &result))
        return -ENOMEM;
    for (size_t k = SAMPLE_LIBEVENT; k < report->contender_count; k++)
        exclude(result, k, "serves lines alone");
    scaled(means, bytes, speed);
    set(report, result, noise, FIGURE_BYTES, means, 0.015);
    scaled(means, cpu, cost);
    set(report, result, noise, FIGURE_CPU, means, 0.012);
    return 0;
}

static int add_bytes(struct report *report, struct noise *noise, bool terminators)
{
    static const int terminator[] = { 1, 2, 4, 64 }, size[] = { 16, 64, 1024, 65536 };
    static const char *const variants[] = { "file", "producer" };
    struct point point;
    int error = 0;

    for (size_t i = 0; !terminators && i < 4 && !error; i++) {
        point = (struct point){ .variant = variants[i / 2], .connections = i % 2 ? 16 : 1, .judged = true };
        snprintf(point.name, sizeof point.name, "%s, %d connection%s", point.variant, (int)point.connections,
                 i % 2 ? "s" : "");
        error = add_moved(report, noise, &sample_scenarios[BULK], &point, i < 2 ? 4.1e9 : 2.3e9,
                          i < 2 ? 61e3 : 210e3);
    }
    for (size_t i = 0; terminators && i < 16 && !error; i++) {
        int bytes = size[i % 4], length = terminator[i / 4];
        point = (struct point){
            .variant = "line", .size = bytes + length, .terminator = length, .sweep = true, .judged = i == 5
        };
        snprintf(point.name, sizeof point.name, "terminator %d B, lines of %d B", length, bytes);
        error = add_moved(report, noise, &sample_scenarios[TERMINATOR], &point,
                          3.6e9 / (1 + 40.0 / bytes) / (1 + 0.05 * length / 4), 310 * (1 + 40.0 / bytes));
    }
    if (terminators && !error) {
        point = (struct point){ .name = "worst case", .variant = "worst", .terminator = 64, .judged = true };
        error = add_moved(report, noise, &sample_scenarios[TERMINATOR], &point, 0.4e9, 2600);
    }
    return error;
}

static int add_dispatch(struct report *report, struct noise *noise)
{
    static const int64_t sizes[] = { 100, 500, 1000, 2000, 5000, 9000 }, actives[] = { 1, 10, 100, 0 };
    static const double own[SAMPLE_CONTENDERS] = { 640, 668, 690, 905, 842, 655 };

    for (size_t a = 0; a < 4; a++)
        for (size_t n = 0; n < 6; n++) {
            int64_t active = actives[a] ? actives[a] : sizes[n];
            struct point point = { .descriptors = sizes[n],
                                   .active = active,
                                   .writes = 1000,
                                   .sweep = true,
                                   .judged = (n == 5 && active == 100) || (n == 0 && active == 1) };
            double means[SAMPLE_CONTENDERS];
            struct result *result;

            if (a == 3 && sizes[n] == 100)
                continue; /* A = 100 has it */
            snprintf(point.name, sizeof point.name, "N = %d, A = %d", (int)sizes[n], (int)active);
            if (sample_add(report, &sample_scenarios[DISPATCH], &point, &result))
                return -ENOMEM;
            for (int k = 0; k < SAMPLE_CONTENDERS; k++)
                means[k] = own[k] + 420.0 / (double)active + (double)sizes[n] * 0.004;
            means[SAMPLE_POLL] += 11.0 * (double)sizes[n] / (double)active;
            set(report, result, noise, FIGURE_EVENT, means, 0.015);
        }
    return 0;
}

/* -- The whole ------------------------------------------------------------------------------ */

void sample_empty(struct report *report)
{
    *report = (struct report){
        .machine = { .system = "Linux 6.1.0 x86_64",
                     .processor = "Example <R> \"One\" & Only CPU @ 3.00GHz",
                     .processors = 2,
                     .server_cpu = 0,
                     .load_cpu = 1,
                     .memory = 4096ull << 20,
                     .governor = "performance",
                     .virtual_machine = true,
                     .load_average = 0.07,
                     .stolen = 0.002,
                     .others = NAN,
                     .descriptors = 20000,
                     .backlog = 4096,
                     .build = "0.1.0, gcc 12.2.0, -O2, Release",
                     .date = "2024-05-05T12:00:00Z" },
        .subject = SAMPLE_EPOLL,
        .rounds = 10,
        .seconds = 0.5,
        .took = 512.3,
        .command = "confab bench --html report.html",
    };
}

int sample_report(struct report *report, size_t contenders, int rounds)
{
    struct noise noise = { .state = 20 };

    sample_empty(report);
    report->contender_count = contenders < SAMPLE_CONTENDERS ? contenders : SAMPLE_CONTENDERS;
    memcpy(report->contenders, sample_contenders, report->contender_count * sizeof *sample_contenders);
    report->rounds = rounds;
    snprintf(report->warnings[report->warning_count++], BENCH_WHY,
             "echo, 1 connection: the load generator, not the server, was the limit of bare & epoll");
    snprintf(report->warnings[report->warning_count++], BENCH_WHY,
             "this is a virtual machine: <others> may share its processors");
    int error = add_echo(report, &noise);
    error = error ? error : add_connections(report, &noise);
    error = error ? error : add_bytes(report, &noise, false);
    error = error ? error : add_bytes(report, &noise, true);
    error = error ? error : add_fairness(report, &noise);
    error = error ? error : add_timers(report, &noise);
    error = error ? error : add_dispatch(report, &noise);
    error = error ? error : report_estimate(report);
    return error ? error : report_judge(report);
}
