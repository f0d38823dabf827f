/* load_engine.c: the process of the load: all connections are made, for some time nothing counts, then all does, and in
 * the end what is still to come is waited for. */
#include "tools/bench/load_engine.h"
#include "tools/session/session.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double silence = 10;                        /* seconds, where the load says nothing else */
static const int64_t nap = 100 * CONFAB_MILLISECOND;     /* a turn sleeps so long at the most */
static const int64_t given_up_after = 2 * CONFAB_SECOND; /* longer than it was measured */

int64_t engine_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CONFAB_SECOND + now.tv_nsec;
}

void engine_fail(struct engine *engine, const char *format, ...)
{
    va_list list;

    if (engine->over)
        return;
    va_start(list, format);
    vsnprintf(engine->findings->why, sizeof engine->findings->why, format, list);
    va_end(list);
    engine->over = true;
}

/* -- What counts ----------------------------------------------------------------------------- */

static void read_usage(struct engine *engine, pid_t pid, struct usage *usage)
{
    int error = usage_read(pid, usage);

    if (error == -ENOSYS) /* the system does not tell */
        *usage = (struct usage){ NAN, NAN, NAN, NAN, NAN };
    else if (error)
        engine_fail(engine, "what process %ld has used cannot be told: %s", (long)pid, strerror(-error));
}

static void read_both(struct engine *engine, int end)
{
    struct findings *findings = engine->findings;

    read_usage(engine, engine->server->pid, &findings->server[end]);
    read_usage(engine, getpid(), &findings->self[end]);
    if (engine->server->calls)
        findings->calls[end] = *engine->server->calls;
}

static int64_t nanoseconds(double seconds)
{
    return (int64_t)(seconds * (double)CONFAB_SECOND);
}

static void begin(struct engine *engine)
{
    read_both(engine, 0);
    engine->findings->messages = engine->messages;
    engine->findings->bytes = engine->bytes;
    engine->phase = ENGINE_MEASURING;
    engine->measuring = true;
    engine->begun = engine_clock();
    engine->ends = engine->mark = engine->begun + nanoseconds(engine->load->seconds);
}

static void finish(struct engine *engine)
{
    struct findings *findings = engine->findings;
    int64_t now = engine_clock();

    findings->messages = engine->messages - findings->messages;
    findings->bytes = engine->bytes - findings->bytes;
    findings->seconds = (double)(now - engine->begun) / (double)CONFAB_SECOND;
    read_both(engine, 1);
    engine->phase = ENGINE_ENDING;
    engine->measuring = false;
    engine->stopping = true;
    engine->mark =
        engine->mode->give_up ? now + nanoseconds(engine->load->seconds) + given_up_after : INT64_MAX;
}

/* -- Phases ------------------------------------------------------------------------------------- */

static void start(struct link *link)
{
    struct engine *engine = link->engine;

    if (engine->mode->connects)
        link_open(link);
    else if (link->greedy)
        confab_dispatcher_want(link->socket, CONFAB_READ | CONFAB_WRITE);
    else
        engine->mode->start(link);
}

static void start_all(struct engine *engine)
{
    engine->stopping = false;
    for (uint32_t i = 0; i < engine->link_count && !engine->over; i++)
        start(&engine->links[i]);
}

static void warm(struct engine *engine, int64_t now)
{
    engine->phase = ENGINE_WARMING;
    engine->begun = now;
    engine->mark = now + nanoseconds(engine->load->warm);
    start_all(engine);
    engine->stopping = engine->load->idle;
}

/* Where system calls are counted, in a short run of a slow server, nothing is under way when that begins and ends: thousands
 * of messages would have some of their calls within and be outside themselves, or the other way round. */
static bool counts_whole(const struct engine *engine)
{
    const struct load *load = engine->load;

    return engine->server->calls && !load->idle && load->greedy == 0 && !engine->mode->turn;
}

/* The warm-up is over: those that are to be idle have had their answer. */
static void begin_when_still(struct engine *engine)
{
    bool whole = counts_whole(engine);

    engine->stopping = engine->stopping || whole;
    if (engine->stopping && engine->busy > 0)
        return;
    begin(engine);
    if (whole)
        start_all(engine);
}

static void finish_when_still(struct engine *engine)
{
    engine->stopping = engine->stopping || counts_whole(engine);
    if (!engine->stopping || engine->load->idle || engine->busy == 0)
        finish(engine);
}

static void end(struct engine *engine, int64_t now)
{
    if (engine->busy > 0 && now < engine->mark)
        return;
    if (engine->busy > 0 && engine->mode->give_up)
        engine->mode->give_up(engine, now);
    engine->findings->complete = true;
    engine->over = true;
}

static void advance(struct engine *engine, int64_t now)
{
    switch (engine->phase) {
    case ENGINE_CONNECTING:
        if (engine->connected == engine->link_count || engine->mode->connects)
            warm(engine, now);
        break;
    case ENGINE_WARMING:
        if (now >= engine->mark)
            begin_when_still(engine);
        break;
    case ENGINE_MEASURING:
        if (now >= engine->mark)
            finish_when_still(engine);
        break;
    case ENGINE_ENDING:
        end(engine, now);
        break;
    }
}

