/* run.c: takes the measurements. */
#include "tools/bench/run.h"
#include "tools/bench/words.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct run {
    struct bench *bench;
    struct report *report;
    struct plan *plans;
    struct progress_line progress;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool stopped(const struct run *run)
{
    return run->bench->stop && *run->bench->stop;
}

/* -- The report's room ---------------------------------------------------------------- */

/* Room for all samples: results do not move, as what went wrong is pointed to inside of them. */
static int make_results(struct run *run)
{
    struct report *report = run->report;
    for (const struct plan *plan = run->plans; plan->scenario; plan++)
        report->result_room += plan->count;
    report->results = calloc(report->result_room + 1, sizeof *report->results);
    if (!report->results)
        return -ENOMEM;
    for (const struct plan *plan = run->plans; plan->scenario; plan++) {
        for (size_t i = 0; i < plan->count; i++) {
            struct result *result = &report->results[report->result_count++];
            result->scenario = plan->scenario;
            result->point = plan->points[i];
            size_t rounds = (size_t)plan_rounds(&result->point, run->bench->rounds);
            for (size_t k = 0; k < report->contender_count; k++) {
                struct series *series = &result->series[k];
                series->excluded = plan_excludes(plan, &report->contenders[k], &result->point);
                series->samples = calloc(rounds, sizeof *series->samples);
                if (!series->samples)
                    return -ENOMEM;
            }
        }
    }
    return 0;
}

/* Of a run that was stopped: what has not one round that is whole is taken away.  It is all at the end. */
static void drop_empty(struct report *report)
{
    while (report->result_count > 0) {
        struct result *last = &report->results[report->result_count - 1];
        for (size_t i = 0; i < report->contender_count; i++)
            if (last->series[i].count > 0)
                return;
        for (size_t i = 0; i < report->contender_count; i++)
            free(last->series[i].samples);
        memset(last, 0, sizeof *last);
        report->result_count--;
    }
}

/* -- One measurement ------------------------------------------------------------------ */

/* false: the run was stopped meanwhile, and the sample is worth nothing; it is cleared then. */
static bool measure(struct run *run, const struct plan *plan, size_t who, const struct point *point,
                    double cost, struct sample *sample)
{
    const struct contender *contender = &run->report->contenders[who];
    char what[BENCH_WHY];

    *sample = (struct sample){ 0 };
    sample_clear(sample);
    if (stopped(run))
        return false;
    snprintf(what, sizeof what, "%s: %s: %s", plan->scenario->name, contender->name, point->name);
    progress_line_show(&run->progress, what);
    double began = now();
    plan->scenario->measure(run->bench, contender, point, sample);
    run->progress.took += now() - began;
    run->progress.done += cost;
    if (!sample->taken && !sample->why[0])
        sample_fail(sample, "nothing was measured");
    if (!stopped(run))
        return true;
    sample_clear(sample);
    return false;
}

static struct result *result_of(struct run *run, const struct plan *plan, size_t point)
{
    size_t before = 0;
    for (const struct plan *each = run->plans; each != plan; each++)
        before += each->count;
    return &run->report->results[before + point];
}

/* -- Before the rounds ------------------------------------------------------------------ */

/* Files, caches, the processor's clock: the first one to run would pay for all of them. */
static bool warm_up(struct run *run, const struct plan *plan)
{
    run->bench->round = -1;
    for (size_t who = 0; who < run->report->contender_count; who++) {
        for (size_t i = 0; i < plan->count; i++) {
            struct sample sample;
            if (result_of(run, plan, i)->series[who].excluded)
                continue;
            double cost = plan_cost(run->bench, plan, &plan->points[i]);
            if (!measure(run, plan, who, &plan->points[i], cost, &sample))
                return false;
            sample_clear(&sample);
            break;
        }
    }
    return true;
}

static void give_up(struct series *series, const char *before, const char *why)
{
    int cut = (int)(sizeof series->failed - strlen(before) - 1);
    snprintf(series->failed, sizeof series->failed, "%s%.*s", before, cut, why);
    series->excluded = series->failed;
}

