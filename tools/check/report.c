/* report.c: what was found, for people and for programs. */
#include "tools/check/object.h"
#include "tools/check/watch.h"
#include "tools/json.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *severity_name(const struct finding *finding)
{
    return finding->severity == CHECK_FAILURE ? "failure" : "warning";
}

static uint64_t runs_of(const struct measures *measures)
{
    uint64_t runs = 0;

    for (int kind = 0; kind < KINDS; kind++)
        runs += measures->run[kind];
    return runs;
}

static uint64_t all_runs(const struct board *board)
{
    uint64_t runs = 0;

    for (unsigned i = 0; i < board->sessions; i++)
        runs += runs_of(&board->measures[i]);
    return runs;
}

static unsigned count(const struct board *board, enum severity severity)
{
    unsigned n = 0;

    for (unsigned i = 0; i < board->findings; i++)
        n += board->finding[i].severity == severity;
    return n;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* -- What was not looked at ------------------------------------------------------------- */

enum { NOTE = 256, NOTES_MAX = 8 };

struct notes {
    char text[NOTES_MAX][NOTE];
    size_t count;
};

static void add_note(struct notes *notes, const char *format, ...) CONFAB_PRINTF(2, 3);
static void add_note(struct notes *notes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(notes->text[notes->count++], NOTE, format, arguments);
    va_end(arguments);
}

/* Cases behind the last one that a child came to. */
static uint64_t given_up(const struct request *request, const struct board *board)
{
    return !request->only && board->done + 1 < board->total ? board->total - board->done - 1 : 0;
}

static void find_notes(const struct request *request, const struct board *board, struct notes *notes)
{
    static const struct {
        bool (*looks)(void);
        const char *at;
    } views[] = {
        { object_reads, "the plugin's file: its symbols, segments, relocations and static data" },
        { watch_replaces_calls,
          "what the plugin calls: its memory, allocations of its own that fail, calls that "
          "wait or end the process, what it connects to and listens for" },
        { watch_counts_waits, "whether hooks waited by other means than functions that are known to wait" },
    };

    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (!views[i].looks())
            add_note(notes, "not looked at on this system: %s", views[i].at);
    if (board->sessions == 1)
        add_note(notes,
                 "there are no sessions: what the plugin answers was not looked at (see confab-session(5))");
    if (given_up(request, board))
        add_note(notes, "%" PRIu64 " cases were not run: the plugin has ended too many processes",
                 given_up(request, board));
    if (board->findings == FINDINGS_MAX)
        add_note(notes, "there may be more failures: only so many are told");
}

/* -- For people ------------------------------------------------------------------------- */

static void print_session(const struct request *request, const struct board *board, unsigned session)
{
    const struct measures *measures = &board->measures[session];
    bool well = measures->known;
    const char *between = "";

    if (!request_wants(request, session))
        return;
    if (board->total == 0 && (measures->known || !measures->tried)) {
        printf("note  %s: not tried: the plugin has ended the process too often before\n", measures->name);
        return;
    }
    if (!measures->known) {
        printf("FAIL  %s: not played through as it is written: nothing else was tried\n", measures->name);
        return;
    }

    for (int kind = 0; kind < KINDS; kind++)
        well = well && !measures->failed[kind];
    printf("%-6s%s: %" PRIu64 " run%s: ", well ? "ok" : "FAIL", measures->name, runs_of(measures),
           plural(runs_of(measures)));
    for (int kind = 0; kind < KINDS; kind++) {
        if (!measures->count[kind])
            continue;
        printf("%s%s %" PRIu64 "%s%s", between, kind_name((enum kind)kind), measures->run[kind],
               measures->sampled[kind] ? " (sampled)" : "", measures->failed[kind] ? " (failed)" : "");
        between = ", ";
    }
    putchar('\n');
}

static void print_row(const char *label, const char *text)
{
    if (*text)
        printf("      %-11s%s\n", label, text);
}

/* Indented; the lines of a session file. */
static void print_lines(const char *label, const char *text)
{
    if (!*text)
        return;
    printf("      %s\n", label);
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        printf("          %.*s\n", (int)len, text);
    }
}

/* What a failure of this kind mostly comes from. */
static const char *hint(const struct board *board, const struct finding *finding)
{
    static const char *const hints[KINDS] = {
        [KIND_AGAIN] = "something is left from one service to the next: static data?",
        [KIND_ONE_CUT] =
            "a network may cut what is sent anywhere: a message may come in any number of pieces",
        [KIND_TWO_CUTS] =
            "a network may cut what is sent anywhere: a message may come in any number of pieces",
        [KIND_EACH_BYTE] =
            "a network may cut what is sent anywhere: a message may come in any number of pieces",
        [KIND_RANDOM_CUTS] =
            "a network may cut what is sent anywhere: a message may come in any number of pieces",
        [KIND_SHORT_WRITES] = "what is read may come in any pieces, what is pushed may leave in any",
        [KIND_SLOW_READER] = "what is pushed may wait for long: does it live until it has left?",
        [KIND_LATE_WORK] = "a job may end late, other chats go on meanwhile, and its own may be gone",
        [KIND_INTERLEAVED] =
            "what belongs to one connection belongs into its session, not into the service's state",
        [KIND_EOF] = "what is not whole is not to be answered; if it is, write the end and the answer into "
                     "the session",
        [KIND_RESET] = "a connection may be reset at any time",
        [KIND_ALLOCATION] = "any allocation may fail: malloc, and functions that return -ENOMEM or NULL",
        [KIND_GROWTH] =
            "what a session or a message leaves behind adds up; where it has a bound, check with a lower one",
    };
    unsigned session;
    enum kind kind;
    uint64_t seed, number;

    if (schedule_read(finding->seed, &seed, &session, &kind, &number) < 0)
        return NULL;
    if (kind == KIND_SOLO && finding->expected[0] && session < board->sessions &&
        board->measures[session].known)
        return "it held the first time: is something left from one service to the next (static data), or "
               "does it differ from run to run (mask it)?";
    return hints[kind];
}

