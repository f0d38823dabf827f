/* pin_linux.c: processors, by sched_setaffinity(2). */
#include "tools/bench/launch.h"
#include "tools/bench/pin.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* As the kernel writes a list: "0,4" or "0-1,8". */
static bool siblings(int a, int b)
{
    char path[96], list[256], *at = list;
    bool found = false;

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", a);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(list, sizeof list, file))
        list[0] = '\0';
    fclose(file);
    while (*at >= '0' && *at <= '9' && !found) {
        long low = strtol(at, &at, 10), high = *at == '-' ? strtol(at + 1, &at, 10) : low;
        found = low <= b && b <= high;
        at += *at == ',';
    }
    return found;
}

/* A list of sets is a larger set. */
enum { SETS = PIN_CPUS / CPU_SETSIZE };

void pin_choose(int *server_cpu, int *load_cpu)
{
    int cpus[PIN_CPUS];
    size_t count = 0;
    cpu_set_t set[SETS];

    if (sched_getaffinity(0, sizeof set, set) == 0)
        for (int i = 0; i < PIN_CPUS; i++)
            if (CPU_ISSET_S((size_t)i, sizeof set, set))
                cpus[count++] = i;
    pin_choose_of(cpus, count, siblings, server_cpu, load_cpu);
}

int pin_self(int cpu)
{
    cpu_set_t set[SETS];

    if (cpu < 0)
        return 0;
    if (cpu >= PIN_CPUS)
        return -EINVAL;
    CPU_ZERO_S(sizeof set, set);
    CPU_SET_S((size_t)cpu, sizeof set, set);
    return sched_setaffinity(0, sizeof set, set) < 0 ? -errno : 0;
}
