/* bench_wheel.c: what the wheel's operations cost with a million timers. */
#include "core/wheel.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIMERS = 1000000 };

static const int64_t spread = INT64_C(300) * 1000000000; /* deadlines lie in five minutes */

static int64_t clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* xorshift64*; the same numbers in each run. */
static int64_t random_deadline(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (int64_t)((*state * UINT64_C(0x2545f4914f6cdd1d)) % (uint64_t)spread);
}

static void report(const char *what, int64_t began)
{
    printf("%-8s %6.1f ns\n", what, (double)(clock_now() - began) / TIMERS);
}

int main(void)
{
    struct wheel *wheel = malloc(sizeof *wheel);
    struct wheel_node *node = calloc(TIMERS, sizeof *node);
    int64_t *deadline = malloc(TIMERS * sizeof *deadline);
    uint64_t seed = 1;
    int64_t began;
    int taken = 0, result = EXIT_FAILURE;

    if (!wheel || !node || !deadline)
        goto out;
    wheel_init(wheel, 0);
    for (int i = 0; i < TIMERS; i++)
        deadline[i] = random_deadline(&seed);

    began = clock_now();
    for (int i = 0; i < TIMERS; i++)
        wheel_start(wheel, &node[i], deadline[i]);
    report("start", began);

    began = clock_now();
    for (int i = 0; i < TIMERS; i++) {
        wheel_stop(wheel, &node[i]);
        wheel_start(wheel, &node[i], deadline[TIMERS - 1 - i]);
    }
    report("restart", began);

    began = clock_now();
    for (int i = 0; i < TIMERS; i++)
        wheel_stop(wheel, &node[i]);
    report("stop", began);

    for (int i = 0; i < TIMERS; i++)
        wheel_start(wheel, &node[i], deadline[i]);
    began = clock_now();
    while (wheel_next(wheel) != INT64_MAX) {
        wheel_expire(wheel, wheel_next(wheel));
        while (wheel_take(wheel))
            taken++;
    }
    report("expire", began);

    /* As a loop that is never idle calls it: a turn each microsecond, a timer far away. */
    wheel_start(wheel, &node[0], INT64_MAX);
    began = clock_now();
    for (int64_t i = 0; i < TIMERS; i++) {
        wheel_expire(wheel, spread + i * 1000);
        if (wheel_next(wheel) == INT64_MIN)
            taken++;
    }
    report("nothing", began);
    result = taken == TIMERS ? EXIT_SUCCESS : EXIT_FAILURE;
out:
    free(deadline);
    free(node);
    free(wheel);
    return result;
}
