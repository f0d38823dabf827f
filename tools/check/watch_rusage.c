/* watch_rusage.c: whether a thread has waited, where the system counts that for each. */
#include "tools/check/watch.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t nanoseconds(struct timeval time)
{
    return time.tv_sec * CONFAB_SECOND + time.tv_usec * 1000;
}

struct watch_usage watch_usage(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_THREAD, &usage) < 0)
        return (struct watch_usage){ .waits = 0 };
    return (struct watch_usage){ .waits = usage.ru_nvcsw,
                                 .pages = usage.ru_majflt,
                                 .ran = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime) };
}

/* Linux: what it ran, what it stood in line, how often it came to run. */
int64_t watch_delayed(void)
{
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    char text[128];
    int64_t delayed = 0;

    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%*s %" SCNd64, &delayed) != 1)
        delayed = 0;
    close(fd);
    return delayed;
}

bool watch_counts_waits(void)
{
    return true;
}
