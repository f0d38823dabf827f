/* child.c: what a child does: loads the plugin, reads its sessions, runs the cases. */
#include "tools/check/check.h"
#include "tools/printable.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERROR_TEXT = 1024 };

/* The log of the service says nothing here: thousands of runs would. */
static void no_log(void *data, const struct confab_log_line *line)
{
    (void)data;
    (void)line;
}

static bool stuck(struct board *board, const char *session, const char *what)
{
    struct finding finding = { .severity = CHECK_FAILURE };

    snprintf(finding.what, sizeof finding.what, "%s", what);
    snprintf(finding.session, sizeof finding.session, "%s", session);
    board_note(board, &finding);
    return false;
}

/* -- Sessions ---------------------------------------------------------------------- */

/* A session in which nobody says anything, of the same service as the first one. */
static struct session *silence(const struct session *first)
{
    struct bytes text = { 0 };
    struct session *session = NULL;
    char error[ERROR_TEXT];

    if (!first)
        return session_new("silence");
    if (session_print(first, &text) == 0 &&
        session_parse(&session, "silence", text.at, text.len, error, sizeof error) == 0)
        session->step_count = session->connection_count = 0; /* never freed: the child ends */
    bytes_free(&text);
    return session;
}

static bool add_examples(struct checker *checker, const struct confab_plugin *plugin)
{
    char name[64], error[ERROR_TEXT];
    const char *const *example = plugin->examples;

    for (size_t i = 0; example && example[i]; i++) {
        snprintf(name, sizeof name, "example %zu", i + 1);
        if (checker->session_count == CHECK_SESSIONS_MAX - 1)
            return stuck(checker->board, name, "there are more examples than can be checked");
        if (session_parse(&checker->sessions[checker->session_count], name, example[i], strlen(example[i]),
                          error, sizeof error))
            return stuck(checker->board, "", error);
        checker->session_count++;
    }
    return true;
}

static bool add_sessions(struct checker *checker, const struct confab_plugin *plugin)
{
    const struct request *request = checker->request;
    char error[ERROR_TEXT];

    for (size_t i = 0; i < request->session_count; i++)
        checker->sessions[checker->session_count++] = request->sessions[i];
    if (request->session_count == 0 && !add_examples(checker, plugin))
        return false;
    for (size_t i = 0; i < checker->session_count; i++) {
        const struct session *session = checker->sessions[i];
        if (!session->plugin || !strcmp(session->plugin, plugin->name))
            continue;
        snprintf(error, sizeof error, "%s:%u: it is a session of the plugin \"%s\", and this one is \"%s\"",
                 session->name, session->plugin_line, session->plugin, plugin->name);
        return stuck(checker->board, session->name, error);
    }
    checker->sessions[checker->session_count] = silence(checker->session_count ? checker->sessions[0] : NULL);
    if (!checker->sessions[checker->session_count])
        return stuck(checker->board, "", "out of memory");
    checker->session_count++;
    return true;
}

bool child_open(struct checker *checker, const struct request *request, struct board *board)
{
    char error[ERROR_TEXT];

    *checker = (struct checker){ .request = request, .board = board };
    confab_log_set(no_log, NULL, CONFAB_ERROR);
    checker->sessions = calloc(CHECK_SESSIONS_MAX, sizeof(struct session *));
    if (!checker->sessions)
        return stuck(board, "", "out of memory");
    if (watch_new(&checker->watch, request->plugin, NULL, board, error, sizeof error))
        return stuck(board, "", error);
    const struct confab_plugin *plugin = confab_module_plugin(watch_module(checker->watch));
    snprintf(board->plugin, sizeof board->plugin, "%s", plugin->name);
    snprintf(board->version, sizeof board->version, "%s", plugin->version ? plugin->version : "");
    printable(board->plugin);
    printable(board->version);
    if (!add_sessions(checker, plugin))
        return false;
    board->sessions = (unsigned)checker->session_count;
    for (size_t i = 0; i < checker->session_count; i++)
        snprintf(board->measures[i].name, sizeof board->measures[i].name, "%s", checker->sessions[i]->name);
    return true;
}

/* -- Cases ----------------------------------------------------------------------------- */

/* What has gone wrong in a session is not shown in ten ways more: where it does not hold as it is written nothing is of
 * interest, where what is sent may not be cut a beginning is not. */
static bool is_known(const struct measures *measures, enum kind kind)
{
    bool talks = kind <= KIND_RESET;

    if (measures->failed[KIND_SOLO])
        return true;
    for (int k = 0; talks && k <= KIND_RESET; k++)
        if (measures->failed[k])
            return true;
    return measures->failed[kind];
}

static void run_schedule(struct checker *checker, const struct schedule *schedule)
{
    struct board *board = checker->board;
    struct measures *measures = &board->measures[schedule->session];
    struct finding finding = { .severity = CHECK_FAILURE };

    if (is_known(measures, schedule->kind))
        return;
    schedule_name(schedule, checker->request->seed, board->seed);
    snprintf(board->session, sizeof board->session, "%s", measures->name);
    board->line = 0;
    measures->run[schedule->kind]++;
    if (play(checker, schedule, &finding))
        return;
    measures->failed[schedule->kind] = true;
    memcpy(finding.seed, board->seed, sizeof finding.seed);
    board_note(board, &finding);
}

static void run_case(struct checker *checker, uint64_t number)
{
    struct schedule schedule;

    if (cases_schedule(checker, number, &schedule))
        return;
    run_schedule(checker, &schedule);
    schedule_free(&schedule);
}

/* The one case that was asked for by its name. */
static int run_only(struct checker *checker)
{
    struct schedule schedule;
    unsigned session;
    enum kind kind;
    uint64_t seed, number;

    bool read = schedule_read(checker->request->only, &seed, &session, &kind, &number) == 0 &&
                session < checker->session_count;
    if (read && !checker->board->measures[session].known)
        return CHILD_DONE; /* it fails as it is written, which was noted */
    if (!read || number >= checker->board->measures[session].count[kind] ||
        cases_draw(checker, session, kind, number, &schedule)) {
        stuck(checker->board, "", "there is no such case as --seed names");
        return CHILD_STUCK;
    }
    checker->board->total = 1;
    run_schedule(checker, &schedule);
    schedule_free(&schedule);
    return CHILD_DONE;
}

int child_run(const struct request *request, struct board *board, uint64_t from)
{
    struct checker checker;
    pid_t parent = getppid();
    uint64_t total = 0;

    if (!child_open(&checker, request, board) || cases_measure(&checker))
        return CHILD_STUCK;
    if (request->only)
        return run_only(&checker);
    for (unsigned i = 0; i < board->sessions; i++)
        for (int kind = 0; kind < KINDS; kind++)
            total += board->measures[i].count[kind];
    board->total = total;
    for (board->done = from; board->done < total && getppid() == parent; board->done++)
        run_case(&checker, board->done);
    return CHILD_DONE;
}
