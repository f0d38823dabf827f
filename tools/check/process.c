/* process.c: a process that the plugin runs in: begun, listened to, ended with all that it has left behind. */
#include "tools/check/process.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK = 100,       /* milliseconds between two looks at a child */
    LOOK_CLOSED = 5,  /* the same for one that has closed its standard error: mostly it ends */
    LOOK_LATE = 1000, /* milliseconds after which we did not run ourselves */
    REST = 64         /* reads of what one has said that has ended */
};

/* What may end us from outside. */
static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
enum { ENDS = sizeof ends / sizeof ends[0] };

/* -- Its beginning ------------------------------------------------------------------ */

static int run_child(struct child *child, int output)
{
    struct finding finding = { .severity = CHECK_FAILURE,
                               .what = "the process for the plugin could not be made ready" };

    if (setenv("TMPDIR", child->scratch, 1) || !freopen("/dev/null", "r", stdin) ||
        !freopen("/dev/null", "w", stdout) || dup2(output, STDERR_FILENO) < 0) {
        board_note(child->board, &finding);
        return CHILD_STUCK;
    }
    close(output);
    return child->what ? shrink(child->request, child->board, child->what)
                       : child_run(child->request, child->board, child->from);
}

/* Its end of things.  What the plugin prints is not ours: it goes nowhere, but what it says as it crashes.  It leads
 * a group of its own: what the plugin sends to its group does not reach us, and processes that it leaves behind
 * are found. */
static _Noreturn void be_child(struct child *child, int output)
{
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, child->mask, NULL);
    int status = run_child(child, output);
    child->board->finished = true;
    _exit(status);
}

int process_start(struct child *child)
{
    int pair[2], error;

    if (pipe(pair) < 0)
        return -errno;
    fflush(NULL);
    child->board->finished = false;
    child->pid = fork();
    error = child->pid < 0 ? -errno : 0;
    if (child->pid == 0) {
        close(pair[0]);
        be_child(child, pair[1]);
    }
    if (!error)
        setpgid(child->pid, child->pid); /* as it does: whoever comes first */
    close(pair[1]);
    child->output = pair[0];
    if (error)
        close(pair[0]);
    return error;
}

/* -- While it runs, and its end -------------------------------------------------------- */

/* Reads what it says, for which it waits so long: keeps the beginning.  false: nothing came. */
static bool listen_to(struct child *child, int timeout)
{
    char rest[4096];
    size_t room = SAID - child->said_len;
    struct pollfd ready = { .fd = child->output, .events = POLLIN };

    if (poll(&ready, 1, timeout) <= 0)
        return false;
    ssize_t n = read(child->output, room ? child->said + child->said_len : rest, room ? room : sizeof rest);
    if (n > 0 && room)
        child->said_len += (size_t)n;
    if (n == 0) {
        close(child->output);
        child->output = -1;
    }
    return n > 0;
}

/* It stays a zombie, so that its number is that of its group. */
static bool has_ended(const struct child *child)
{
    siginfo_t info = { .si_pid = 0 };

    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return errno != EINTR; /* where SIGCHLD is ignored, nothing is left of it */
    return info.si_pid == child->pid;
}

bool process_interrupted(void)
{
    sigset_t pending;

    sigpending(&pending);
    for (size_t i = 0; i < ENDS; i++)
        if (sigismember(&pending, ends[i]) == 1)
            return true;
    return false;
}

/* What moves as long as it goes on. */
struct pulse {
    uint64_t beats, done;
    bool in_hook;
    int64_t moved;
};

static bool stands_still(const struct child *child, struct pulse *pulse, int64_t at)
{
    const struct board *board = child->board;
    bool moved =
        board->beats != pulse->beats || board->done != pulse->done || board->in_hook != pulse->in_hook;
    int64_t most = board->in_hook ? child->request->hook_timeout : CASE_SECONDS * CONFAB_SECOND;

    if (moved)
        *pulse = (struct pulse){ board->beats, board->done, board->in_hook, at };
    return at - pulse->moved > most;
}

/* With all that it has started and that has not left its group. */
static void end_group(const struct child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
}

void process_wait(struct child *child)
{
    int64_t began = watch_clock(), last = began;
    struct pulse pulse = { .moved = began };

    while (!has_ended(child)) {
        listen_to(child, child->output < 0 ? LOOK_CLOSED : LOOK);
        int64_t at = watch_clock();

        if (at - last >
            LOOK_LATE * CONFAB_MILLISECOND) { /* both were stopped, perhaps: that was not its time */
            began += at - last;
            pulse.moved += at - last;
        }
        last = at;
        progress_show(child->progress, child->board);
        child->killed = child->killed || process_interrupted() || stands_still(child, &pulse, at) ||
                        (child->limit && at - began > child->limit);
        if (child->killed)
            end_group(child);
    }
    end_group(child);
    for (int i = 0; i < REST && child->output >= 0 && listen_to(child, 0); i++)
        continue;
    if (child->output >= 0)
        close(child->output);
    child->said[child->said_len] = '\0';
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        continue;
}

/* -- Ours ---------------------------------------------------------------------------- */

/* What was ignored before stays so. */
void process_put_off_ends(sigset_t *before)
{
    struct sigaction action;
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ENDS; i++)
        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, ends[i]);
    sigprocmask(SIG_BLOCK, &set, before);
}
