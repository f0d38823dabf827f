/* play_step.c: the steps of a session, one after the other. */
#include "tools/check/play.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 256 };

int play_expand(struct run *run, size_t player, const struct session_step *step, struct bytes *to)
{
    const char *missing = NULL;
    int error = text_expand(&step->text, &run->players[player].variables, to, &missing);

    if (error == -ENOMEM)
        run_no_memory(run);
    else if (error == -ENOENT && !run->lenient)
        run_fail(run, "${%s} has no value", missing);
    else if (error && !run->lenient)
        run_fail(run, "the text is too long");
    return error;
}

/* -- Connections ---------------------------------------------------------------------------- */

static void open_to(struct run *run, struct far *far, const char *address)
{
    int error = far_open(run, far, address);

    if (error && !run->lenient)
        run_fail(run, "cannot connect to %s: %s", address, strerror(-error));
}

static void step_connect(struct run *run, size_t player, const struct session_step *step)
{
    struct far *far = &run->players[player].fars[step->connection];
    struct bytes address = { 0 };

    if (step->text.count == 0)
        open_to(run, far, PLAY_ADDRESS);
    else if (play_expand(run, player, step, &address) == 0)
        open_to(run, far, address.at ? address.at : "");
    bytes_free(&address);
}

static void step_accept(struct run *run, size_t player, const struct session_step *step)
{
    struct far *far = &run->players[player].fars[step->connection];
    const struct session_pair *server = &run->session->servers[step->server];
    int error = confab_sim_accept(run->servers[step->server].listener, &far->end);

    far->opened = true;
    if (error == -EAGAIN && !run->lenient)
        run_fail(run, "the plugin has not connected to %s", server->name);
    else if (error && !run->lenient)
        run_fail(run, "cannot accept: %s", strerror(-error));
}

bool play_begin_connection(struct run *run, size_t player, const struct session_step *step)
{
    struct far *far = &run->players[player].fars[step->connection];

    if (!far->opened && step->kind != STEP_CONNECT && step->kind != STEP_ACCEPT &&
        !run->session->connections[step->connection].server) {
        open_to(run, far, PLAY_ADDRESS);
        rest(run);
    }
    return !run->failed;
}

/* -- Sending and expecting -------------------------------------------------------------------- */

void play_sends(struct run *run, size_t player, const struct session_step *step)
{
    struct bytes bytes = { 0 };

    if (play_expand(run, player, step, &bytes) == 0) {
        if (run->mangles)
            invariant_mangle(run, &bytes);
        run_send(run, player, step->connection, bytes.at, bytes.len);
        run->sends++;
    }
    bytes_free(&bytes);
}

static void step_expect(struct run *run, size_t player, const struct session_step *step)
{
    struct far *far = &run->players[player].fars[step->connection];
    const char *came = far_waits(far) ? far->came.at + far->seen : "";
    char error[WORDS] = "";
    size_t used = 0;
    int match = session_match(run->session, step, &run->players[player].variables, came, far_waits(far), true,
                              &used, error, sizeof error);

    if (match == MATCH_YES)
        far->seen += used;
    else if (run->lenient)
        return;
    else if (match < 0)
        run_fail(run, "%s", error[0] ? error : strerror(-match));
    else
        run_fail_match(run, player, &step, 1, false);
}

static void unexpected(struct run *run, const struct far *far)
{
    struct bytes quoted = { 0 };
    size_t n = far_waits(far) < 100 ? far_waits(far) : 100;

    run_fail(run, "bytes come that nothing expects");
    snprintf(run->finding->expected, sizeof run->finding->expected, "nothing");
    if (bytes_quote(&quoted, far->came.at + far->seen, n) == 0)
        snprintf(run->finding->got, sizeof run->finding->got, "%s", quoted.at);
    bytes_free(&quoted);
}

static void step_closed(struct run *run, struct far *far)
{
    if (run->lenient)
        return;
    if (far_waits(far)) {
        unexpected(run, far);
    } else if (!far->ended) {
        run_fail(run, "the connection stays open");
        snprintf(run->finding->expected, sizeof run->finding->expected, "its end");
    }
    far->reset = false; /* it may end by that */
}

/* -- Steps --------------------------------------------------------------------------------------- */

