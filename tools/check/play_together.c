/* play_together.c: steps between `together` and `end`: what is sent on several connections has no order among
 * these, and what is expected may come in any. */
#include "tools/check/play.h"
#include <stdlib.h>
#include <string.h>

enum { WORDS = 256 };

size_t group_length(const struct session *session, size_t first)
{
    size_t n = 1;

    while (first + n < session->step_count && session->steps[first + n].group == session->steps[first].group)
        n++;
    return n;
}

/* -- Sending ---------------------------------------------------------------------------------- */

static void send_as_written(struct run *run, size_t player, const struct session_step *steps, size_t count)
{
    for (size_t i = 0; i < count && !run->over && !run->failed; i++)
        if (steps[i].kind == STEP_SEND)
            play_sends(run, player, &steps[i]);
}

/* What each connection says in the group. */
static void gather(struct run *run, size_t player, const struct session_step *steps, size_t count,
                   struct bytes *says)
{
    for (size_t i = 0; i < count && !run->failed; i++) {
        struct bytes *bytes = &says[steps[i].connection], more = { 0 };
        if (steps[i].kind != STEP_SEND)
            continue;
        if (play_expand(run, player, &steps[i], &more) == 0) {
            if (run->mangles)
                invariant_mangle(run, &more);
            if (more.len > 0 && bytes_add(bytes, more.at, more.len))
                run_no_memory(run);
            run->sends++;
        }
        bytes_free(&more);
    }
}

/* In pieces of any length, now of one, now of another. */
static void send_mixed(struct run *run, size_t player, const struct session_step *steps, size_t count)
{
    size_t connections = run->session->connection_count, left = 0;
    struct bytes *says = calloc(connections, sizeof *says);
    size_t *at = calloc(connections, sizeof *at);

    if (!says || !at) {
        run_no_memory(run);
        goto done;
    }
    gather(run, player, steps, count, says);
    for (size_t c = 0; c < connections; c++)
        left += says[c].len;
    while (left > 0 && !run->over && !run->failed) {
        size_t c = (size_t)dice_throw(&run->dice, connections);
        while (at[c] == says[c].len)
            c = (c + 1) % connections;
        size_t n = says[c].len - at[c];
        if (dice_throw(&run->dice, 2))
            n = 1 + (size_t)dice_throw(&run->dice, n);
        run_send(run, player, (unsigned)c, says[c].at + at[c], n);
        at[c] += n;
        left -= n;
    }
done:
    for (size_t c = 0; says && c < connections; c++)
        bytes_free(&says[c]);
    free(says);
    free(at);
}

/* -- Expecting ---------------------------------------------------------------------------------- */

static void expect(struct run *run, size_t player, const struct session_step *const *steps, size_t count)
{
    struct far *far = &run->players[player].fars[steps[0]->connection];
    char error[WORDS] = "";
    size_t used = 0;
    int match = session_match_group(run->session, steps, count, &run->players[player].variables,
                                    far_waits(far) ? far->came.at + far->seen : "", far_waits(far), true,
                                    &used, error, sizeof error);

    if (match == MATCH_YES)
        far->seen += used;
    else if (run->lenient)
        return;
    else if (match < 0)
        run_fail(run, "%s", error[0] ? error : strerror(-match));
    else
        run_fail_match(run, player, steps, count, false);
}

size_t group_expects(const struct session *session, size_t first, size_t length, unsigned connection,
                     const struct session_step *steps[SESSION_GROUP_MAX])
{
    size_t count = 0;

    for (size_t i = first; i < first + length && count < SESSION_GROUP_MAX; i++) {
        const struct session_step *step = &session->steps[i];
        if (step->connection == connection && (step->kind == STEP_EXPECT || step->kind == STEP_OPTIONAL ||
                                               step->kind == STEP_UNTIL || step->kind == STEP_MATCH))
            steps[count++] = step;
    }
    return count;
}

void play_group(struct run *run, size_t player)
{
    const struct session *session = run->session;
    struct player *p = &run->players[player];
    size_t first = p->next, length = group_length(session, first);
    bool written = run->schedule->kind == KIND_SOLO || run->schedule->kind == KIND_AGAIN;

    for (size_t i = 0; i < length; i++)
        if (!play_begin_connection(run, player, &session->steps[first + i]))
            return;
    (written ? send_as_written : send_mixed)(run, player, &session->steps[first], length);
    if (run->over || run->failed)
        return;
    p->next += length;
    rest(run);
    for (size_t i = first; i < first + length; i++)
        if (session->steps[i].kind != STEP_SEND)
            transcript_step(run->checker->board, session, &session->steps[i]);
    for (unsigned c = 0; c < session->connection_count && !run->failed; c++) {
        const struct session_step *steps[SESSION_GROUP_MAX];
        size_t count = group_expects(session, first, length, c, steps);
        if (count > 0)
            expect(run, player, steps, count);
    }
}
