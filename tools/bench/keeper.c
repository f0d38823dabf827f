/* keeper.c: the keeper, and the program until it is that. */
#include "tools/bench/keeper.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINE = STDIN_FILENO, /* the keeper's own descriptors: small, for pselect(2) */
    ERRORS = STDOUT_FILENO,
    CANNOT_RUN = 127,
    READS = 64 /* of what it says at the most, before all else has its turn: more than a pipe holds */
};
#define LOOK       CONFAB_SECOND             /* between two looks at whether the parent is there */
#define LOOK_ASKED (50 * CONFAB_MILLISECOND) /* and at whether it is time for SIGKILL */
#define PATIENCE   (2 * CONFAB_SECOND)       /* from SIGTERM to it */

/* -- The program, until it is that --------------------------------------------------------- */

/* What we do on a signal, or ignore, is not the program's. */
static void reset_signals(void)
{
    static const int ours[] = { SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM };
    sigset_t none;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        signal(ours[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_descriptors(const struct keeper *keeper)
{
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(keeper->output[1], STDOUT_FILENO) < 0 ||
        dup2(keeper->errors[1], STDERR_FILENO) < 0)
        return -errno;
    if (nothing > STDERR_FILENO)
        close(nothing);
    return 0;
}

/* The keeper has had the time that it needs: a byte comes; or it is gone. */
static void wait_for_leave(int go)
{
    char byte;
    ssize_t n;
    do
        n = read(go, &byte, 1);
    while (n < 0 && errno == EINTR);
    close(go);
    if (n != 1)
        _exit(CANNOT_RUN);
}

static _Noreturn void be_program(const struct keeper *keeper, pid_t parent, const int go[2])
{
    const struct keep *keep = keeper->keep;
    setpgid(0, 0);
    die_with(parent);
    reset_signals();
    close(go[1]);
    wait_for_leave(go[0]);
    keeper->kept->pid = getpid();
    pin_self(keep->cpu); /* not allowed to: it runs where it likes */
    if (set_descriptors(keeper) == 0)
        execve(keep->program, (char *const *)(uintptr_t)keep->words, keeper->environment);
    keeper->kept->failed = errno;
    _exit(CANNOT_RUN);
}

/* -- What the keeper looks at ---------------------------------------------------------------- */

/* Reads what is there; keeps the last.  Whether there may be more, later. */
static bool listen_to(struct kept *kept)
{
    char bytes[KEPT_TAIL];
    ssize_t n = 1;
    for (int i = 0; i < READS && (n = read(ERRORS, bytes, sizeof bytes)) > 0; i++) {
        size_t len = (size_t)n, stays = kept->said;
        if (stays > KEPT_TAIL - len)
            stays = KEPT_TAIL - len;
        memmove(kept->tail, kept->tail + kept->said - stays, stays);
        memcpy(kept->tail + stays, bytes, len);
        kept->said = stays + len;
    }
    return n != 0;
}

static void reap(struct kept *kept, pid_t program)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG | calls_wait_flags)) > 0)
        if (!calls_stopped(pid, status, program, &kept->calls) && pid == program) {
            kept->status = status;
            kept->ended = true;
        }
}

static void on_child(int signo)
{
    (void)signo; /* pselect(2) is to be interrupted, no more */
}

/* Waits until something is said, a child has changed, the line is shut, or for a time: whether the line is shut. */
static bool rest(const sigset_t *mask, bool asked, bool speaks)
{
    int64_t ns = asked ? LOOK_ASKED : LOOK;
    struct timespec time = { .tv_sec = (time_t)(ns / CONFAB_SECOND), .tv_nsec = (long)(ns % CONFAB_SECOND) };
    fd_set set;
    FD_ZERO(&set);
    if (speaks)
        FD_SET(ERRORS, &set);
    if (!asked)
        FD_SET(LINE, &set);
    return pselect(ERRORS + 1, &set, NULL, NULL, &time, mask) > 0 && !asked && FD_ISSET(LINE, &set);
}

/* Until the program has ended, and by force where it does not end when it is told to. */
static void watch(const struct keeper *keeper, pid_t program, const sigset_t *mask)
{
    struct kept *kept = keeper->kept;
    int64_t deadline = 0;
    bool speaks = true;
    for (;;) {
        speaks = speaks && listen_to(kept);
        bool shut = rest(mask, kept->asked, speaks), alone = getppid() != keeper->parent;
        reap(kept, program);
        if (kept->ended)
            return;
        if ((shut || alone) && !kept->asked) {
            kept->asked = true;
            deadline = keep_clock() + PATIENCE;
            kill(program, SIGTERM);
        }
        if (alone || (kept->asked && keep_clock() > deadline))
            kill(-program, SIGKILL);
    }
}

/* -- The keeper -------------------------------------------------------------------------------- */

/* Lets the program begin; counts its system calls, where that was asked for and can be done. */
static void let_begin(const struct keeper *keeper, pid_t program, int go)
{
    int error = keeper->keep->counting ? calls_begin(program) : 0;
    keeper->kept->uncounted = -error;
    while (write(go, "", 1) < 0 && errno == EINTR)
        continue;
}

/* What it does not need is closed; what is left of ours is not in its way. */
static void take_descriptors(const struct keeper *keeper)
{
    close(keeper->line[0]);
    close(keeper->output[0]);
    close(keeper->output[1]);
    close(keeper->errors[1]);
    dup2(keeper->line[1], LINE);
    dup2(keeper->errors[0], ERRORS);
    close(keeper->line[1]);
    close(keeper->errors[0]);
}

_Noreturn void keeper_run(struct keeper *keeper)
{
    struct sigaction action = { .sa_handler = on_child };
    pid_t self = getpid(), program = -1;
    sigset_t child, mask;
    int go[2];

    setpgid(0, 0);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &mask);
    sigdelset(&mask, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    if (pipe(go) == 0)
        program = fork();
    if (program == 0)
        be_program(keeper, self, go);
    if (program < 0) {
        keeper->kept->failed = errno;
        _exit(CANNOT_RUN);
    }
    setpgid(program, program);
    close(go[0]);
    let_begin(keeper, program, go[1]);
    close(go[1]);
    take_descriptors(keeper);
    watch(keeper, program, &mask);
    kill(-program, SIGKILL); /* what it has left behind in its group */
    listen_to(keeper->kept);
    _exit(0);
}
