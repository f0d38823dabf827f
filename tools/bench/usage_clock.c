/* usage_clock.c: what a process has used, where the system has a clock for its processor time and no more that we know. */
#include "tools/bench/launch.h"
#include <errno.h>
#include <math.h>
#include <time.h>

int usage_read(pid_t pid, struct usage *usage)
{
    struct timespec time;
    clockid_t clock;

    *usage = (struct usage){ .cpu = NAN, .user = NAN, .system = NAN, .switches = NAN, .memory = NAN };
    int error = clock_getcpuclockid(pid, &clock);
    if (error)
        return -error;
    if (clock_gettime(clock, &time) < 0)
        return -errno;
    usage->cpu = (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
    return 0;
}