/* The median of three: `bare`, 50 connections, one message at a time. */
static bool measure_bare(struct run *run, const struct plan *plan, size_t bare, char why[BENCH_WHY])
{
    static const struct point closed = {
        .name = "what bare can do", .variant = "closed", .connections = 50, .depth = 1, .size = 64
    };
    double rate[3];
    for (size_t i = 0; i < 3; i++) {
        struct sample sample;
        if (!measure(run, plan, bare, &closed, 0, &sample))
            return false;
        rate[i] = sample.taken ? sample.figure[FIGURE_RATE] : NAN;
        if (!sample.taken)
            memcpy(why, sample.why, BENCH_WHY);
        sample_clear(&sample);
    }
    double low = fmin(rate[0], rate[1]), high = fmax(rate[0], rate[1]),
           median = fmax(low, fmin(high, rate[2]));
    if (isnan(rate[0] + rate[1] + rate[2]) || median <= 0)
        return true;
    run->bench->bare_rate = median;
    return true;
}

/* Open loops are at shares of what `bare` can do here and now. */
static bool learn_bare_rate(struct run *run, const struct plan *plan)
{
    struct report *report = run->report;
    char why[BENCH_WHY] = "it is not measured";
    bool open = false;
    size_t bare = 0;

    for (size_t i = 0; i < plan->count; i++)
        open = open || plan->points[i].share > 0;
    if (!open || run->bench->bare_rate > 0)
        return true;
    while (bare < report->contender_count && report->contenders[bare].kind != CONTENDER_BARE)
        bare++;
    if (bare < report->contender_count && !measure_bare(run, plan, bare, why))
        return false;
    if (run->bench->bare_rate > 0)
        return true;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t who = 0; who < report->contender_count && plan->points[i].share > 0; who++)
            give_up(&result_of(run, plan, i)->series[who], "what `bare` can do is not known: ", why);
    return true;
}

/* -- The rounds --------------------------------------------------------------------------- */

static void keep(struct series *series, const struct sample *sample)
{
    size_t failures = 0;
    series->samples[series->count++] = *sample;
    for (size_t i = 0; i < series->count; i++)
        failures += !series->samples[i].taken;
    if (!sample->taken && failures >= RUN_FAILURES)
        give_up(series, "", sample->why);
}

/* Each contender once at a point.  What a signal has cut short is taken back: rounds are whole. */
static bool measure_point(struct run *run, const struct plan *plan, size_t i, int time)
{
    struct result *result = result_of(run, plan, i);
    size_t count = run->report->contender_count;
    double cost = plan_cost(run->bench, plan, &result->point);

    for (size_t k = 0; k < count; k++) {
        size_t who = plan_turn(k, count, time);
        struct sample sample;
        if (result->series[who].excluded) {
            if (result->series[who].failed[0])
                run->progress.total -= cost;
            continue;
        }
        if (!measure(run, plan, who, &result->point, cost, &sample))
            goto stopped;
        keep(&result->series[who], &sample);
    }
    return true;
stopped:
    for (size_t who = 0; who < count; who++) {
        struct series *series = &result->series[who];
        if (series->count > (size_t)time)
            sample_clear(&series->samples[--series->count]);
    }
    return false;
}

static bool measure_rounds(struct run *run, const struct plan *plan)
{
    int times[BENCH_POINTS] = { 0 };
    for (int round = 0; round < run->bench->rounds; round++) {
        run->bench->round = round;
        for (size_t i = 0; i < plan->count; i++)
            if (plan_measures(&plan->points[i], round, run->bench->rounds) &&
                !measure_point(run, plan, i, times[i]++))
                return false;
    }
    return true;
}

/* -- Behind them ---------------------------------------------------------------------------- */

