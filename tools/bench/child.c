/* child.c: a load's process. */
#include "tools/bench/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK = 100 }; /* milliseconds between two looks whether we are to stop */

int64_t child_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * CONFAB_SECOND + now.tv_nsec;
}

void *child_memory(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static bool to_stop(const struct bench *bench)
{
    return bench->stop && *bench->stop;
}

/* Until the other end of the pipe is closed, which is when the process has ended. */
static bool await_end(const struct bench *bench, double seconds, int end)
{
    struct pollfd ready = { .fd = end, .events = POLLIN };
    int64_t until = child_clock() + (int64_t)(seconds * 1e9);

    while (!to_stop(bench) && child_clock() < until)
        if (poll(&ready, 1, LOOK) > 0)
            return true;
    return false;
}

static bool tell_end(const struct bench *bench, bool ended, int status, struct sample *sample)
{
    if (!ended)
        sample_fail(sample, to_stop(bench) ? "stopped" : "the load did not come to its end");
    else if (WIFSIGNALED(status))
        sample_fail(sample, "the load was ended by signal %d", WTERMSIG(status));
    return ended && !WIFSIGNALED(status);
}

bool bench_child_run(struct bench *bench, double seconds, void (*run)(void *data), void *data,
                     struct sample *sample)
{
    pid_t parent = getpid(), pid;
    bool ended = false;
    int ends[2], status = 0;

    fflush(NULL);
    if (pipe(ends) < 0) {
        sample_fail(sample, "the load cannot be started: %s", strerror(errno));
        return false;
    }
    pid = fork();
    if (pid == 0) {
        die_with(parent);
        close(ends[0]);
        signal(SIGINT, SIG_IGN); /* a Ctrl-C is told to us too, and we end it */
        signal(SIGTERM, SIG_DFL);
        signal(SIGPIPE, SIG_IGN);
        pin_self(bench->load_cpu);
        run(data);
        _exit(0);
    }
    if (pid < 0)
        sample_fail(sample, "the load cannot be started: %s", strerror(errno));
    close(ends[1]);
    if (pid > 0) {
        ended = await_end(bench, seconds, ends[0]);
        if (!ended)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        ended = tell_end(bench, ended, status, sample);
    }
    close(ends[0]);
    return ended;
}
