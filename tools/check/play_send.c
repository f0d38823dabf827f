/* play_send.c: what the far ends send: cut where the schedule cuts it, and broken off where it breaks off. */
#include "tools/check/play.h"

/* The longest piece that may be sent now. */
static size_t piece(struct run *run, size_t left)
{
    const struct schedule *schedule = run->schedule;

    if (schedule->each_byte)
        return 1;
    while (run->cut < schedule->cut_count && schedule->cuts[run->cut] <= run->sent)
        run->cut++;
    if (run->cut < schedule->cut_count && schedule->cuts[run->cut] - run->sent < left)
        left = schedule->cuts[run->cut] - run->sent;
    if (run_breaks_off(run) && schedule->ends_at - run->sent < left)
        left = schedule->ends_at - run->sent;
    return left;
}

/* Whether a cut is here: what was sent before is to be worked off first. */
static bool cut_here(const struct run *run)
{
    const struct schedule *schedule = run->schedule;

    return schedule->each_byte || (run->cut < schedule->cut_count && schedule->cuts[run->cut] == run->sent);
}

void run_send(struct run *run, size_t player, unsigned connection, const char *bytes, size_t len)
{
    struct far *far = &run->players[player].fars[connection];

    if (run_breaks_off(run) && run->schedule->ends_at == run->sent)
        run_break_off(run, player, connection);
    while (len > 0 && far->end && !run->over && !run->restless) {
        if (cut_here(run))
            rest(run);
        if (!far->end)
            return;
        size_t n = piece(run, len);
        if (far_put(far, bytes, n) || (run->said.len < PLAY_SAID_MAX && bytes_add(&run->said, bytes, n))) {
            run_no_memory(run);
            return;
        }
        transcript_send(run->checker->board, run->session->connections[connection].name, bytes, n);
        bytes += n;
        len -= n;
        run->sent += n;
        if (run_breaks_off(run) && run->schedule->ends_at == run->sent)
            run_break_off(run, player, connection);
    }
}

/* -- Where a run is broken off ------------------------------------------------------------ */

bool run_breaks_off(const struct run *run)
{
    enum kind kind = run->schedule->kind;

    return !run->over &&
           (kind == KIND_EOF || kind == KIND_RESET || kind == KIND_STOP || kind == KIND_TIME_OUT);
}

static void tell(struct run *run, unsigned connection, const char *word)
{
    transcript_word(run->checker->board, run->session->connections[connection].name, word);
}

static void end_side(struct run *run, size_t player, unsigned connection)
{
    struct far *far = &run->players[player].fars[connection];

    tell(run, connection, "eof");
    far->shut = true;
    /* It comes together with what was sent before, or after that has been worked off. */
    if (far->unsent.len == 0 && dice_throw(&run->dice, 2)) {
        confab_sim_shutdown(far->end);
        far->shut_done = true;
    }
    rest(run);
    play_prefix(run, player, connection);
}

static void reset(struct run *run, size_t player, unsigned connection)
{
    struct far *far = &run->players[player].fars[connection];

    /* The bytes before it have been worked off, or have not. */
    if (dice_throw(&run->dice, 2))
        rest(run);
    tell(run, connection, "reset");
    if (far->end)
        confab_sim_reset(far->end);
    far->end = NULL;
    rest(run);
    play_prefix(run, player, connection);
}

bool run_stops_at_once(const struct run *run)
{
    return run->schedule->number % 5 == 4;
}

static void stop(struct run *run)
{
    int64_t drain = run_stops_at_once(run) ? 0 : PLAY_DRAIN;

    run->stopped = true;
    confab_service_stop(run->service, drain);
    if (!pass_until_gone(run, true, drain + CONFAB_SECOND))
        run_fail(run, "connections outlive the drain-timeout: %zu are open",
                 confab_service_inbound(run->service));
}

/* As long as all of the service's time-outs together. */
static void fall_silent(struct run *run)
{
    static const char *const keys[] = { "connect-timeout", "idle-timeout", "message-timeout", "write-timeout",
                                        "lifetime" };
    uint64_t ns = 10 * CONFAB_MINUTE;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ns += world_option(run, keys[i], 0);
    if (ns > 24 * 60 * CONFAB_MINUTE)
        ns = 24 * 60 * CONFAB_MINUTE;
    pass_until_gone(run, true, (int64_t)ns);
}

void run_break_off(struct run *run, size_t player, unsigned connection)
{
    enum kind kind = run->schedule->kind;
    bool its_own = connection < run->session->connection_count && run->session->connections[connection].ended;

    run->over = true;
    run->broken_connection = connection;
    if (kind == KIND_STOP)
        stop(run);
    else if (kind == KIND_TIME_OUT)
        fall_silent(run);
    else if (its_own) /* the session says what happens at its end */
        return;
    else if (kind == KIND_EOF)
        end_side(run, player, connection);
    else
        reset(run, player, connection);
}