/* The count goes into the first round that was measured: there is one of it, not one a round. */
static bool count_calls(struct run *run, const struct plan *plan, size_t i, size_t who)
{
    struct series *series = &result_of(run, plan, i)->series[who];
    struct sample sample;
    size_t first = 0;

    while (first < series->count && !series->samples[first].taken)
        first++;
    if (series->excluded || first == series->count)
        return true;
    double cost = plan_cost(run->bench, plan, &plan->points[i]);
    if (!measure(run, plan, who, &plan->points[i], cost, &sample))
        return false;
    series->samples[first].figure[FIGURE_CALLS] = sample.taken ? sample.figure[FIGURE_CALLS] : NAN;
    if (!sample.taken)
        bench_warn(run->bench, "system calls were not counted: %.200s", sample.why);
    sample_clear(&sample);
    return true;
}

static bool count_all(struct run *run, const struct plan *plan)
{
    bool on = true;
    run->bench->counting = true;
    for (size_t i = 0; i < plan->count && on; i++)
        for (size_t who = 0; who < run->report->contender_count && on; who++)
            on = count_calls(run, plan, i, who);
    run->bench->counting = false;
    return on;
}

/* A round that failed among others that did not: who reads a median is to know. */
static void tell_of_failures(struct run *run, const struct plan *plan, size_t i, size_t who)
{
    struct result *result = result_of(run, plan, i);
    struct series *series = &result->series[who];
    size_t taken = 0;

    for (size_t k = 0; k < series->count; k++)
        taken += series->samples[k].taken;
    if (series->excluded || taken == series->count)
        return;
    if (taken == 0) {
        give_up(series, "", series->samples[0].why);
        return;
    }
    for (size_t k = 0; k < series->count; k++)
        if (!series->samples[k].taken)
            bench_warn(run->bench, "%s: %s: %s: round %zu of %zu failed: %s", plan->scenario->name,
                       run->report->contenders[who].name, result->point.name, k + 1, series->count,
                       series->samples[k].why);
}

/* One line a point: of whom it was.  An open loop has said by itself that its rate was not reached, and why. */
static void tell_of_limit(struct run *run, const struct plan *plan, size_t i)
{
    struct result *result = result_of(run, plan, i);
    char who[BENCH_WHY];

    result_limited(run->report, result, who);
    if (*who && result->point.share <= 0)
        bench_warn(run->bench, "%s, %s: the load generator, not the server, was the limit of %s",
                   plan->scenario->name, result->point.name, who);
}

static int run_plans(struct run *run)
{
    for (const struct plan *plan = run->plans; plan->scenario; plan++) {
        bool on = warm_up(run, plan) && learn_bare_rate(run, plan) && measure_rounds(run, plan) &&
                  (!plan_counts(plan) || count_all(run, plan));
        for (size_t i = 0; i < plan->count; i++) {
            for (size_t who = 0; who < run->report->contender_count; who++)
                tell_of_failures(run, plan, i, who);
            tell_of_limit(run, plan, i);
        }
        if (!on)
            return -EINTR;
    }
    return 0;
}

int run(struct bench *bench, const struct scenario *const *chosen, struct report *report)
{
    struct run run = { .bench = bench, .report = report, .plans = plans_new(bench, chosen) };
    double began = now();
    int error = run.plans ? make_results(&run) : -ENOMEM, stop = 0;

    if (error)
        goto out;
    report->quick = bench->quick;
    report->rounds = bench->rounds;
    report->seconds = bench->seconds;
    run.progress.total = plans_cost(bench, run.plans, report->contenders, report->contender_count);
    machine_begin(&report->machine, bench);
    stop = run_plans(&run);
    progress_line_end(&run.progress);
    machine_end(&report->machine, bench);
    if (stop)
        drop_empty(report);
    report->took = now() - began;
    report->warning_count = bench->warning_count;
    memcpy(report->warnings, bench->warnings, sizeof report->warnings);
    error = report_estimate(report);
    if (!error)
        error = report_judge(report);
out:
    free(run.plans);
    return error ? error : stop;
}
