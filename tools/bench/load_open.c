/* load_open.c: an open loop: requests are due at set times, and leave then, whatever has been answered.
 *
 * Each goes to a connection that is drawn by lot, after a time that is exponentially distributed: so each connection's
 * are a Poisson process, as those of many people are who know nothing of each other.  Where they are to be even they are
 * as far apart as they can be, and the connections take turns.
 *
 * What the server does not take waits in the connection, and latency counts from when it was due.  No connection has
 * more than WAITING under way: then the requests wait for it, and still count from when they were due. */
#include "tools/bench/load_engine.h"
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>

enum {
    WAITING = 4096,        /* requests of a connection that have not been answered; a power of two */
    WAITING_ALL = 4 << 20, /* and of all together */
    WAITING_LEAST = 64,
    BURST = 64 /* requests that leave before answers are looked at */
};

static const int64_t late = CONFAB_MILLISECOND;
static const int64_t watched =
    2 * CONFAB_MILLISECOND; /* nearer than that nobody sleeps: sleep ends too late */

/* A connection's requests: when those were due that have not been answered. */
struct waiting {
    int64_t *due;
    uint32_t from, count;
};

struct schedule {
    struct waiting *waiting; /* of each connection */
    int64_t *due;            /* room for all of them */
    uint32_t room;           /* of each */
    uint32_t first, count;   /* the connections that take part: behind the greedy ones */
    uint32_t turn;
    uint64_t state;
    double interval, next; /* ns; next is since `origin` */
    int64_t origin;
    bool blocked; /* by a connection that has too many under way */
    int64_t held; /* until when that last was so: nobody could leave before */
    struct link *leaving[BURST];
    uint32_t leaving_count;
    uint32_t drawn; /* whose the next is */
    bool over;
};

/* -- When, and whose ----------------------------------------------------------------------- */

static uint64_t draw(uint64_t *state)
{
    uint64_t x = *state; /* Marsaglia's xorshift */

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

static void draw_next(struct schedule *schedule, bool even)
{
    double uniform = ((double)(draw(&schedule->state) >> 11) + 1) / (double)(UINT64_C(1) << 53);

    if (even) {
        schedule->next += schedule->interval;
        schedule->drawn = schedule->turn++ % schedule->count;
    } else {
        schedule->next -= log(uniform) * schedule->interval;
        schedule->drawn = (uint32_t)((draw(&schedule->state) >> 32) * schedule->count >> 32);
    }
}

static int64_t next_due(const struct schedule *schedule)
{
    return schedule->origin + (int64_t)schedule->next;
}

static bool counts(const struct engine *engine, int64_t due)
{
    return engine->ends != INT64_MAX && due >= engine->begun && due < engine->ends;
}

/* -- Requests leave ----------------------------------------------------------------------------- */

static void leave(struct engine *engine, struct link *link, int64_t due, int64_t now)
{
    struct schedule *schedule = engine->own;
    struct waiting *waiting = link->own;
    bool counted = counts(engine, due);
    int64_t could = due > schedule->held ? due : schedule->held;

    waiting->due[(waiting->from + waiting->count++) & (schedule->room - 1)] = due;
    link->unsent += engine->lines.size;
    link->awaited += engine->lines.size;
    if (!link->busy)
        link_busy(link, now);
    engine->findings->due += counted;
    engine->findings->late += counted && now - could > late;
}

/* No more is due: it is one less to wait for. */
static void schedule_ends(struct engine *engine)
{
    struct schedule *schedule = engine->own;

    if (!schedule->over)
        engine->busy--;
    schedule->over = true;
}

/* The next one, where it is due and can leave. */
static bool leave_next(struct engine *engine, int64_t now)
{
    struct schedule *schedule = engine->own;
    struct link *link = &engine->links[schedule->first + schedule->drawn];
    const struct waiting *waiting = link->own;
    int64_t due = next_due(schedule);

    if (due >= engine->ends)
        schedule_ends(engine);
    if (due > now || schedule->over)
        return false;
    if (waiting->count == schedule->room) {
        schedule->blocked = true; /* an answer wakes us */
        return false;
    }
    if (schedule->blocked)
        schedule->held = now;
    schedule->blocked = false;
    if (link->unsent == 0) /* else it is listed, or the server takes no more */
        schedule->leaving[schedule->leaving_count++] = link;
    leave(engine, link, due, now);
    draw_next(schedule, engine->load->even);
    return true;
}

/* What is due by now, so much of it, and what is of one connection at once; whether that was all. */
static bool leave_due(struct engine *engine, int64_t now)
{
    struct schedule *schedule = engine->own;
    int i = 0;

    schedule->leaving_count = 0;
    while (i < BURST && leave_next(engine, now))
        i++;
    for (uint32_t k = 0; k < schedule->leaving_count; k++)
        link_send(schedule->leaving[k]);
    return i < BURST;
}

static int64_t open_turn(struct engine *engine, int64_t now)
{
    const struct schedule *schedule = engine->own;

    if (!leave_due(engine, now))
        return 0;
    if (schedule->over || schedule->blocked)
        return CONFAB_SECOND;
    int64_t left = next_due(schedule) - now;
    if (left > watched)
        return left - watched;
    sched_yield(); /* where there is but one processor, the server may have it */
    return 0;
}

/* -- Answers come ----------------------------------------------------------------------------------- */

static int open_read(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;
    const struct schedule *schedule = engine->own;
    struct waiting *waiting = link->own;
    size_t n = link_receive(link);

    if (n == 0)
        return 0;
    int64_t now = engine_clock();
    uint64_t done = link_completed(link, n);

    link->since = now;
    engine->messages += done;
    engine->findings->met += engine->measuring ? done : 0;
    for (uint64_t i = 0; i < done; i++) {
        int64_t due = waiting->due[waiting->from++ & (schedule->room - 1)];
        waiting->count--;
        if (counts(engine, due))
            histogram_add(&engine->findings->latency, (uint64_t)(now - due), 1);
    }
    if (waiting->count == 0)
        link_idle(link);
    return 0;
}

/* The server has had its time: what has not been answered took at least so long. */
static void open_give_up(struct engine *engine, int64_t now)
{
    struct schedule *schedule = engine->own;
    struct histogram *latency = &engine->findings->latency;

    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct waiting *waiting = &schedule->waiting[i];
        for (uint32_t k = 0; k < waiting->count; k++) {
            int64_t due = waiting->due[(waiting->from + k) & (schedule->room - 1)];
            if (counts(engine, due))
                histogram_add(latency, (uint64_t)(now - due), 1);
        }
    }
    for (int64_t due; (due = next_due(schedule)) < engine->ends; draw_next(schedule, engine->load->even)) {
        if (due < engine->begun)
            continue;
        engine->findings->due++;
        histogram_add(latency, (uint64_t)(now - due), 1);
    }
}

