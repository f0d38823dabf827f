/* trial.c: one run in a process of its own, which may crash: the plugin is loaded in us, and nothing of it has run. */
#include "tools/check/check.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 90, FAILED = 91 };

/* Its status as of waitpid(2); false: it took too long, and was ended. */
static bool wait_for(pid_t pid, int64_t limit, int *status)
{
    int64_t began = watch_clock();
    bool ended = true;

    while (waitpid(pid, status, WNOHANG) == 0) {
        if (ended && watch_clock() - began > limit) {
            kill(pid, SIGKILL);
            ended = false;
        }
        poll(NULL, 0, 1);
    }
    return ended;
}

int trial(struct checker *checker, const struct schedule *schedule, int64_t limit, struct finding *finding)
{
    struct board *board = checker->board;
    int status = 0;
    pid_t pid;

    board->crash.what[0] = '\0';
    board->line = 0;
    memset(finding, 0, sizeof *finding);
    fflush(NULL);
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        bool held = play(checker, schedule, finding);
        board->crash = *finding;
        _exit(held ? PASSED : FAILED);
    }
    bool ended = wait_for(pid, limit, &status);
    *finding = board->crash;
    board->crash.what[0] = '\0';
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == PASSED)
        return 0;
    if (!finding->what[0])
        snprintf(finding->what, sizeof finding->what, "%s", ended ? "the process ended" : "blocks");
    return 1;
}
