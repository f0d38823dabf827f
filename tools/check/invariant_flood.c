/* invariant_flood.c: runs in which one side is too much for the other: a message without an end, replies that
 * nobody reads. */
#include "tools/check/play.h"
#include <string.h>

enum {
    PIECE = 65536,
    MIB = 1 << 20,
    FLOOD_MAX = 64 * MIB,
    TIMES = 1000, /* that a session's requests are sent */
    SENT_MAX = MIB
};

/* -- A message without an end ---------------------------------------------------------------- */

/* Neither a line's end nor NUL: the bytes of ends that are likely. */
static char endless_byte(struct dice *dice)
{
    static const char bytes[] = "a0 Z\t\x7f\xff:";

    return bytes[dice_throw(dice, sizeof bytes - 1)];
}

/* Sends as much as there is, or as is taken; *peak: the most that was held. */
static uint64_t flood(struct run *run, struct far *far, uint64_t most, size_t *peak)
{
    char piece[PIECE];
    uint64_t sent = 0;

    memset(piece, endless_byte(&run->dice), sizeof piece);
    while (sent < most && far->end && !far->ended && far->unsent.len == 0 && !run->failed && !run->restless) {
        if (far_put(far, piece, sizeof piece)) {
            run_no_memory(run);
            break;
        }
        sent += sizeof piece;
        rest(run);
        *peak = run_holds(run) > *peak ? run_holds(run) : *peak;
    }
    return sent;
}

static bool begin(struct run *run, size_t *connection)
{
    const struct session *session = run->session;

    *connection = 0;
    while (run->players[0].next < session->step_count && run->sends < run->schedule->number && !run->failed &&
           !run->restless) {
        *connection = session->steps[run->players[0].next].connection;
        play_step(run, 0);
    }
    play_begin_connection(run, 0,
                          &(struct session_step){ .kind = STEP_SEND, .connection = (unsigned)*connection });
    return run->players[0].fars[*connection].end && !run->failed;
}

void invariant_no_terminator(struct run *run)
{
    uint64_t max_message = world_option(run, "max-message", MIB);
    uint64_t most = 4 * (max_message < MIB ? MIB : max_message), sent;
    size_t connection, before, peak;
    char held[32], mib[32];

    /* What may be held has no bound, or one that is too far to be tried. */
    if (max_message == 0 || most > FLOOD_MAX || !begin(run, &connection))
        return;
    run->deaf = true;
    rest(run);
    before = peak = run_holds(run);
    sent = flood(run, &run->players[0].fars[connection], most, &peak);
    /* A collector that grows by doubling, what is on its way out, and a little. */
    if (peak - before <= 2 * max_message + MIB + MIB / 4 || run->failed)
        return;
    run->told = true;
    run_fail(run, "holds %s bytes after %s MiB of a message without an end: grows without bound",
             told_size(peak - before, held), told_size(sent / MIB, mib));
}

/* -- Replies that nobody reads ------------------------------------------------------------------- */

static bool blocked(const struct run *run, const struct far *far)
{
    size_t buffer = run->schedule->faults.buffer;

    return far->end && !far->ended && far->unsent.len > 0 &&
           confab_sim_pending(far->end) >= (buffer ? buffer : PIECE);
}

/* Until it is not read from any more, or holds more than it may. */
static void ask(struct run *run, const struct far *far, size_t most)
{
    const struct session *session = run->session;

    for (unsigned n = 0; n < TIMES && run->sent < SENT_MAX && far->unsent.len == 0 && run_holds(run) <= most;
         n++)
        for (size_t i = 0; i < session->step_count && !run->failed && !run->restless; i++)
            if (session->steps[i].kind == STEP_SEND && session->steps[i].connection == 0) {
                play_sends(run, 0, &session->steps[i]);
                rest(run);
            }
}

void invariant_never_reads(struct run *run)
{
    uint64_t bound = world_option(run, "output-limit", 16 * MIB);
    uint64_t most = bound + 2 * world_option(run, "max-message", MIB) + 2 * MIB;
    uint64_t limit = world_option(run, "write-timeout", 30 * CONFAB_SECOND);
    struct far *far = &run->players[0].fars[0];
    char held[32];

    play_begin_connection(run, 0, &(struct session_step){ .kind = STEP_SEND });
    if (!far->end || run->failed)
        return;
    far->stalled = true;
    size_t before = run_holds(run);
    ask(run, far, before + (size_t)most);
    size_t after = run_holds(run);
    if (bound > 0 && after > before && after - before > most && !run->failed) {
        run->told = true;
        run_fail(run, "holds %s bytes of replies that nobody reads: grows without bound",
                 told_size(after - before, held));
    }
    if (run->failed || !blocked(run, far) || limit == 0)
        return;
    pass(run, (int64_t)limit + 10 * CONFAB_MINUTE);
    if (!run->failed && confab_service_inbound(run->service) > 0)
        run_fail(run, "the connection is still open 10 minutes after the write-timeout: nothing ends it");
}
