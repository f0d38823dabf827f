/* run.c: plays a scenario step by step.  Behind each step all comes to rest. */
#include "core/reactor.h"
#include "play.h"
#include <confab/host.h>
#include <errno.h>
#include <stdarg.h>

enum {
    TURNS_MAX = 200000, /* of one step */
    QUIET_TURNS = 3,    /* in which nothing happens: nothing more will */
    WAITS_MAX = 5000,   /* moments that the system is waited for, in which nothing happens */
    JUMPS_MAX = 100000  /* of the clock, in one step */
};

void play_fail(struct play *play, const struct wire *wire, const char *format, ...)
{
    char line[512];
    va_list args;
    int n =
        snprintf(line, sizeof line, "line %d: %s%s", play->line, wire ? wire->name : "", wire ? ": " : "");

    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    bytes_text(&play->failures, line);
    bytes_text(&play->failures, "\n");
}

int play_time(const struct play *play)
{
    return (int)((confab_reactor_now(play->reactor) - play->began) / CONFAB_SECOND);
}

/* What is logged is something that is not to happen: nobody does here what a reactor complains of. */
static void logged(void *data, const struct confab_log_line *line)
{
    play_fail(data, NULL, "logged: %s", line->text);
}

/* -- Coming to rest ----------------------------------------------------------- */

static bool pump(struct play *play)
{
    bool moved = false;

    for (int i = 0; i < CHANNELS_MAX; i++)
        if (play->wires[i].name)
            moved = far_pump(&play->wires[i]) || moved;
    return moved;
}

/* The first wire that is not at rest, and why. */
static const char *under_way(const struct play *play, const struct wire **which)
{
    const char *why = NULL;

    *which = NULL;
    for (int i = 0; i < CHANNELS_MAX && !why; i++) {
        *which = &play->wires[i];
        if (play->wires[i].name)
            why = not_at_rest(&play->wires[i]);
    }
    if (!why && play->jobs > 0) {
        *which = NULL;
        why = "a job is not done";
    }
    return why;
}

/* Turns the loop until nothing happens and nothing is under way. */
static int settle(struct play *play)
{
    struct world *world = play->world;
    const struct wire *which;
    const char *why;
    int quiet = 0, waits = 0, n = 0;

    for (int turn = 0; turn < TURNS_MAX && n >= 0; turn++) {
        uint64_t before = play->happened;

        n = quiet < QUIET_TURNS ? world->ops->turn(world) : world->ops->wait(world);
        if (pump(play) || n > 0 || play->happened > before) {
            quiet = waits = 0;
            continue;
        }
        if (++quiet < QUIET_TURNS)
            continue;
        why = under_way(play, &which);
        if (!why)
            return 0;
        if (++waits > WAITS_MAX || n == -ETIMEDOUT) {
            play_fail(play, which, "stuck: %s", why);
            return 0;
        }
    }
    play_fail(play, NULL, "it does not come to rest: %s", n < 0 ? strerror(-n) : "too many turns");
    return n < 0 ? n : 0;
}

static int64_t next_deadline(const confab_reactor *reactor)
{
    int64_t channels = wheel_next(&reactor->channel_wheel), timers = wheel_next(&reactor->timer_wheel);

    return channels < timers ? channels : timers;
}

/* Has time pass, deadline by deadline: what falls due on the way happens at its time. */
static int pass(struct play *play, int64_t ns)
{
    struct world *world = play->world;
    int error = settle(play);

    for (int jumps = 0; ns > 0 && !error; jumps++) {
        int64_t next = next_deadline(play->reactor), now = confab_reactor_now(play->reactor);
        int64_t jump = next > now && next - now < ns ? next - now : ns;

        if (jumps == JUMPS_MAX) {
            play_fail(play, NULL, "it does not come to rest: too many timers");
            return 0;
        }
        error = world->ops->pass(world, jump);
        ns -= jump;
        if (!error)
            error = settle(play);
    }
    return error;
}

/* -- Steps -------------------------------------------------------------------- */

static struct wire *wire_new(struct play *play, const struct step *step)
{
    struct wire *wire = &play->wires[step->channel];

    wire->play = play;
    wire->name = play->scenario->channel[step->channel];
    wire->listener = step->listener;
    return wire;
}

