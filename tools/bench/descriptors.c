/* descriptors.c: as many descriptors as a process may have. */
#include "tools/bench/launch.h"
#include <sys/resource.h>

enum {
    ENOUGH = 1 << 20
}; /* where there is no limit: programs that close or count all that there could be take their time */

int64_t descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    rlim_t now = limit.rlim_cur, goal = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
    /* macOS has a lower limit than it says. */
    for (; goal > now; goal -= (goal - now + 1) / 2) {
        limit.rlim_cur = goal;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return (int64_t)goal;
    }
    return now < INT32_MAX ? (int64_t)now : INT32_MAX;
}
