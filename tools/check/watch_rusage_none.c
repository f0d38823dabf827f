/* watch_rusage_none.c: a clock alone does not tell whether a thread has waited or somebody else has run. */
#include "tools/check/watch.h"

struct watch_usage watch_usage(void)
{
    return (struct watch_usage){ .waits = 0 };
}

bool watch_counts_waits(void)
{
    return false;
}

int64_t watch_delayed(void)
{
    return 0;
}
