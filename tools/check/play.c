/* play.c: one run of a session: by the kind of its schedule, from its beginning to what is left behind. */
#include "tools/check/play.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE = 1 << 20 };

/* -- Random numbers ------------------------------------------------------------------------ */

/* splitmix64 */
uint64_t dice_next(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t dice_throw(struct dice *dice, uint64_t n)
{
    return n ? dice_next(dice) % n : 0;
}

/* -- By kind ---------------------------------------------------------------------------------- */

static void play_whole(struct run *run)
{
    play_all(run);
    if (!run->lenient && !run->failed)
        play_left_over(run);
}

/* The session, until it is broken off; where the position is behind all that is sent, at its end. */
static void play_broken_off(struct run *run)
{
    play_all(run);
    if (run_breaks_off(run) && !run->failed && !run->restless &&
        (run->schedule->kind == KIND_STOP || run->schedule->kind == KIND_TIME_OUT))
        run_break_off(run, 0, 0);
}

static const struct way {
    void (*play)(struct run *run);
    bool lenient;
} ways[KINDS] = {
    [KIND_SOLO] = { play_whole, false },
    [KIND_AGAIN] = { play_whole, false },
    [KIND_ONE_CUT] = { play_whole, false },
    [KIND_TWO_CUTS] = { play_whole, false },
    [KIND_EACH_BYTE] = { play_whole, false },
    [KIND_RANDOM_CUTS] = { play_whole, false },
    [KIND_SHORT_WRITES] = { play_whole, false },
    [KIND_INTERRUPTED] = { play_whole, false },
    [KIND_SLOW_READER] = { play_whole, false },
    [KIND_LATE_WORK] = { play_whole, false },
    [KIND_INTERLEAVED] = { play_whole, false },
    [KIND_EOF] = { play_broken_off, false },
    [KIND_RESET] = { play_broken_off, false },
    [KIND_STOP] = { play_broken_off, false },
    [KIND_TIME_OUT] = { play_broken_off, false },
    [KIND_ALLOCATION] = { play_whole, true },
    [KIND_RANDOM_BYTES] = { invariant_bytes, true },
    [KIND_NO_TERMINATOR] = { invariant_no_terminator, true },
    [KIND_NEVER_READS] = { invariant_never_reads, true },
    [KIND_GROWTH] = { invariant_growth, true },
};

/* -- Players -------------------------------------------------------------------------------------- */

void play_leave(struct run *run, size_t player)
{
    struct player *p = &run->players[player];

    for (size_t c = 0; p->fars && c < run->session->connection_count; c++) {
        if (p->fars[c].end)
            confab_sim_close(p->fars[c].end);
        far_free(&p->fars[c]);
    }
    free(p->fars);
    variables_free(&p->variables);
    *p = (struct player){ 0 };
}

bool play_enter(struct run *run, size_t player)
{
    struct player *p = &run->players[player];

    p->fars = calloc(run->session->connection_count + 1, sizeof *p->fars);
    if (!p->fars || world_variables(run, &p->variables)) {
        run_no_memory(run);
        return false;
    }
    return true;
}

static bool enter_all(struct run *run)
{
    run->player_count = run->schedule->kind == KIND_INTERLEAVED ? run->schedule->copies : 1;
    run->players = calloc(run->player_count, sizeof *run->players);
    if (!run->players) {
        run->player_count = 0;
        run_no_memory(run);
        return false;
    }
    for (size_t p = 0; p < run->player_count; p++)
        if (!play_enter(run, p))
            return false;
    return true;
}

static void leave_all(struct run *run)
{
    for (size_t p = 0; p < run->player_count; p++)
        play_leave(run, p);
    free(run->players);
}

/* -- A run --------------------------------------------------------------------------------------------- */

/* The session in which nobody says anything has a connection nevertheless. */
static bool choose_session(struct run *run, struct session **nobody)
{
    const struct checker *checker = run->checker;

    run->session = run->world = checker->sessions[run->schedule->session];
    *nobody = NULL;
    if (run->session->step_count > 0)
        return true;
    run->lenient = true;
    *nobody = session_new(run->session->name);
    if (!*nobody || session_add_connection(*nobody, "") < 0 || !session_add(*nobody, STEP_GO, 0, NULL, 0))
        return run_no_memory(run), false;
    run->session = *nobody;
    return true;
}

static void begin(struct run *run)
{
    bool told = run->schedule->kind != KIND_INTERLEAVED && run->schedule->kind != KIND_GROWTH;
    struct checker *checker = run->checker;
    struct board *board = checker->board;

    *run->finding = (struct finding){ .severity = CHECK_FAILURE };
    schedule_name(run->schedule, checker->request->seed, run->finding->seed);
    snprintf(run->finding->session, sizeof run->finding->session, "%s",
             checker->sessions[run->schedule->session]->name);
    memcpy(board->seed, run->finding->seed, sizeof board->seed);
    memcpy(board->session, run->finding->session, sizeof board->session);
    board->line = 0;
    run->dice.state = run->schedule->seed;
    if (told)
        transcript_begin(board, checker->sessions[run->schedule->session]);
    watch_begin(checker->watch, run->schedule->fail_at);
}

static void end(struct run *run)
{
    play_end(run);
    leave_all(run);
    world_close(run);
    watch_end(run->checker->watch);
    run_look(run);
    if (run->failed)
        run_tell(run);
    bytes_free(&run->said);
}

static void show(struct run *run, struct shown *shown)
{
    shown->sent = run->sent;
    shown->came = 0;
    for (size_t p = 0; p < run->player_count; p++)
        for (size_t c = 0; run->players[p].fars && c < run->session->connection_count; c++)
            shown->came += run->players[p].fars[c].came.len;
    shown->digest = run->sim ? confab_sim_digest(run->sim) : 0;
    shown->works = run->sim && strstr(confab_sim_trace(run->sim, NULL), "a job takes");
}

bool play_shown(struct checker *checker, const struct schedule *schedule, struct finding *finding,
                struct shown *shown)
{
    struct run run = { .checker = checker, .schedule = schedule, .finding = finding };
    struct session *nobody = NULL;

    begin(&run);
    run.lenient = ways[schedule->kind].lenient && (schedule->kind != KIND_ALLOCATION || schedule->fail_at);
    if (choose_session(&run, &nobody) && world_open(&run) && enter_all(&run)) {
        if (shown && schedule->kind == KIND_LATE_WORK)
            confab_sim_keep_trace(run.sim, TRACE);
        ways[schedule->kind].play(&run);
    }
    if (shown)
        show(&run, shown);
    end(&run);
    session_free(nobody);
    return !run.failed;
}

bool play(struct checker *checker, const struct schedule *schedule, struct finding *finding)
{
    return play_shown(checker, schedule, finding, NULL);
}
