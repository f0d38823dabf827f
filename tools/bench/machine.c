/* machine.c: what this machine is, and whether its figures can be believed. */
#include "tools/bench/machine.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const double BUSY = 0.5;    /* load average for each processor */
static const double STOLEN = 0.01; /* shares of the processors' time */
static const double OTHERS = 0.05;

/* Processor time of ours, and of those children that have ended. */
static double own_time(void)
{
    static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
    double sum = 0;
    for (size_t i = 0; i < sizeof whose / sizeof whose[0]; i++) {
        struct rusage usage;
        if (getrusage(whose[i], &usage) < 0)
            return NAN;
        sum += ((double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec) * 1e9 +
               ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) * 1e3;
    }
    return sum;
}

static void write_date(char *date, size_t room)
{
    time_t now = time(NULL);
    struct tm parts;
    if (!gmtime_r(&now, &parts) || !strftime(date, room, "%Y-%m-%dT%H:%M:%SZ", &parts))
        date[0] = '\0';
}

/* Processors that are online, whoever may use them. */
static double online(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (double)count : 1;
}

void machine_warn(const struct machine *machine, double online, bool boosts, struct bench *bench)
{
    if (machine->load_average > BUSY * online)
        bench_warn(bench,
                   "the machine is busy: its load average was %.2f with %.0f processor%s when this began",
                   machine->load_average, online, online > 1 ? "s" : "");
    if (machine->governor[0] && strcmp(machine->governor, "performance") != 0)
        bench_warn(bench, "the processor's frequency follows its load (governor \"%s\", not \"performance\")",
                   machine->governor);
    if (boosts)
        bench_warn(bench, "the processor's frequency depends on its heat (turbo is on)");
    if (machine->processors == 1)
        bench_warn(bench, "there is one processor, which the server and the load have to share");
}

void machine_begin(struct machine *machine, struct bench *bench)
{
    struct utsname name;
    struct rlimit limit;

    *machine = (struct machine){ .server_cpu = bench->server_cpu, .load_cpu = bench->load_cpu };
    machine->stolen = machine->others = NAN;
    if (uname(&name) >= 0)
        snprintf(machine->system, sizeof machine->system, "%.40s %.60s %.20s", name.sysname, name.release,
                 name.machine);
    machine_system(machine);
    if (getloadavg(&machine->load_average, 1) != 1)
        machine->load_average = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        machine->descriptors = limit.rlim_cur < INT64_MAX ? (int64_t)limit.rlim_cur : INT64_MAX;
    snprintf(machine->build, sizeof machine->build, "%s", machine_build);
    write_date(machine->date, sizeof machine->date);
    machine_warn(machine, online(), machine_boosts(), bench);
    machine_warn_of_build(bench);

    struct machine_times times = machine_times();
    machine->began.all = times.all;
    machine->began.running = times.running;
    machine->began.stolen = times.stolen;
    machine->began.own = own_time();
}

void machine_account(struct machine *machine, const struct machine_times *now, double own,
                     struct bench *bench)
{
    double all = now->all - machine->began.all;
    double others = now->running - machine->began.running - (own - machine->began.own);

    if (!(all > 0))
        return;
    machine->stolen = (now->stolen - machine->began.stolen) / all;
    machine->others = others > 0 ? others / all : 0;
    if (machine->stolen > STOLEN)
        bench_warn(bench, "the machine's host gave %.0f %% of the processors' time to others",
                   machine->stolen * 100);
    if (machine->others > OTHERS)
        bench_warn(bench, "other processes had %.0f %% of the processors' time", machine->others * 100);
}

void machine_end(struct machine *machine, struct bench *bench)
{
    struct machine_times now = machine_times();
    machine_account(machine, &now, own_time(), bench);
}
