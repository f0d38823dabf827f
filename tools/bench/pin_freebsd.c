/* pin_freebsd.c: processors, by FreeBSD's cpuset_setaffinity(2). */
#include "tools/bench/launch.h"
#include "tools/bench/pin.h"
#include <errno.h>
#include <sys/cpuset.h>
#include <sys/param.h>

/* Which are of one core is in kern.sched.topology_spec, as XML: neighbours, mostly. */
static bool siblings(int a, int b)
{
    return a / 2 == b / 2;
}

void pin_choose(int *server_cpu, int *load_cpu)
{
    int cpus[CPU_SETSIZE];
    size_t count = 0;
    cpuset_t set;

    if (cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof set, &set) == 0)
        for (int i = 0; i < CPU_SETSIZE; i++)
            if (CPU_ISSET(i, &set))
                cpus[count++] = i;
    pin_choose_of(cpus, count, siblings, server_cpu, load_cpu);
}

int pin_self(int cpu)
{
    cpuset_t set;

    if (cpu < 0)
        return 0;
    if (cpu >= CPU_SETSIZE)
        return -EINVAL;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (cpuset_setaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof set, &set) < 0)
        return -errno;
    return 0;
}
