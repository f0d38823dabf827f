/* cases_draw.c: what a case does, drawn from its seed. */
#include "tools/check/play.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    COPIES_OF_GROWTH = 30,
    TIMES_OF_GROWTH = 200,
    MOUTHFULS = 5000, /* that a reply is read in, at the most */
};

/* The same case is drawn alike, and another one otherwise. */
static uint64_t mix(uint64_t seed, unsigned session, enum kind kind, uint64_t number)
{
    struct dice dice = { seed };

    dice.state ^= dice_next(&dice) + session;
    dice.state ^= dice_next(&dice) + (uint64_t)kind;
    dice.state ^= dice_next(&dice) + number;
    return dice_next(&dice);
}

/* The number-th of `count` positions from 1 to `last`: each, or as many evenly, the seed moving each a bit. */
static size_t position(uint64_t number, uint64_t counted, uint64_t last, struct dice *dice)
{
    if (counted >= last)
        return (size_t)(number + 1);
    uint64_t stride = last / counted;
    return (size_t)(1 + number * stride + dice_throw(dice, stride));
}

/* -- Cuts ------------------------------------------------------------------------------------- */

static int add_cut(struct schedule *schedule, size_t room, size_t at)
{
    if (!schedule->cuts)
        schedule->cuts = calloc(room, sizeof *schedule->cuts);
    if (!schedule->cuts)
        return -ENOMEM;
    schedule->cuts[schedule->cut_count++] = at;
    return 0;
}

/* Every pair in its order, or any. */
static int draw_two(const struct measures *m, struct schedule *schedule, struct dice *dice)
{
    uint64_t gaps = m->bytes - 1, left = schedule->number;
    size_t a = 1, b;

    if (m->sampled[KIND_TWO_CUTS]) {
        a = 1 + (size_t)dice_throw(dice, gaps);
        b = 1 + (size_t)dice_throw(dice, gaps - 1);
        b += b >= a;
    } else {
        while (left >= gaps - a)
            left -= gaps - a++;
        b = a + 1 + (size_t)left;
    }
    int error = add_cut(schedule, 2, a < b ? a : b);
    return error ? error : add_cut(schedule, 2, a < b ? b : a);
}

/* A few, or many, or nearly everywhere. */
static int draw_many(const struct measures *m, struct schedule *schedule, struct dice *dice)
{
    uint64_t gaps = m->bytes - 1, one_in = UINT64_C(1) << dice_throw(dice, 10);
    int error = 0;

    one_in = one_in > gaps ? gaps : one_in;
    for (size_t at = 1; at <= gaps && !error; at++)
        if (dice_throw(dice, one_in) == 0)
            error = add_cut(schedule, (size_t)gaps + 1, at);
    if (!error && schedule->cut_count == 0)
        error = add_cut(schedule, 1, 1 + (size_t)dice_throw(dice, gaps));
    return error;
}

/* -- Faults ------------------------------------------------------------------------------------- */

/* Small, but not so small that a long session takes for ever. */
static size_t draw_buffer(const struct measures *m, struct dice *dice, uint64_t most)
{
    return 1 + m->bytes / MOUTHFULS + (size_t)dice_throw(dice, most);
}

static void draw_faults(const struct measures *m, struct schedule *schedule, struct dice *dice)
{
    struct confab_sim_faults *faults = &schedule->faults;

    switch (schedule->kind) {
    case KIND_SHORT_WRITES:
        faults->short_reads = (unsigned)dice_throw(dice, 901);
        faults->short_writes = 100 + (unsigned)dice_throw(dice, 801);
        faults->buffer = dice_throw(dice, 3) ? 0 : draw_buffer(m, dice, 64);
        break;
    case KIND_INTERRUPTED:
        faults->again = (unsigned)dice_throw(dice, 601);
        faults->interrupted = (unsigned)dice_throw(dice, 601);
        faults->shuffle = dice_throw(dice, 2);
        break;
    case KIND_SLOW_READER:
        schedule->mouthful =
            1 + m->bytes / MOUTHFULS + (size_t)dice_throw(dice, dice_throw(dice, 2) ? 8 : 200);
        faults->buffer = dice_throw(dice, 4) ? draw_buffer(m, dice, 256) : 0;
        break;
    case KIND_LATE_WORK:
        faults->work = (int64_t)(1 + dice_throw(dice, 20)) * CONFAB_MILLISECOND;
        break;
    case KIND_NEVER_READS:
        faults->buffer = schedule->number == 0 ? 0 : schedule->number == 1 ? 4096 : 256;
        break;
    default:
        break;
    }
}

/* -- A case ------------------------------------------------------------------------------------- */

static int draw_place(const struct measures *m, struct schedule *schedule, struct dice *dice)
{
    uint64_t number = schedule->number, counted = m->count[schedule->kind];

    switch (schedule->kind) {
    case KIND_ONE_CUT:
        return add_cut(schedule, 1, position(number, counted, m->bytes - 1, dice));
    case KIND_TWO_CUTS:
        return draw_two(m, schedule, dice);
    case KIND_RANDOM_CUTS:
        return draw_many(m, schedule, dice);
    case KIND_EACH_BYTE:
        schedule->each_byte = true;
        return 0;
    case KIND_INTERLEAVED:
        schedule->copies = 2 + (unsigned)dice_throw(dice, 3);
        return 0;
    case KIND_EOF:
    case KIND_RESET:
        schedule->ends_at = position(number, counted, m->bytes, dice);
        return 0;
    case KIND_STOP:
    case KIND_TIME_OUT: /* at the beginning, too */
        schedule->ends_at = position(number, counted, m->bytes + 1, dice) - 1;
        return 0;
    case KIND_ALLOCATION:
        schedule->fail_at = number + 1 < counted ? position(number, counted - 1, m->allocations, dice) : 0;
        return 0;
    case KIND_GROWTH:
        schedule->copies = number == 0 ? COPIES_OF_GROWTH : TIMES_OF_GROWTH;
        return 0;
    default:
        return 0;
    }
}

int cases_draw(const struct checker *checker, unsigned session, enum kind kind, uint64_t number,
               struct schedule *schedule)
{
    uint64_t seed = mix(checker->request->seed, session, kind, number);
    struct dice dice = { seed };

    *schedule = (struct schedule){ .kind = kind, .session = session, .number = number, .seed = seed };
    if (session >= checker->session_count || (unsigned)kind >= KINDS)
        return -ERANGE;
    const struct measures *m = &checker->board->measures[session];
    if (number >= m->count[kind])
        return -ERANGE;
    schedule->faults.size = sizeof schedule->faults;
    draw_faults(m, schedule, &dice);
    int error = draw_place(m, schedule, &dice);
    if (error)
        schedule_free(schedule);
    return error;
}

void schedule_free(struct schedule *schedule)
{
    free(schedule->cuts);
    schedule->cuts = NULL;
    schedule->cut_count = 0;
}
