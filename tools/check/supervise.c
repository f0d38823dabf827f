/* supervise.c: the parent.  It runs nothing of the plugin: children do, and it tells what became of each. */
#include "tools/check/check.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    DEATHS_MAX = 8,      /* children that the plugin ends, until it is enough */
    LOOK = 100,          /* milliseconds between two looks at a child */
    LOOK_LATE = 1000,    /* milliseconds after which we did not run ourselves */
    CASE_SECONDS = 60,   /* of real time that a case may take without a hook that blocks */
    SHRINK_SECONDS = 20, /* that the search for one reproducer may take */
    SAID = 16384         /* bytes kept of what a child writes on standard error */
};

struct child {
    const char *scratch; /* where it is to make its folders: it may end before it has removed them */
    const struct request *request;
    struct board *board;
    struct progress *progress;
    pid_t pid;
    int output; /* its standard error */
    size_t said_len;
    char said[SAID + 1];
    int status;           /* as of waitpid(2) */
    bool killed;          /* by us: it did not come to an end */
    int64_t limit;        /* all that it may take; 0: as long as it moves */
    struct finding *what; /* of shrinking: what is shrunk; NULL: it runs cases */
    uint64_t from;
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * CONFAB_SECOND + time.tv_nsec;
}

/* -- One child -------------------------------------------------------------------- */

/* Its end of things.  What the plugin prints is not ours: it goes nowhere, but what it says as it crashes. */
static _Noreturn void be_child(struct child *child, int output)
{
    int status = CHILD_STUCK;

    if (setenv("TMPDIR", child->scratch, 1) == 0 && freopen("/dev/null", "r", stdin) &&
        freopen("/dev/null", "w", stdout) && dup2(output, STDERR_FILENO) >= 0) {
        close(output);
        status = child->what ? shrink(child->request, child->board, child->what)
                             : child_run(child->request, child->board, child->from);
    }
    _exit(status);
}

static int start(struct child *child)
{
    int ends[2], error;

    if (pipe(ends) < 0)
        return -errno;
    fflush(NULL);
    child->pid = fork();
    error = child->pid < 0 ? -errno : 0;
    if (child->pid == 0) {
        close(ends[0]);
        be_child(child, ends[1]);
    }
    close(ends[1]);
    child->output = ends[0];
    if (error)
        close(ends[0]);
    return error;
}

/* Reads what it says: keeps the beginning.  false: it has ended. */
static bool listen_to(struct child *child)
{
    char rest[4096];
    size_t room = SAID - child->said_len;
    struct pollfd ready = { .fd = child->output, .events = POLLIN };

    if (poll(&ready, 1, LOOK) <= 0)
        return true;
    ssize_t n = read(child->output, room ? child->said + child->said_len : rest, room ? room : sizeof rest);
    if (n > 0 && room)
        child->said_len += (size_t)n;
    return n > 0 || (n < 0 && errno == EINTR);
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

static void wait_for(struct child *child)
{
    int64_t began = now(), last = began;
    struct pulse pulse = { .moved = began };

    while (listen_to(child)) {
        int64_t at = now();

        if (at - last >
            LOOK_LATE * CONFAB_MILLISECOND) { /* both were stopped, perhaps: that was not its time */
            began += at - last;
            pulse.moved += at - last;
        }
        last = at;
        progress_show(child->progress, child->board);
        child->killed =
            child->killed || stands_still(child, &pulse, at) || (child->limit && at - began > child->limit);
        if (child->killed)
            kill(child->pid, SIGKILL);
    }
    close(child->output);
    child->said[child->said_len] = '\0';
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        continue;
}

/* -- What became of it --------------------------------------------------------------- */

/* The line in what it said that a sanitizer wrote; NULL: none. */
static const char *sanitizer_line(struct child *child)
{
    static const char *const marks[] = { "ERROR: ", "runtime error: ", "WARNING: ThreadSanitizer" };

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char *line = strstr(child->said, marks[i]);
        if (!line)
            continue;
        while (line > child->said && line[-1] != '\n')
            line--;
        line[strcspn(line, "\n")] = '\0';
        return line;
    }
    return NULL;
}

static void copy(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%.*s", (int)room - 1, from);
}

