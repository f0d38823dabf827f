/* timers.c: timers that are started, stopped, and expire, and how long that takes. */
#include "tools/bench/timers.h"
#include "tools/bench/worker.h"
#include "tools/command.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_LEAST = 2, COUNT_MAX = 10000000 };

/* Of a timer, and of all together at the least. */
static const int64_t begin_each = 1000, begin_least = 100000000, range_each = 500, range_least = 10000000;

/* Deadlines of a timer that is not to expire. */
static const int64_t far = INT64_C(3600) * 1000000000;

struct plan {
    int64_t *after;
    uint32_t *order;
};

static int64_t at_least(int64_t ns, int64_t least)
{
    return ns > least ? ns : least;
}

/* Deadlines that lie evenly in a range from `begin` on. */
static void draw(const struct plan *plan, int64_t count, int64_t begin)
{
    const int64_t range = at_least(count * range_each, range_least);
    uint64_t seed = 1;

    for (int64_t i = 0; i < count; i++) {
        plan->after[i] = begin + (int64_t)(worker_random(&seed) % (uint64_t)range);
        plan->order[i] = (uint32_t)i;
    }
}

static void shuffle(const struct plan *plan, int64_t count)
{
    uint64_t seed = 2;

    for (int64_t i = count - 1; i > 0; i--) {
        int64_t k = (int64_t)(worker_random(&seed) % (uint64_t)(i + 1));
        uint32_t other = plan->order[k];
        plan->order[k] = plan->order[i];
        plan->order[i] = other;
    }
}

/* What it took, in ns, or -errno. */
static int64_t phase(struct timers *timers, const struct timers_loop *loop, void (*work)(struct timers *))
{
    int64_t began = worker_clock();
    int error = loop->inside(timers, work);

    if (error || timers->error)
        return error ? error : timers->error;
    return worker_clock() - began;
}

struct figures {
    int64_t start, stop, expire; /* ns in all, or -errno */
    int64_t expired;
};

static int measure(struct timers *timers, const struct timers_loop *loop, const struct plan *plan,
                   struct figures *figures)
{
    int error;

    draw(plan, timers->count, far);
    timers->stops = timers->count;
    figures->start = phase(timers, loop, loop->start);
    figures->stop = figures->start < 0 ? figures->start : phase(timers, loop, loop->stop);
    if (figures->stop < 0)
        return (int)figures->stop;

    draw(plan, timers->count, at_least(timers->count * begin_each, begin_least));
    shuffle(plan, timers->count);
    timers->stops = timers->count / 2;
    figures->start = phase(timers, loop, loop->start);
    figures->stop = figures->start < 0 ? figures->start : phase(timers, loop, loop->stop);
    if (figures->stop < 0)
        return (int)figures->stop;
    figures->expired = timers->fired;
    figures->expire = worker_clock();
    error = loop->run(timers);
    figures->expire = worker_clock() - figures->expire;
    figures->expired = timers->fired - figures->expired;
    return error;
}

static int report(const struct timers *timers, const struct timers_loop *loop, const struct figures *figures)
{
    /* On a machine that was too busy some came before they were to be stopped. */
    if (timers->fired < timers->count - timers->stops || timers->fired > timers->count)
        return failure(loop->command, "timers: %lld were to expire, %lld have",
                       (long long)(timers->count - timers->stops), (long long)timers->fired);
    if (figures->expired == 0)
        return failure(loop->command, "timers: all had expired before the loop was run: too busy a machine");
    printf("start_ns %.2f\nstop_ns %.2f\nexpire_ns %.2f\n", (double)figures->start / (double)timers->count,
           (double)figures->stop / (double)timers->stops, (double)figures->expire / (double)figures->expired);
    return output_done(loop->command);
}

static int run(struct timers *timers, const struct timers_loop *loop)
{
    const size_t count = (size_t)timers->count;
    struct plan plan = { .after = malloc(count * sizeof *plan.after),
                         .order = malloc(count * sizeof *plan.order) };
    struct figures figures = { .expired = 0 };
    int error = -ENOMEM;

    timers->after = plan.after;
    timers->stopped = plan.order;
    if (plan.after && plan.order) {
        error = loop->open(timers);
        if (!error)
            error = measure(timers, loop, &plan, &figures);
        loop->close(timers);
    }
    free(plan.order);
    free(plan.after);
    if (error)
        return failure(loop->command, "timers%s%s: %s", timers->backend ? " of " : "",
                       timers->backend ? timers->backend : "", strerror(-error));
    return report(timers, loop, &figures);
}

int timers_main(const struct timers_loop *loop, const char *backend, int argc, char **argv)
{
    struct timers timers = { .backend = backend };

    if (argc != 1 || !worker_number(argv[0], COUNT_MAX, &timers.count) || timers.count < COUNT_LEAST)
        return usage_error(loop->command, "timers: expected COUNT, a number from %d to %d", COUNT_LEAST,
                           COUNT_MAX);
    return run(&timers, loop);
}
