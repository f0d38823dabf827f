/* usage_linux.c: what a process has used: its clock, and /proc. */
#include "tools/bench/launch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 4096 };

/* Reads what of a file fits; false: it cannot be read. */
static bool read_text(const char *path, char text[TEXT])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;

    if (fd < 0)
        return false;
    while ((n = read(fd, text + len, TEXT - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return n == 0 && len > 0;
}

/* The number behind a line's name; NAN: none. */
static double number_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uint64_t value;

    if (!at || sscanf(at + strlen(name), "%" SCNu64, &value) != 1)
        return NAN;
    return (double)value;
}

/* Its own clock is exact; the times in /proc are, in all, but in ticks of 10 ms. */
static int read_clock(pid_t pid, struct usage *usage)
{
    struct timespec time;
    clockid_t clock;

    int error = clock_getcpuclockid(pid, &clock);
    if (error)
        return -error;
    if (clock_gettime(clock, &time) < 0)
        return -errno;
    usage->cpu = (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
    return 0;
}

/* Fields 14 and 15; the name in the second may have blanks and brackets in it. */
static void read_sides(pid_t pid, struct usage *usage)
{
    char path[64], text[TEXT];
    uint64_t user, system;
    double tick = 1e9 / (double)sysconf(_SC_CLK_TCK);

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const char *behind = read_text(path, text) ? strrchr(text, ')') : NULL;
    if (!behind || sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                          &user, &system) != 2)
        return;
    usage->user = (double)user * tick;
    usage->system = (double)system * tick;
}

/* Over all threads: in /proc/PID/status are those of the first alone. */
static void read_switches(pid_t pid, struct usage *usage)
{
    char path[sizeof "/proc//task//status" + 64], text[TEXT];
    double sum = 0;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)pid, entry->d_name);
        if (read_text(path, text)) /* else it has ended meanwhile */
            sum += number_of(text, "\nvoluntary_ctxt_switches:") +
                   number_of(text, "\nnonvoluntary_ctxt_switches:");
    }
    closedir(folder);
    usage->switches = sum;
}

/* What smaps_rollup has is counted when it is read; the sum in status may lack what each processor has yet to add to it, some
 * hundreds of pages. */
static void read_memory(pid_t pid, struct usage *usage)
{
    char path[64], text[TEXT];

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if (read_text(path, text))
        usage->memory = number_of(text, "\nAnonymous:") * 1024;
    if (!isnan(usage->memory))
        return;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (read_text(path, text))
        usage->memory = number_of(text, "\nRssAnon:") * 1024;
}

int usage_read(pid_t pid, struct usage *usage)
{
    *usage = (struct usage){ .cpu = NAN, .user = NAN, .system = NAN, .switches = NAN, .memory = NAN };
    int error = read_clock(pid, usage);
    if (error)
        return error;
    read_sides(pid, usage);
    read_switches(pid, usage);
    read_memory(pid, usage);
    return 0;
}
