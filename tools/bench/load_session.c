/* load_session.c: a session file instead of lines: each connection plays it, again and again.
 *
 * One that tells how its connection ends, or in which the client never speaks, has a connection of its own for each
 * play.  Of any other, what is expected before the first that is sent is a greeting, which comes once; what is behind it
 * is played again on the same connection. */
#include "tools/bench/load_session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_anew(const struct session *session)
{
    bool sends = false;

    for (size_t i = 0; i < session->step_count; i++)
        sends = sends || session->steps[i].kind == STEP_SEND;
    return !sends || session->truncated || session->connections[0].ended;
}

static size_t first_send(const struct session *session)
{
    size_t i = 0;

    while (i < session->step_count && session->steps[i].kind != STEP_SEND)
        i++;
    return i;
}

/* -- Plays --------------------------------------------------------------------------------------- */

static void forget_seen(struct player *player)
{
    size_t left = player->in.len - player->seen;

    if (player->seen > 0 && left > 0)
        memmove(player->in.at, player->in.at + player->seen, left);
    player->in.len = left;
    player->seen = 0;
}

/* Of what a reset has cut off, and of a recording that has been cut, more may come. */
static bool may_come(const struct session *session)
{
    return session->truncated || session->steps[session->step_count - 1].kind == STEP_RESET;
}

static void count(struct link *link, int64_t now)
{
    struct engine *engine = link->engine;
    const struct stage *stage = engine->own;
    struct player *player = link->own;

    if (player->in.len > player->seen && !may_come(stage->session))
        engine_fail(engine, "connection %u: \"%s\" came, which nothing in %s expects", link->index + 1,
                    excerpt(player->in.at + player->seen, player->in.len - player->seen).text,
                    stage->session->name);
    engine->messages++;
    if (engine->measuring)
        histogram_add(&engine->findings->latency, (uint64_t)(now - link->sent), 1);
    link->sent = now;
}

/* The next play begins; false: on a connection of its own, or not at all. */
static bool again(struct link *link)
{
    struct engine *engine = link->engine;
    const struct stage *stage = engine->own;
    struct player *player = link->own;
    bool anew = engine->mode->connects;

    player->next = anew ? 0 : stage->again;
    if (anew) {
        player->in.len = player->seen = player->out.len = player->gone = 0;
        player->ended = player->started = false;
        link_close(link);
    }
    if (anew || engine->stopping)
        link_idle(link);
    if (anew && !engine->stopping)
        link_open(link);
    return !anew && !engine->stopping;
}

/* As far as it goes with what has come. */
static void play(struct link *link, int64_t now)
{
    struct engine *engine = link->engine;
    const struct stage *stage = engine->own;
    struct player *player = link->own;

    while (!engine->over) {
        while (player->next < stage->session->step_count &&
               player_step(link, &stage->session->steps[player->next]))
            player->next++;
        if (player->next < stage->session->step_count)
            break;
        count(link, now);
        if (!again(link))
            return;
    }
    forget_seen(player);
}

/* -- What the turn has for it ----------------------------------------------------------------------- */

static int session_read_some(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;
    struct player *player = link->own;
    ssize_t n = confab_dispatcher_recv(socket, engine->buffer, LOAD_BUFFER);
    int64_t now = engine_clock();

    if (n == -EAGAIN)
        return 0;
    if (n > 0) {
        engine->bytes += (uint64_t)n;
        if (bytes_add(&player->in, engine->buffer, (size_t)n))
            player_no_memory(link);
    }
    player->ended = n <= 0;
    link->since = now;
    if (link->busy || !player->started)
        play(link, now);
    if (player->ended && !engine->over) /* and that was not the end of a play */
        engine_fail(engine, "connection %u: the server has closed it", link->index + 1);
    return 0;
}

static int session_write(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);

    player_send(link);
    if (player_flush(link))
        play(link, engine_clock());
    return 0;
}

static void session_start(struct link *link)
{
    struct player *player = link->own;
    int64_t now = link->engine->mode->connects ? link->since : engine_clock();

    player->started = true;
    link->sent = now;
    link_busy(link, now);
    play(link, now);
}

static unsigned session_line(const struct link *link)
{
    const struct stage *stage = link->engine->own;
    const struct player *player = link->own;
    const struct session *session = stage->session;

    return session->steps[player->next < session->step_count ? player->next : session->step_count - 1].line;
}

/* -- The mode ------------------------------------------------------------------------------------------ */

static int session_open(struct engine *engine)
{
    const struct load *load = engine->load;
    struct stage *stage = calloc(1, sizeof *stage);
    const char *address = engine->server->address;
    int error = stage ? 0 : -ENOMEM;

    engine->own = stage;
    if (!error)
        *stage = (struct stage){ .session = load->session,
                                 .players = calloc(engine->link_count, sizeof *stage->players),
                                 .again = first_send(load->session) };
    if (error || !stage->players)
        return -ENOMEM;
    for (uint32_t i = 0; i < engine->link_count && !error; i++) {
        engine->links[i].own = &stage->players[i];
        error = variables_set(&stage->players[i].variables, "ADDRESS", address, strlen(address));
    }
    return error;
}

static void session_close(struct engine *engine)
{
    struct stage *stage = engine->own;

    for (uint32_t i = 0; stage && stage->players && i < engine->link_count; i++) {
        variables_free(&stage->players[i].variables);
        bytes_free(&stage->players[i].out);
        bytes_free(&stage->players[i].in);
    }
    if (stage)
        free(stage->players);
    free(stage);
}

static const struct confab_dispatcher_ops session_ops = { .size = sizeof session_ops,
                                                          .handle_connect = link_connected,
                                                          .handle_read = session_read_some,
                                                          .handle_write = session_write,
                                                          .handle_error = link_error,
                                                          .handle_close = link_gone };

static const struct load_mode on_one = { .ops = &session_ops,
                                         .open = session_open,
                                         .close = session_close,
                                         .start = session_start,
                                         .line = session_line };
static const struct load_mode on_its_own = { .ops = &session_ops,
                                             .connects = true,
                                             .open = session_open,
                                             .close = session_close,
                                             .start = session_start,
                                             .line = session_line };

const struct load_mode *load_session_mode(const struct session *session)
{
    return is_anew(session) ? &on_its_own : &on_one;
}
