/* watch_rusage.c: whether a thread has waited, where the system counts that for each. */
#include "tools/check/watch.h"
#include <sys/resource.h>

struct watch_usage watch_usage(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0
               ? (struct watch_usage){ .waits = usage.ru_nvcsw, .pages = usage.ru_majflt }
               : (struct watch_usage){ .waits = 0 };
}

bool watch_counts_waits(void)
{
    return true;
}
