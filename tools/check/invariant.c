/* invariant.c: runs in which it does not matter what is answered: bytes at random, and the same again and again. */
#include "tools/check/play.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MAX = 200,
    LONG_PIECE_MAX = 65536,
    PIECES = 8,
    MORE_TIMES = 20 /* as often again, where memory seems to grow: what has a bound may reach it */
};

size_t run_holds(const struct run *run)
{
    const struct watch *watch = run->checker->watch;

    return watch_plugin_bytes(watch) + watch_reactor_bytes(watch);
}

/* -- Bytes ------------------------------------------------------------------------------------ */

/* What protocols are made of, or anything. */
static char draw_byte(struct dice *dice)
{
    static const char likely[] = "\r\n\r\n 0123456789:/;,.\"'<>{}[]%aAzZ-_\t\\\0";

    return dice_throw(dice, 3) ? likely[dice_throw(dice, sizeof likely)] : (char)dice_throw(dice, 256);
}

static int draw_bytes(struct dice *dice, struct bytes *to)
{
    size_t n = 1 + (size_t)dice_throw(dice, dice_throw(dice, 40) ? PIECE_MAX : LONG_PIECE_MAX);
    int error = 0;

    for (size_t i = 0; i < n && !error; i++) {
        char byte = draw_byte(dice);
        error = bytes_add(to, &byte, 1);
    }
    return error;
}

/* Changes, leaves out, doubles or puts in some. */
static int mutate(struct dice *dice, struct bytes *bytes)
{
    size_t at = (size_t)dice_throw(dice, bytes->len), n = 1 + (size_t)dice_throw(dice, bytes->len - at);
    char byte = draw_byte(dice);

    switch (dice_throw(dice, 5)) {
    case 0:
        bytes->at[at] = byte;
        return 0;
    case 1:
        bytes->at[at] = (char)(bytes->at[at] ^ 1 << dice_throw(dice, 8));
        return 0;
    case 2:
        memmove(bytes->at + at, bytes->at + at + n, bytes->len - at - n);
        bytes->len -= n;
        return 0;
    case 3: {
        struct bytes copy = { 0 };
        int error = bytes_add(&copy, bytes->at + at, n);
        if (!error)
            error = bytes_add(bytes, copy.at, n);
        bytes_free(&copy);
        return error;
    }
    default: {
        int error = bytes_add(bytes, &byte, 1);
        if (!error) {
            memmove(bytes->at + at + 1, bytes->at + at, bytes->len - 1 - at);
            bytes->at[at] = byte;
        }
        return error;
    }
    }
}

void invariant_mangle(struct run *run, struct bytes *bytes)
{
    struct dice *dice = &run->dice;
    int error = 0;

    if (run->schedule->number % 2) {
        bytes->len = 0;
        error = draw_bytes(dice, bytes);
    }
    for (uint64_t n = dice_throw(dice, 3); n > 0 && bytes->len > 0 && !error; n--)
        error = mutate(dice, bytes);
    if (error)
        run_no_memory(run);
}

/* Of a session in which nothing is sent: a far end that talks, all the same. */
static void blurt(struct run *run)
{
    for (uint64_t n = 1 + dice_throw(&run->dice, PIECES); n > 0 && !run->failed && !run->restless; n--) {
        struct bytes bytes = { 0 };
        if (draw_bytes(&run->dice, &bytes))
            run_no_memory(run);
        else
            run_send(run, 0, 0, bytes.at, bytes.len);
        bytes_free(&bytes);
        if (dice_throw(&run->dice, 2))
            rest(run);
    }
}

void invariant_bytes(struct run *run)
{
    run->mangles = true;
    play_all(run);
    if (run->sends == 0 && !run->failed && !run->restless)
        blurt(run);
    for (size_t c = 0; c < run->session->connection_count && !run->restless; c++) {
        struct far *far = &run->players[0].fars[c];
        if (far->end && dice_throw(&run->dice, 4) == 0) {
            confab_sim_reset(far->end);
            far->end = NULL;
        }
    }
}

/* -- Growth --------------------------------------------------------------------------------------- */

/* What is held once all that this brought has gone. */
static size_t holds_at_rest(struct run *run)
{
    pass(run, 3 * CONFAB_SECOND);
    return run_holds(run);
}

static void play_once_more(struct run *run)
{
    run->player_count = 1;
    if (!play_enter(run, 0))
        return;
    play_all(run);
    for (size_t c = 0; c < run->session->connection_count; c++)
        run->players[0].fars[c].shut = true;
    pass_until_gone(run, true, CONFAB_SECOND);
    play_leave(run, 0);
    run->player_count = 0;
    pass_until_gone(run, true, CONFAB_SECOND);
}

/* What the first connection says, once more on the same, in the time that the session takes for it. */
static void say_once_more(struct run *run)
{
    const struct session *session = run->session;

    for (size_t i = 0; i < session->step_count && !run->failed && !run->restless; i++)
        if (session->steps[i].kind == STEP_SEND && session->steps[i].connection == 0) {
            play_sends(run, 0, &session->steps[i]);
            rest(run);
        } else if (session->steps[i].kind == STEP_WAIT) {
            pass(run, session->steps[i].wait);
        }
    far_free(&run->players[0].fars[0]);
    run->players[0].fars[0].came = run->players[0].fars[0].unsent = (struct bytes){ 0 };
    run->players[0].fars[0].seen = 0;
}

static bool goes_on(const struct run *run, bool says)
{
    return !run->failed && !run->restless && (!says || !run->players[0].fars[0].ended);
}

/* How often it takes for what is held to grow by `times` pieces of the same size: -1 where it does not grow in a
 * line. */
static long grows(struct run *run, unsigned times, bool says)
{
    size_t held[4];

    for (int third = 0; third < 4; third++) {
        for (unsigned i = 0; third > 0 && i < times && goes_on(run, says); i++)
            (says ? say_once_more : play_once_more)(run);
        if (!goes_on(run, says))
            return -1;
        held[third] = holds_at_rest(run);
    }
    for (int third = 1; third < 4; third++)
        if (held[third] <= held[third - 1])
            return -1;
    size_t a = held[2] - held[1], b = held[3] - held[2];
    if (a > b + b / 3 + times || b > a + a / 3 + times)
        return -1;
    return (long)((a + b) / (2 * times));
}

void invariant_growth(struct run *run)
{
    bool says = run->schedule->number == 1;
    unsigned times = run->schedule->copies / 3;
    char size[32];

    if (says) {
        const struct session_step *first = &run->session->steps[0];
        play_begin_connection(run, 0, &(struct session_step){ .kind = STEP_SEND, .line = first->line });
        if (!run->players[0].fars[0].end)
            return;
    } else {
        play_leave(run, 0);
        run->player_count = 0;
    }
    long more = grows(run, times, says);
    if (more > 0) /* may it have a bound? */
        more = grows(run, times * MORE_TIMES, says);
    if (more <= 0 || run->failed)
        return;
    run->told = true;
    run->line = 0; /* it is no matter of a step, nor of the hook that ran last */
    run_fail(run, "holds %s bytes more each time that %s: grows without bound",
             told_size((uint64_t)more, size),
             says ? "the same is said on a connection" : "the session is played");
    run->finding->hook[0] = '\0';
}