/* How it ended, where it does not tell itself. */
static void tell_end(struct child *child, struct finding *finding)
{
    const char *said = sanitizer_line(child);
    int status = child->status;
    char *what = finding->what;
    size_t room = sizeof finding->what;
    const char *hook = child->board->hook;

    if (said)
        copy(what, room, said);
    else if (child->killed && child->board->in_hook)
        snprintf(
            what, room,
            "blocks: %s has not returned for %d s; a hook must never wait (confab_work does it in a thread)",
            hook ? hook : "a hook", (int)(child->request->hook_timeout / CONFAB_SECOND));
    else if (child->killed)
        snprintf(what, room, "does not come to rest: one run took more than %d s", CASE_SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(what, room, "the process was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(what, room, "the process ended with exit status %d: a plugin must not end its host",
                 WEXITSTATUS(status));
}

/* The session that the child was at; -ENOENT: none. */
static int session_at(const struct board *board, enum kind *kind)
{
    unsigned session;
    uint64_t seed, number;

    if (schedule_read(board->seed, &seed, &session, kind, &number) < 0 || session >= board->sessions)
        return -ENOENT;
    return (int)session;
}

static void note_death(struct child *child)
{
    struct board *board = child->board;
    struct finding finding = { .severity = CHECK_FAILURE };

    if (board->crash.what[0] && !child->killed)
        finding = board->crash;
    else
        tell_end(child, &finding);
    const char *hook = board->hook;
    if (!finding.hook[0] && hook)
        copy(finding.hook, sizeof finding.hook, hook);
    copy(finding.seed, sizeof finding.seed, board->seed);
    copy(finding.session, sizeof finding.session, board->session);
    finding.line = board->line;
    board->crash.what[0] = '\0';
    board->in_hook = false;
    enum kind kind;
    int session = session_at(board, &kind);
    if (session < 0 || request_wants(child->request, (unsigned)session))
        board_note(board, &finding);
}

/* A kind of case that has ended a child in this session is not gone on with. */
static void mark_failed(struct board *board)
{
    enum kind kind;
    int session = session_at(board, &kind);

    if (session >= 0)
        board->measures[session].failed[kind] = true;
}

/* A child that does not get as far as to say what there is to run leaves the session out that it was at, if there was one:
 * whether another child is to try. */
static bool leave_out(struct board *board)
{
    enum kind kind;
    int session = session_at(board, &kind);

    if (session < 0 || board->measures[session].ended)
        return false;
    board->measures[session].known = false;
    return board->measures[session].ended = true;
}

/* A sanitizer may have said something and gone on. */
static void note_complaint(struct child *child)
{
    struct finding finding = { .severity = CHECK_FAILURE };
    const char *said = sanitizer_line(child);

    if (!said)
        return;
    copy(finding.what, sizeof finding.what, said);
    board_note(child->board, &finding);
}

/* -- All of them --------------------------------------------------------------------- */

static bool ended_by_plugin(const struct child *child)
{
    if (child->killed || !WIFEXITED(child->status))
        return true;
    return WEXITSTATUS(child->status) != CHILD_DONE && WEXITSTATUS(child->status) != CHILD_STUCK;
}

/* Runs the cases; tells where the next child is to go on.  -errno, 0: all is done, 1: there are more. */
static int run_cases(const struct child *way, uint64_t *from)
{
    struct child child = *way;
    struct board *board = child.board;

    child.from = *from;
    int error = start(&child);
    if (error)
        return error;
    wait_for(&child);
    if (!ended_by_plugin(&child)) {
        note_complaint(&child);
        return 0;
    }
    note_death(&child);
    if (board->total == 0)
        return leave_out(board);
    mark_failed(board);
    *from = board->done + 1;
    return *from < board->total;
}

/* Looks for the shortest session that shows a failure. */
static void shrink_one(const struct child *way, struct finding *finding)
{
    struct child child = *way;

    child.what = finding;
    child.limit = SHRINK_SECONDS * CONFAB_SECOND;
    if (start(&child) == 0)
        wait_for(&child);
    child.board->crash.what[0] = '\0';
    child.board->in_hook = false;
}

int supervise(const struct request *request, struct board *board)
{
    struct progress progress = { 0 };
    char scratch[SCRATCH_PATH];
    const struct child way = {
        .scratch = scratch, .request = request, .board = board, .progress = &progress
    };
    uint64_t from = 0;
    int more = 1, error = scratch_make(scratch);

    if (error)
        return error;
    for (int deaths = 0; more > 0 && deaths < DEATHS_MAX; deaths++)
        more = run_cases(&way, &from);
    for (unsigned i = 0; more >= 0 && i < board->findings; i++)
        if (board->finding[i].severity == CHECK_FAILURE && board->finding[i].seed[0])
            shrink_one(&way, &board->finding[i]);
    progress_end(&progress);
    scratch_remove(scratch);
    return more < 0 ? more : 0;
}
