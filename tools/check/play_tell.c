/* play_tell.c: what did not hold, in words: what it was, what the run was like, what was expected and what came. */
#include "tools/check/play.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN = 120,  /* bytes of a text, around where it differs */
    BEFORE = 40,  /* of them, before that */
    AROUND = 12,  /* bytes beside a cut */
    CUTS_TOLD = 4 /* of those that there are */
};

const char *told_size(uint64_t bytes, char text[32])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)bytes), at = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

/* Appends, as far as there is room. */
static void add(char *to, size_t room, const char *format, ...) CONFAB_PRINTF(3, 4);
static void add(char *to, size_t room, const char *format, ...)
{
    size_t len = strlen(to);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(to + len, room - len, format, arguments);
    va_end(arguments);
}

static void add_quoted(char *to, size_t room, const char *bytes, size_t n)
{
    struct bytes quoted = { 0 };

    if (bytes_quote(&quoted, n > 0 ? bytes : "", n) == 0)
        add(to, room, "%s", quoted.at);
    bytes_free(&quoted);
}

/* The text around `at`, quoted. */
static void add_window(char *to, size_t room, const char *bytes, size_t len, size_t at)
{
    size_t first = at > SHOWN - BEFORE ? at - BEFORE : 0, n = len - first;

    if (n > SHOWN)
        n = SHOWN;
    if (first > 0)
        add(to, room, "from byte %zu on: ", first);
    add_quoted(to, room, bytes + first, n);
    if (first + n < len)
        add(to, room, " and %zu bytes more", len - first - n);
}

/* -- What it was ------------------------------------------------------------------------- */

static void note(struct run *run, const char *hook)
{
    struct finding *finding = run->finding;

    run->failed = true;
    finding->severity = CHECK_FAILURE;
    finding->line = run->line;
    snprintf(finding->hook, sizeof finding->hook, "%s", hook ? hook : "");
}

void run_fail(struct run *run, const char *format, ...)
{
    va_list arguments;

    run_look(run);
    if (run->failed)
        return;
    va_start(arguments, format);
    vsnprintf(run->finding->what, sizeof run->finding->what, format, arguments);
    va_end(arguments);
    note(run, watch_last_hook(run->checker->watch));
}

void run_look(struct run *run)
{
    const struct watch *watch = run->checker->watch;
    const char *complaint = run->failed ? NULL : watch_complaint(watch);

    if (!complaint)
        return;
    snprintf(run->finding->what, sizeof run->finding->what, "%s", complaint);
    note(run, watch_complaint_hook(watch));
}

void run_no_memory(struct run *run)
{
    run->broken = true;
    run_fail(run, "the checker is out of memory");
}

const char *run_who(const struct run *run, size_t connection, char name[64])
{
    const struct session *session = run->session;

    if (connection < session->connection_count && session->connections[connection].name[0])
        snprintf(name, 64, "%s", session->connections[connection].name);
    else if (connection < session->connection_count && session->connections[connection].server)
        snprintf(name, 64, "the server");
    else
        snprintf(name, 64, "the client");
    return name;
}

/* Where what came leaves the text; its length where it does not. */
static size_t differs_at(const struct bytes *wanted, const char *came, size_t len)
{
    size_t at = 0;

    while (at < wanted->len && at < len && wanted->at[at] == came[at])
        at++;
    return at;
}

static const char *mismatch(const struct far *far, size_t len, bool stops)
{
    if (far->reset && (stops || len == 0))
        return "the connection is reset";
    if (len == 0)
        return far->ended ? "the connection ends without a reply" : "no reply comes";
    if (!stops)
        return "the reply differs";
    return far->ended ? "the connection ends before the whole reply has come" : "the reply stops short";
}

/* Each of them, as the session says it. */
static void tell_steps(struct run *run, size_t player, const struct session_step *const *steps, size_t count)
{
    struct finding *finding = run->finding;

    for (size_t i = 0; i < count; i++) {
        struct bytes told = { 0 };
        if (session_tell(steps[i], &run->players[player].variables, &told) == 0 && told.at)
            add(finding->expected, sizeof finding->expected, "%s%s", i ? " and " : "", told.at);
        bytes_free(&told);
    }
}