static void fail_silent(struct engine *engine, const struct link *link)
{
    double seconds = (double)engine->silence / (double)CONFAB_SECOND;

    if (engine->mode->line)
        engine_fail(engine, "connection %u: the server has said nothing for %g s, at %s:%u", link->index + 1,
                    seconds, engine->load->session->name, engine->mode->line(link));
    else
        engine_fail(engine, "connection %u: the server has said nothing for %g s", link->index + 1, seconds);
}

/* Whoever has been waiting for too long. */
static void look_for_silence(struct engine *engine, int64_t now)
{
    engine->look = now + engine->silence / 8;
    if (getppid() != engine->parent)
        engine_fail(engine, "nobody waits for the load");
    for (uint32_t i = 0; i < engine->link_count && !engine->over; i++) {
        const struct link *link = &engine->links[i];
        if (link->busy && now - link->since > engine->silence)
            fail_silent(engine, link);
    }
}

/* How long a turn may sleep: a phase that only waits for connections ends with one of them. */
static int64_t until_mark(const struct engine *engine, int64_t now)
{
    bool by_time = engine->phase == ENGINE_WARMING || engine->phase == ENGINE_MEASURING;
    int64_t left = by_time && engine->mark > now ? engine->mark - now : nap;

    return left < nap ? left : nap;
}

static void loop(struct engine *engine)
{
    while (!engine->over) {
        int64_t now = engine_clock();

        advance(engine, now);
        if (engine->over)
            break;
        if (now >= engine->look)
            look_for_silence(engine, now);
        int64_t sleeps = until_mark(engine, now);
        if (engine->mode->turn && engine->phase != ENGINE_CONNECTING) {
            int64_t due = engine->mode->turn(engine, now);
            sleeps = due < sleeps ? due : sleeps;
        }
        int result = confab_reactor_run_once(engine->reactor, sleeps);
        if (result < 0)
            engine_fail(engine, "the loop of the load fails: %s", strerror(-result));
    }
}

/* -- All of it -------------------------------------------------------------------------------------- */

static const struct load_mode *mode_of(const struct load *load)
{
    if (load->session)
        return load_session_mode(load->session);
    if (load->churn)
        return &load_churn;
    return load->rate > 0 ? &load_open : &load_closed;
}

static int make_links(struct engine *engine)
{
    const struct load *load = engine->load;
    size_t extra = engine->batch, size = load->session ? 2 : (size_t)load->size;

    if (load->greedy > 0 && extra < LOAD_BUFFER)
        extra = LOAD_BUFFER;
    engine->link_count = (uint32_t)load->connections;
    engine->links = calloc(engine->link_count, sizeof *engine->links);
    engine->buffer = malloc(LOAD_BUFFER);
    if (!engine->links || !engine->buffer || lines_make(&engine->lines, size, extra))
        return -ENOMEM;
    for (uint32_t i = 0; i < engine->link_count; i++) {
        struct link *link = &engine->links[i];
        *link = (struct link){ .engine = engine, .index = i, .greedy = i < load->greedy };
        link->send_at = link->receive_at = lines_begin(&engine->lines, i);
    }
    return 0;
}

static void connect_some(struct engine *engine)
{
    read_usage(engine, engine->server->pid, &engine->findings->before);
    while (!engine->mode->connects && engine->opened < engine->link_count &&
           engine->opened < LOAD_CONNECTING && !engine->over)
        link_open(&engine->links[engine->opened++]);
}

void engine_run(const struct load *load, const struct server *server, pid_t parent, struct findings *findings)
{
    /* The environment's backend is for those that are measured. */
    const struct confab_reactor_options options = { .size = sizeof options,
                                                    .backend = confab_backend_name(0) };
    struct engine engine = {
        .load = load, .server = server, .parent = parent, .findings = findings, .mode = mode_of(load)
    };
    int error;

    engine.batch = (size_t)load->size * (size_t)(load->depth > 0 ? load->depth : 1);
    engine.silence = nanoseconds(load->silence > 0 ? load->silence : silence);
    engine.begun = engine.ends = INT64_MAX;
    error = make_links(&engine);
    if (!error)
        error = confab_reactor_new(&engine.reactor, &options);
    if (error) {
        engine_fail(&engine, "the load cannot begin: %s", strerror(-error));
        goto free_links;
    }
    error = engine.mode->open ? engine.mode->open(&engine) : 0;
    if (error)
        engine_fail(&engine, "the load cannot begin: %s", strerror(-error));
    else
        connect_some(&engine);
    loop(&engine);
    confab_reactor_free(engine.reactor);
    if (engine.mode->close)
        engine.mode->close(&engine);
free_links:
    lines_free(&engine.lines);
    free(engine.buffer);
    free(engine.links);
}