/* -- The mode ---------------------------------------------------------------------------------------- */

static int open_open(struct engine *engine)
{
    const struct load *load = engine->load;
    struct schedule *schedule = calloc(1, sizeof *schedule);

    engine->own = schedule;
    if (!schedule)
        return -ENOMEM;
    schedule->first = (uint32_t)load->greedy;
    schedule->count = engine->link_count - schedule->first;
    if (schedule->count == 0)
        return -EINVAL;
    schedule->room = WAITING;
    while (schedule->room > WAITING_LEAST && schedule->room > WAITING_ALL / schedule->count)
        schedule->room /= 2;
    schedule->waiting = calloc(schedule->count, sizeof *schedule->waiting);
    schedule->due = calloc(schedule->count, schedule->room * sizeof *schedule->due);
    if (!schedule->waiting || !schedule->due)
        return -ENOMEM;
    for (uint32_t i = 0; i < schedule->count; i++) {
        schedule->waiting[i].due = schedule->due + (size_t)i * schedule->room;
        engine->links[schedule->first + i].own = &schedule->waiting[i];
    }
    schedule->interval = (double)CONFAB_SECOND / load->rate;
    schedule->state = UINT64_C(0x1234567) + (uint64_t)load->connections;
    engine->busy++; /* the schedule, until its end */
    return 0;
}

static void open_close(struct engine *engine)
{
    struct schedule *schedule = engine->own;

    if (schedule) {
        free(schedule->due);
        free(schedule->waiting);
    }
    free(schedule);
}

/* The first of all connections begins for all. */
static void open_start(struct link *link)
{
    struct schedule *schedule = link->engine->own;

    if (schedule->origin)
        return;
    schedule->origin = engine_clock();
    draw_next(schedule, link->engine->load->even);
}

static const struct confab_dispatcher_ops open_ops = { .size = sizeof open_ops,
                                                       .handle_connect = link_connected,
                                                       .handle_read = open_read,
                                                       .handle_write = link_writable,
                                                       .handle_error = link_error,
                                                       .handle_close = link_gone };

const struct load_mode load_open = { .ops = &open_ops,
                                     .open = open_open,
                                     .close = open_close,
                                     .start = open_start,
                                     .turn = open_turn,
                                     .give_up = open_give_up };
