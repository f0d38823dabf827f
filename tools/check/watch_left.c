/* watch_left.c: descriptors, threads and processes that are there after a run, and were not before it. */
#include "tools/check/watch.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 256, /* that are looked at: the system gives the lowest number that is free */
    ENDING_MS = 200,   /* a thread that was joined may still be on its way out */
    PATH_ROOM = 512
};

/* One call tells of all: what is not open is told as POLLNVAL. */
static void find_open(uint64_t open[DESCRIPTORS / 64])
{
    struct pollfd fds[DESCRIPTORS];

    memset(open, 0, DESCRIPTORS / 8);
    for (int i = 0; i < DESCRIPTORS; i++)
        fds[i] = (struct pollfd){ .fd = i };
    if (poll(fds, DESCRIPTORS, 0) < 0)
        return;
    for (int i = 0; i < DESCRIPTORS; i++)
        if (!(fds[i].revents & POLLNVAL))
            open[i / 64] |= UINT64_C(1) << (i % 64);
}

/* A link for each, and two more; 0: this system does not tell. */
static int count_threads(void)
{
    struct stat st;

    return stat("/proc/self/task", &st) == 0 && st.st_nlink > 2 ? (int)st.st_nlink - 2 : 0;
}

/* Whether there is a process that this one has started and not waited for. */
static bool has_children(pid_t *ended)
{
    siginfo_t info = { .si_pid = 0 };
    bool any = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;

    *ended = info.si_pid;
    return any;
}

void left_begin(struct watch *watch)
{
    pid_t ended;

    watch->has_children = has_children(&ended);
    watch->forks = 0;
    find_open(watch->descriptors);
    watch->threads = count_threads();
}

static const char *kind_of(mode_t mode)
{
    if (S_ISSOCK(mode))
        return "a socket";
    if (S_ISFIFO(mode))
        return "a pipe";
    return S_ISDIR(mode) ? "a folder" : "a file";
}

static void complain_of(struct watch *watch, int fd, int more)
{
    char link[32], path[PATH_ROOM], others[32] = "";
    struct stat st = { 0 };

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) {
        fstat(fd, &st);
        n = snprintf(path, sizeof path, "%s", kind_of(st.st_mode));
    }
    path[n] = '\0';
    if (more)
        snprintf(others, sizeof others, ", and %d more", more);
    watch_complain(watch, "a descriptor is left open: %d, to %s%s", fd, path, others);
}

static void check_descriptors(struct watch *watch)
{
    uint64_t open[DESCRIPTORS / 64];
    int first = -1, more = 0;

    find_open(open);
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (!((open[i / 64] & ~watch->descriptors[i / 64]) >> (i % 64) & 1))
            continue;
        if (first < 0)
            first = i;
        else
            more++;
    }
    if (first >= 0)
        complain_of(watch, first, more);
}

static void check_threads(struct watch *watch)
{
    const struct timespec moment = { .tv_nsec = 1000000 };
    int left = count_threads() - watch->threads;

    for (int i = 0; left > 0 && i < ENDING_MS; i++) {
        nanosleep(&moment, NULL);
        left = count_threads() - watch->threads;
    }
    if (left > 0)
        watch_complain(watch, left == 1 ? "a thread is left" : "%d threads are left", left);
}

static void check_children(struct watch *watch)
{
    pid_t ended;

    if (watch->has_children || !has_children(&ended))
        return;
    if (ended)
        watch_complain(watch,
                       "a process that it has started is left: it has ended, and nobody has waited for it "
                       "(waitpid)");
    else
        watch_complain(watch, "a process that it has started is left: it runs on");
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

void left_end(struct watch *watch)
{
    check_descriptors(watch);
    if (watch->threads)
        check_threads(watch);
    check_children(watch);
}
