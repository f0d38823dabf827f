/* load_measure.c: a server is started, has its load, and is ended. */
#include "tools/bench/load.h"
#include <stdio.h>

static const double warm_share = 0.2, warm_least = 0.05,
                    warm_most = 0.5;    /* of the time that counts; seconds */
static const double counted_most = 0.2; /* seconds: calls a message do not depend on how many there are */
static const double processes = 0.04, connecting = 0.0001; /* seconds: to start and end them; a connection */

static double seconds_of(const struct bench *bench)
{
    return bench->counting && bench->seconds > counted_most ? counted_most : bench->seconds;
}

static double warm_of(double seconds)
{
    double warm = warm_share * seconds;

    if (warm < warm_least)
        return warm_least;
    return warm > warm_most ? warm_most : warm;
}

double load_cost(const struct bench *bench, const struct point *point)
{
    double seconds = seconds_of(bench);

    return seconds + warm_of(seconds) + processes + connecting * (double)point->connections;
}

void load_measure(struct bench *bench, const struct contender *contender, const struct point *point,
                  const char *what, const char *const *words, const struct load *load, struct sample *sample)
{
    struct server server;
    struct load whole = *load;
    char where[BENCH_WHY];

    snprintf(where, sizeof where, "%s, %s", contender->name, point->name);
    whole.where = where;
    if (whole.seconds <= 0)
        whole.seconds = seconds_of(bench);
    if (whole.warm <= 0)
        whole.warm = warm_of(whole.seconds);
    if (!server_start(bench, contender, what, words, &server, sample))
        return;
    load_run(bench, &server, &whole, sample);
    server_stop(&server, sample);
}