void run_fail_match(struct run *run, size_t player, const struct session_step *const *steps, size_t count,
                    bool prefix)
{
    const struct far *far = &run->players[player].fars[steps[0]->connection];
    bool exact = count == 1 && steps[0]->kind == STEP_EXPECT;
    struct finding *finding = run->finding;
    struct bytes wanted = { 0 };
    const char *came = far_waits(far) ? far->came.at + far->seen : "";
    size_t len = far_waits(far), at = 0;

    run_look(run);
    if (run->failed)
        return;
    run->line = steps[0]->line;
    exact = exact && play_expand(run, player, steps[0], &wanted) == 0;
    if (exact)
        at = differs_at(&wanted, came, len);
    if (prefix)
        run_fail(run, "the reply is no beginning of what was to come");
    else
        run_fail(run, "%s", mismatch(far, len, exact && at == len && at < wanted.len));
    if (exact)
        add_window(finding->expected, sizeof finding->expected, wanted.at ? wanted.at : "", wanted.len, at);
    else
        tell_steps(run, player, steps, count);
    add_window(finding->got, sizeof finding->got, came, len, at);
    bytes_free(&wanted);
}

/* -- What the run was like ------------------------------------------------------------------ */

/* " (between "hello\r" and "\n")" */
static void add_around(const struct run *run, char *to, size_t room, size_t at)
{
    const struct bytes *said = &run->said;
    size_t before = at < AROUND ? at : AROUND, after = at < said->len ? said->len - at : 0;

    if (at > said->len || at == 0)
        return;
    after = after < AROUND ? after : AROUND;
    add(to, room, after > 0 ? " (between " : " (behind ");
    add_quoted(to, room, said->at + at - before, before);
    if (after > 0) {
        add(to, room, " and ");
        add_quoted(to, room, said->at + at, after);
    }
    add(to, room, ")");
}

static void add_cuts(const struct run *run, char *to, size_t room)
{
    const struct schedule *schedule = run->schedule;

    if (schedule->cut_count == 1) {
        add(to, room, " when what is sent is cut after byte %zu", schedule->cuts[0]);
        add_around(run, to, room, schedule->cuts[0]);
        return;
    }
    add(to, room, " when what is sent comes in %zu pieces, cut after the bytes", schedule->cut_count + 1);
    for (size_t i = 0; i < schedule->cut_count && i < CUTS_TOLD; i++)
        add(to, room, "%s %zu", i ? "," : "", schedule->cuts[i]);
    if (schedule->cut_count > CUTS_TOLD)
        add(to, room, " and so on");
}

static void add_broken_off(const struct run *run, char *to, size_t room, const char *what)
{
    bool stops = run->schedule->kind == KIND_STOP;
    char who[64];

    add(to, room, " when %s %s after byte %zu",
        stops ? "the service" : run_who(run, run->broken_connection, who), what, run->schedule->ends_at);
    add_around(run, to, room, run->schedule->ends_at);
}

/* Of those kinds of which there is nothing else to tell. */
static const char *const likeness[KINDS] = {
    [KIND_AGAIN] = " when the session is played a second time, with the plugin stopped and started between",
    [KIND_EACH_BYTE] = " when each byte comes alone",
    [KIND_SHORT_WRITES] = " when reads give and writes take a part only",
    [KIND_INTERRUPTED] = " when calls are interrupted, and what is ready comes in another order",
    [KIND_LATE_WORK] = " when jobs of confab_work take their time",
    [KIND_RANDOM_BYTES] = " when random bytes are sent",
    [KIND_NO_TERMINATOR] = " when a message has no end",
    [KIND_NEVER_READS] = " when the far end never reads",
    [KIND_GROWTH] = " when the session is played again and again",
};

static void add_numbers(const struct run *run, char *to, size_t room)
{
    const struct schedule *schedule = run->schedule;

    if (schedule->kind == KIND_SLOW_READER)
        add(to, room, " when the far end reads %zu bytes at a time", schedule->mouthful);
    else if (schedule->kind == KIND_INTERLEAVED)
        add(to, room, " when %u copies of the session run side by side", schedule->copies);
    else if (schedule->fail_at)
        add(to, room, " when allocation %llu fails", (unsigned long long)schedule->fail_at);
    else if (schedule->kind == KIND_ALLOCATION)
        add(to, room, " when allocations have failed in runs before");
}

void run_tell(struct run *run)
{
    const struct schedule *schedule = run->schedule;
    char *to = run->finding->what;
    size_t room = sizeof run->finding->what;

    if (likeness[schedule->kind] && !run->told)
        add(to, room, "%s", likeness[schedule->kind]);
    else if (schedule->cut_count > 0)
        add_cuts(run, to, room);
    else if (schedule->kind == KIND_EOF)
        add_broken_off(run, to, room, "ends its side");
    else if (schedule->kind == KIND_RESET)
        add_broken_off(run, to, room, "resets the connection");
    else if (schedule->kind == KIND_STOP)
        add_broken_off(run, to, room, run_stops_at_once(run) ? "stops at once" : "stops");
    else if (schedule->kind == KIND_TIME_OUT)
        add_broken_off(run, to, room, "falls silent");
    else
        add_numbers(run, to, room);
}
