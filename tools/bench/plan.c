/* plan.c: what a run consists of, in which order, and how long it takes. */
#include "tools/bench/run.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Seconds: starting a server and a load and ending them, and connecting once. */
static const double start_cost = 0.05, connect_cost = 100e-6;
/* What a run that counts takes beside: each call stops the server twice. */
static const double counting_cost = 0.05;

struct plan *plans_new(struct bench *bench, const struct scenario *const *chosen)
{
    size_t count = 0;
    while (chosen[count])
        count++;
    struct plan *plans = calloc(count + 1, sizeof *plans);
    if (!plans)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct plan *plan = &plans[i];
        plan->scenario = chosen[i];
        size_t points = chosen[i]->points(bench, plan->points);
        for (size_t k = 0; k < points; k++)
            if (!bench->quick || plan->points[k].quick)
                plan->points[plan->count++] = plan->points[k];
    }
    return plans;
}

const char *plan_excludes(const struct plan *plan, const struct contender *contender,
                          const struct point *point)
{
    unsigned missing = plan->scenario->needs & contender->lacks;
    if (missing & NEEDS_WORKERS)
        return "an older build, without `bench --part`";
    if (missing & NEEDS_PLUGIN)
        return "an older build, without the plugin `bench`";
    return plan->scenario->excludes ? plan->scenario->excludes(contender, point) : NULL;
}

int plan_rounds(const struct point *point, int rounds)
{
    return point->rounds > 0 && point->rounds < rounds ? point->rounds : rounds;
}

bool plan_measures(const struct point *point, int round, int rounds)
{
    int most = plan_rounds(point, rounds);
    return (round + 1) * most / rounds > round * most / rounds;
}

size_t plan_turn(size_t i, size_t count, int time)
{
    size_t place = time % 2 ? count - 1 - i : i;
    return (place + (size_t)time / 2) % count;
}

bool plan_counts(const struct plan *plan)
{
    for (const enum figure *figure = plan->scenario->figures; *figure != FIGURES; figure++)
        if (*figure == FIGURE_CALLS)
            return true;
    return false;
}

/* -- How long it takes -------------------------------------------------------------- */

double plan_cost(const struct bench *bench, const struct plan *plan, const struct point *point)
{
    if (plan->scenario->cost)
        return plan->scenario->cost(bench, point);
    return start_cost + (double)point->connections * connect_cost + bench->seconds;
}

/* One contender in one scenario: a warm-up, rounds, a run that counts. */
static double contender_cost(const struct bench *bench, const struct plan *plan,
                             const struct contender *contender)
{
    bool counts = plan_counts(plan), first = true;
    double cost = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct point *point = &plan->points[i];
        if (plan_excludes(plan, contender, point))
            continue;
        double once = plan_cost(bench, plan, point);
        cost += once * (plan_rounds(point, bench->rounds) + first);
        if (counts)
            cost += once + counting_cost;
        first = false;
    }
    return cost;
}

double plans_cost(const struct bench *bench, const struct plan *plans, const struct contender *contenders,
                  size_t count)
{
    double cost = 0;
    for (const struct plan *plan = plans; plan->scenario; plan++)
        for (size_t i = 0; i < count; i++)
            cost += contender_cost(bench, plan, &contenders[i]);
    return cost;
}

double run_estimate(struct bench *bench, const struct scenario *const *chosen, const struct report *report)
{
    struct plan *plans = plans_new(bench, chosen);
    if (!plans)
        return NAN;
    double cost = plans_cost(bench, plans, report->contenders, report->contender_count);
    free(plans);
    return cost;
}

/* -- Rounds and seconds --------------------------------------------------------------- */

/* What one contender may take of a report, and what there may be of rounds and seconds. */
struct budget {
    double each;            /* seconds */
    int rounds, few_rounds; /* as one would like them, and at the least */
    double most, least;     /* seconds of a measurement */
};
static const struct budget whole = { 170, 10, 8, 0.5, 0.1 }, quick = { 15, 5, 5, 0.2, 0.05 };

/* The contender that takes longest. */
static double longest(const struct bench *bench, const struct plan *plans, const struct report *report)
{
    double most = 0;
    for (size_t i = 0; i < report->contender_count; i++)
        most = fmax(most, plans_cost(bench, plans, &report->contenders[i], 1));
    return most;
}

int run_choose(struct bench *bench, const struct scenario *const *chosen, const struct report *report)
{
    const struct budget *budget = bench->quick ? &quick : &whole;
    const bool any_rounds = bench->rounds == 0, any_seconds = bench->seconds <= 0;
    struct plan *plans = plans_new(bench, chosen);
    if (!plans)
        return -ENOMEM;
    if (any_rounds)
        bench->rounds = budget->rounds;
    if (any_seconds)
        bench->seconds = budget->most;
    while (longest(bench, plans, report) > budget->each) {
        /* Shorter measurements first, to half of what one would like: they cost less of what can be seen. */
        if (any_seconds && bench->seconds * 0.9 >= budget->most / 2)
            bench->seconds *= 0.9;
        else if (any_rounds && bench->rounds > budget->few_rounds)
            bench->rounds--;
        else if (any_seconds && bench->seconds * 0.9 >= budget->least)
            bench->seconds *= 0.9;
        else
            break;
    }
    if (any_seconds)
        bench->seconds = floor(bench->seconds * 100) / 100;
    free(plans);
    return 0;
}
