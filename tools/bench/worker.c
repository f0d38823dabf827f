/* worker.c: a command line's numbers, the clock, numbers that are as good as random. */
#include "tools/bench/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

bool worker_number(const char *text, int64_t most, int64_t *number)
{
    char *end;
    long long n;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    n = strtoll(text, &end, 10);
    *number = n;
    return !errno && !*end && n >= 1 && n <= most;
}

int64_t worker_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t worker_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}