static void print_finding(const struct request *request, const struct board *board,
                          const struct finding *finding)
{
    printf("%-6s", finding->severity == CHECK_FAILURE ? "FAIL" : "warn");
    if (finding->session[0])
        printf("%s", finding->session);
    if (finding->session[0] && finding->line)
        printf(", line %u", finding->line);
    printf("%s%s\n", finding->session[0] ? ": " : "", finding->what);
    print_row("in", finding->hook);
    print_row("expected", finding->expected);
    print_row("got", finding->got);
    if (hint(board, finding))
        print_row("hint", hint(board, finding));
    if (finding->seed[0])
        printf("      %-11sconfab check --seed %s %s\n", "again", finding->seed, request->again);
    print_lines("shortest reproducer found, a session:", finding->reproducer);
}

static void report_text(const struct request *request, const struct board *board, int64_t took)
{
    uint64_t runs = all_runs(board);
    unsigned failures = count(board, CHECK_FAILURE), warnings = count(board, CHECK_WARNING);
    struct notes notes = { .count = 0 };

    printf("%s%s%s: %s\n", board->plugin[0] ? board->plugin : "plugin", board->version[0] ? " " : "",
           board->version, request->plugin);
    for (unsigned i = 0; i < board->sessions; i++)
        print_session(request, board, i);
    for (unsigned i = 0; i < board->findings; i++)
        print_finding(request, board, &board->finding[i]);
    find_notes(request, board, &notes);
    for (size_t i = 0; i < notes.count; i++)
        printf("note  %s\n", notes.text[i]);
    printf("%" PRIu64 " run%s in %" PRId64 ".%" PRId64 " s: %u failure%s, %u warning%s\n", runs, plural(runs),
           took / CONFAB_SECOND, took / (CONFAB_SECOND / 10) % 10, failures, plural(failures), warnings,
           plural(warnings));
}

/* -- For programs ------------------------------------------------------------------------ */

static void json_kinds(struct json *json, const struct measures *measures)
{
    json_open(json, "kinds", '[');
    for (int kind = 0; kind < KINDS; kind++) {
        if (!measures->count[kind])
            continue;
        json_open(json, NULL, '{');
        json_string(json, "kind", kind_name((enum kind)kind));
        json_integer(json, "cases", (int64_t)measures->count[kind]);
        json_integer(json, "run", (int64_t)measures->run[kind]);
        json_boolean(json, "sampled", measures->sampled[kind]);
        json_boolean(json, "failed", measures->failed[kind]);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_text(struct json *json, const char *key, const char *text)
{
    json_string(json, key, *text ? text : NULL);
}

static void json_finding(struct json *json, const struct finding *finding)
{
    json_open(json, NULL, '{');
    json_string(json, "severity", severity_name(finding));
    json_string(json, "what", finding->what);
    json_text(json, "session", finding->session);
    json_integer(json, "line", finding->line);
    json_text(json, "hook", finding->hook);
    json_text(json, "expected", finding->expected);
    json_text(json, "got", finding->got);
    json_text(json, "seed", finding->seed);
    json_text(json, "reproducer", finding->reproducer);
    json_close(json, '}');
}

static void report_json(const struct request *request, const struct board *board, int64_t took)
{
    struct json json = { .out = stdout };
    struct notes notes = { .count = 0 };

    json_open(&json, NULL, '{');
    json_text(&json, "plugin", board->plugin);
    json_text(&json, "version", board->version);
    json_string(&json, "file", request->plugin);
    json_integer(&json, "seed", (int64_t)request->seed);
    json_integer(&json, "runs", (int64_t)all_runs(board));
    json_integer(&json, "milliseconds", took / CONFAB_MILLISECOND);
    json_integer(&json, "failures", count(board, CHECK_FAILURE));
    json_integer(&json, "warnings", count(board, CHECK_WARNING));
    json_open(&json, "sessions", '[');
    for (unsigned i = 0; i < board->sessions; i++) {
        json_open(&json, NULL, '{');
        json_string(&json, "name", board->measures[i].name);
        json_integer(&json, "bytes", (int64_t)board->measures[i].bytes);
        json_kinds(&json, &board->measures[i]);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_open(&json, "findings", '[');
    for (unsigned i = 0; i < board->findings; i++)
        json_finding(&json, &board->finding[i]);
    json_close(&json, ']');
    find_notes(request, board, &notes);
    json_open(&json, "notes", '[');
    for (size_t i = 0; i < notes.count; i++)
        json_string(&json, NULL, notes.text[i]);
    json_close(&json, ']');
    json_close(&json, '}');
}

void report(const struct request *request, const struct board *board, int64_t took)
{
    if (request->json)
        report_json(request, board, took);
    else
        report_text(request, board, took);
}
