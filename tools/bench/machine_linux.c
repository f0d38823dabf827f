/* machine_linux.c: what /proc and /sys tell of the machine. */
#include "tools/bench/machine.h"
#include "tools/printable.h"
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 8192, CPU_SETS = 8 };
#define CPU0 "/sys/devices/system/cpu/cpu0/"

/* The first line of a file; "" where there is none. */
static void read_line(const char *path, char *line, int room)
{
    FILE *file = fopen(path, "re");
    line[0] = '\0';
    if (!file)
        return;
    if (!fgets(line, room, file))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

/* What stands behind the colon of a line "NAME : VALUE" and fits; "" where there is none. */
static void read_value(const char *path, const char *name, char *value, size_t room)
{
    char line[LINE];
    FILE *file = fopen(path, "re");

    value[0] = '\0';
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        const char *at = strchr(line, ':');
        at = at ? at + 1 + strspn(at + 1, " \t") : "";
        snprintf(value, room, "%.*s", (int)strcspn(at, "\n"), at);
        break;
    }
    fclose(file);
}

static int may_use(void)
{
    cpu_set_t set[CPU_SETS];
    if (sched_getaffinity(0, sizeof set, set) < 0)
        return (int)sysconf(_SC_NPROCESSORS_ONLN);
    return CPU_COUNT_S(sizeof set, set);
}

/* x86 has a flag for it; some hosts tell of themselves. */
static bool is_guest(void)
{
    char flags[LINE], type[32];
    read_value("/proc/cpuinfo", "flags", flags, sizeof flags);
    read_line("/sys/hypervisor/type", type, sizeof type);
    return strstr(flags, " hypervisor") || type[0];
}

void machine_system(struct machine *machine)
{
    char text[64];

    read_value("/proc/cpuinfo", "model name", machine->processor, sizeof machine->processor);
    read_line(CPU0 "cpufreq/scaling_governor", machine->governor, sizeof machine->governor);
    printable(machine->processor);
    printable(machine->governor);
    machine->processors = may_use();
    machine->virtual_machine = is_guest();
    read_value("/proc/meminfo", "MemTotal:", text, sizeof text);
    machine->memory = (uint64_t)strtoull(text, NULL, 10) * 1024;
    read_line("/proc/sys/net/core/somaxconn", text, sizeof text);
    machine->backlog = strtoll(text, NULL, 10);
}

/* "cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...", in ticks. */
struct machine_times machine_times(void)
{
    char line[512];
    uint64_t ticks[8], all = 0;
    double ns = 1e9 / (double)sysconf(_SC_CLK_TCK);

    read_line("/proc/stat", line, sizeof line);
    if (sscanf(line,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) != 8)
        return (struct machine_times){ NAN, NAN, NAN };
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++)
        all += ticks[i];
    return (struct machine_times){ .all = (double)all * ns,
                                   .running = (double)(ticks[0] + ticks[1] + ticks[2]) * ns,
                                   .stolen = (double)ticks[7] * ns };
}

/* Intel's driver has it the other way round. */
bool machine_boosts(void)
{
    char boost[16], no_turbo[16];
    read_line("/sys/devices/system/cpu/cpufreq/boost", boost, sizeof boost);
    read_line("/sys/devices/system/cpu/intel_pstate/no_turbo", no_turbo, sizeof no_turbo);
    return strcmp(boost, "1") == 0 || strcmp(no_turbo, "0") == 0;
}
