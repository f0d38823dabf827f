/* supervise.c: the parent.  It runs nothing of the plugin: children do, and it tells what became of each. */
#include "tools/check/process.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
    DEATHS_MAX = 8,     /* children that the plugin ends, until it is enough */
    SHRINK_SECONDS = 20 /* that the search for one reproducer may take */
};

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
    return child->killed || !WIFEXITED(child->status) || !child->board->finished;
}

/* Runs the cases; tells where the next child is to go on.  -errno, 0: all is done, 1: there are more. */
static int run_cases(const struct child *way, uint64_t *from)
{
    struct child child = *way;
    struct board *board = child.board;

    child.from = *from;
    int error = process_start(&child);
    if (error)
        return error;
    process_wait(&child);
    if (process_interrupted())
        return 0;
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
    if (process_start(&child) == 0)
        process_wait(&child);
    child.board->crash.what[0] = '\0';
    child.board->in_hook = false;
}

static int run_children(const struct child *way)
{
    struct board *board = way->board;
    uint64_t from = 0;
    int more = 1;

    for (int deaths = 0; more > 0 && deaths < DEATHS_MAX; deaths++)
        more = run_cases(way, &from);
    for (unsigned i = 0; more >= 0 && i < board->findings && !process_interrupted(); i++)
        if (board->finding[i].severity == CHECK_FAILURE && board->finding[i].seed[0])
            shrink_one(way, &board->finding[i]);
    return more < 0 ? more : 0;
}

int supervise(const struct request *request, struct board *board)
{
    struct progress progress = { 0 };
    char scratch[SCRATCH_PATH];
    sigset_t before;
    const struct child way = {
        .scratch = scratch, .mask = &before, .request = request, .board = board, .progress = &progress
    };

    process_put_off_ends(&before);
    int error = scratch_make(scratch);
    if (!error)
        error = run_children(&way);
    progress_end(&progress);
    scratch_remove(scratch);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}