static void take(struct run *run, size_t player, const struct session_step *step)
{
    struct far *far = &run->players[player].fars[step->connection];

    switch (step->kind) {
    case STEP_CONNECT:
        step_connect(run, player, step);
        break;
    case STEP_ACCEPT:
        step_accept(run, player, step);
        break;
    case STEP_SEND:
        play_sends(run, player, step);
        break;
    case STEP_EXPECT:
    case STEP_OPTIONAL:
    case STEP_UNTIL:
    case STEP_MATCH:
        step_expect(run, player, step);
        return;
    case STEP_CLOSED:
        step_closed(run, far);
        return;
    case STEP_STALL:
        far->stalled = true;
        return;
    case STEP_GO:
        far->stalled = false;
        break;
    case STEP_EOF:
        far->shut = true;
        break;
    case STEP_RESET:
        if (far->end)
            confab_sim_reset(far->end);
        far->end = NULL;
        if (run->session->recorded)
            far->seen =
                far->came.len; /* what was answered last was lost on its way, and is in no recording */
        break;
    case STEP_WAIT:
        break;
    }
    if (!run->over)
        rest(run);
}

void play_step(struct run *run, size_t player)
{
    struct player *p = &run->players[player];
    const struct session_step *step = &run->session->steps[p->next];

    run->line = step->line;
    run->checker->board->line = step->line;
    if (step->kind != STEP_SEND && !step->group)
        transcript_step(run->checker->board, run->session, step);
    if (step->group) {
        play_group(run, player);
    } else if (step->kind == STEP_WAIT) {
        p->next++;
        pass(run, step->wait);
    } else {
        p->next++;
        if (play_begin_connection(run, player, step))
            take(run, player, step);
    }
    run_look(run);
}

static bool finished(const struct run *run, size_t player)
{
    return run->players[player].next == run->session->step_count;
}

static bool accepts_next(const struct run *run, size_t player)
{
    return !finished(run, player) && run->session->steps[run->players[player].next].kind == STEP_ACCEPT;
}

void play_all(struct run *run)
{
    size_t left = 0;

    for (size_t p = 0; p < run->player_count; p++)
        left += !finished(run, p);
    while (left > 0 && !run->over && !run->failed && !run->restless) {
        size_t p = run->player_count > 1 ? (size_t)dice_throw(&run->dice, run->player_count) : 0;
        while (finished(run, p))
            p = (p + 1) % run->player_count;
        do /* a copy takes the connection that it has caused */
            play_step(run, p);
        while (accepts_next(run, p) && !run->failed && !run->over);
        left -= finished(run, p);
    }
}

/* Of a recording that was cut off, more may come than was written. */
void play_left_over(struct run *run)
{
    for (size_t p = 0; p < run->player_count && !run->failed; p++)
        for (size_t c = 0; c < run->session->connection_count && !run->failed; c++) {
            struct far *far = &run->players[p].fars[c];
            char who[64];
            if (far_waits(far) && !far->stalled && !run->session->truncated)
                unexpected(run, far);
            else if (far->reset)
                run_fail(run, "the connection of %s is reset", run_who(run, c, who));
            else if (far->unsent.len > 0 && !far->stalled)
                run_fail(run, "%zu bytes that %s sent are not read", far->unsent.len, run_who(run, c, who));
        }
}

/* -- A beginning ----------------------------------------------------------------------------------- */

void play_prefix(struct run *run, size_t player, unsigned connection)
{
    const struct session *session = run->session;
    struct player *p = &run->players[player];
    struct far *far = &p->fars[connection];
    const struct session_step *steps[SESSION_GROUP_MAX];
    size_t span;
    char error[WORDS];

    for (size_t at = p->next; at < session->step_count && far_waits(far) && !run->failed; at += span) {
        span = session->steps[at].group ? group_length(session, at) : 1;
        size_t count = group_expects(session, at, span, connection, steps), used = 0;
        if (count == 0)
            continue;
        int match = count == 1
                        ? session_match(session, steps[0], &p->variables, far->came.at + far->seen,
                                        far_waits(far), false, &used, error, sizeof error)
                        : session_match_group(session, steps, count, &p->variables, far->came.at + far->seen,
                                              far_waits(far), false, &used, error, sizeof error);
        if (match == MATCH_NO)
            run_fail_match(run, player, steps, count, true);
        if (match != MATCH_YES)
            return;
        far->seen += used;
    }
    if (far_waits(far) && !run->failed)
        unexpected(run, far);
}