static void connect_far(struct play *play, const struct step *step)
{
    struct wire *wire = wire_new(play, step);
    struct world *world = play->world;
    const char *address;
    int error;

    wire->manner = *play->origins[step->listener].manner;
    address = confab_listener_address(play->listeners[step->listener]);
    error = world->ops->connect(world, address, &wire->far.end, wire->from);
    if (error)
        play_fail(play, wire, "the far end cannot connect: %s", strerror(-error));
    else
        wire->far.open = true;
}

static void do_step(struct play *play, const struct step *step)
{
    struct wire *wire = step->channel >= 0 ? &play->wires[step->channel] : NULL;
    int error;

    switch (step->kind) {
    case STEP_LISTEN:
        error = server_listen(play, step);
        if (error)
            play_fail(play, NULL, "confab_listen: %s", strerror(-error));
        break;
    case STEP_PAUSE:
    case STEP_RESUME:
        play->paused[step->listener] = step->kind == STEP_PAUSE;
        confab_listener_pause(play->listeners[step->listener], step->kind == STEP_PAUSE);
        break;
    case STEP_CONNECT:
        connect_far(play, step);
        break;
    case STEP_DIAL:
        wire = wire_new(play, step);
        wire->manner = step->with;
        server_dial(wire, step);
        break;
    case STEP_DO:
        command(wire, step->text.at, true);
        break;
    case STEP_NONE:
    case STEP_PASS:
    case STEP_EXPECT:
        break;
    default:
        far_step(wire, step);
        break;
    }
}

static int rest(struct play *play, int64_t ns)
{
    int error = pass(play, ns);

    for (int i = 0; i < CHANNELS_MAX && !error; i++)
        if (play->wires[i].name)
            rest_note(&play->wires[i]);
    return error;
}

static int play_steps(struct play *play)
{
    const struct scenario *scenario = play->scenario;
    int error = 0;

    for (int i = 0; i < scenario->count && !error; i++) {
        const struct step *step = &scenario->steps[i];

        play->line = step->line;
        do_step(play, step);
        if (!step->goes_on && step->kind != STEP_EXPECT)
            error = rest(play, step->ns);
    }
    /* At the end every far end reads. */
    for (int i = 0; i < CHANNELS_MAX; i++)
        play->wires[i].far.stalled = false;
    return error ? error : rest(play, 0);
}

/* Each expectation is of the next note of a channel, which must have been made by then. */
static void check_expected(struct play *play)
{
    for (int i = 0; i < play->scenario->count; i++) {
        const struct step *step = &play->scenario->steps[i];
        if (step->kind != STEP_EXPECT)
            continue;
        struct trace *trace = &play->wires[step->channel].trace;
        const struct note *note = trace->expected < trace->count ? &trace->notes[trace->expected] : NULL;
        play->line = step->line;
        if (!note || note->line >= step->line || strcmp(note->text, step->text.at) != 0)
            play_fail(play, &play->wires[step->channel], "expected: %s; found: %s", step->text.at,
                      note ? note->text : "nothing more");
        trace->expected += note != NULL;
    }
}

int play(struct play *play, const struct scenario *scenario, const char *backend, bool cut, uint64_t seed)
{
    bool sim = !strcmp(backend, "sim");
    int error;

    *play = (struct play){ .scenario = scenario };
    error = (sim ? world_sim_open : world_real_open)(&play->world, backend, cut, seed, &scenario->reactor);
    if (error)
        return error;
    play->reactor = play->world->reactor;
    play->began = confab_reactor_now(play->reactor);
    confab_log_set(logged, play, CONFAB_WARNING);
    error = play_steps(play);
    if (error < 0)
        play_fail(play, NULL, "the loop has failed: %s", strerror(-error));
    normalise(play);
    check_expected(play);
    play->over = true;
    for (int i = 0; i < CHANNELS_MAX; i++)
        if (play->wires[i].name)
            far_free(&play->wires[i]);
    play->world->ops->free(play->world);
    confab_log_set(NULL, NULL, CONFAB_WARNING);
    commands_free(play);
    if (play->lent != play->given)
        play_fail(play, NULL, "%u of %u releases were called", play->given, play->lent);
    return 0;
}

void play_free(struct play *play)
{
    for (int i = 0; i < CHANNELS_MAX; i++) {
        bytes_free(&play->wires[i].pushed);
        bytes_free(&play->wires[i].message);
        trace_free(&play->wires[i].trace);
    }
    bytes_free(&play->failures);
}
