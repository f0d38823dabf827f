/* fake_usage.h: a usage_read() in the place of the system's: the load and its server have used as much processor time as a test
 * says. */
#ifndef CONFAB_TESTS_FAKE_USAGE_H
#define CONFAB_TESTS_FAKE_USAGE_H

#include "tools/bench/launch.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

/* To be set before the load is started. */
static struct {
    bool load, server;
} fake_usage_full;

int usage_read(pid_t pid, struct usage *usage)
{
    bool full = pid == getpid() ? fake_usage_full.load : fake_usage_full.server;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    /* Far more than passes: a share of a processor is 1 at the most, whenever it is read. */
    double cpu = full ? 1000 * ((double)now.tv_sec * 1e9 + (double)now.tv_nsec) : 0;
    *usage = (struct usage){ .cpu = cpu, .user = NAN, .system = NAN, .switches = NAN, .memory = NAN };
    return 0;
}

#endif
