/* load_session.c: a session file instead of lines: each connection plays it, again and again.
 *
 * One that tells how its connection ends, or in which the client never speaks, has a connection of its own for each
 * play.  Of any other, what is expected before the first that is sent is a greeting, which comes once; what is behind it
 * is played again on the same connection. */
#include "tools/bench/load_engine.h"
#include "tools/session/scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 160 };

struct player {
    size_t next; /* step */
    struct variables variables;
    struct bytes out, in;
    size_t gone, seen; /* of them */
    bool started;      /* it may send */
    bool ended;        /* the server's side has */
};

struct stage {
    const struct session *session;
    struct player *players;
    size_t again; /* the step that a further play on the same connection begins with */
};

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

/* -- Out ------------------------------------------------------------------------------------ */

static size_t left_to_send(const struct player *player)
{
    return player->out.len - player->gone;
}

static void send_some(struct link *link)
{
    struct player *player = link->own;
    ssize_t n = confab_dispatcher_send(link->socket, player->out.at + player->gone, left_to_send(player));

    if (n < 0 && n != -EAGAIN)
        engine_fail(link->engine, "connection %u: the server has closed it: %s", link->index + 1,
                    strerror((int)-n));
    player->gone += n > 0 ? (size_t)n : 0;
    bool more = left_to_send(player) > 0;
    if (more != link->writing)
        confab_dispatcher_want(link->socket, more ? CONFAB_READ | CONFAB_WRITE : CONFAB_READ);
    link->writing = more;
}

/* Whether all is gone; the rest goes when the server takes more. */
static bool flush(struct link *link)
{
    struct player *player = link->own;

    if (left_to_send(player) > 0 && !link->writing)
        send_some(link);
    if (left_to_send(player) > 0)
        return false;
    player->out.len = player->gone = 0;
    return true;
}

static void no_memory(struct link *link)
{
    engine_fail(link->engine, "connection %u: out of memory", link->index + 1);
}

/* -- Steps ------------------------------------------------------------------------------------- */

/* What was expected in a step, and what came instead. */
static void fail_step(struct link *link, const struct session_step *step, const char *what)
{
    const struct stage *stage = link->engine->own;
    struct player *player = link->own;
    const char *came = player->in.at ? player->in.at + player->seen : "";
    struct bytes told = { 0 };
    bool closed = step->kind == STEP_CLOSED;

    if (!closed && session_tell(step, &player->variables, &told))
        no_memory(link);
    else
        engine_fail(link->engine, "connection %u: %s:%u: %s, expected %.*s; \"%s\" came", link->index + 1,
                    stage->session->name, step->line, what, WORDS / 2,
                    closed    ? "its end"
                    : told.at ? told.at
                              : "\"\"",
                    excerpt(came, player->in.len - player->seen).text);
    bytes_free(&told);
}

/* Whether it is done; else more has to come. */
static bool expect(struct link *link, const struct session_step *step)
{
    const struct stage *stage = link->engine->own;
    struct player *player = link->own;
    char error[WORDS] = "";
    size_t used = 0;
    int match = session_match(stage->session, step, &player->variables,
                              player->in.at ? player->in.at + player->seen : "",
                              player->in.len - player->seen, player->ended, &used, error, sizeof error);

    if (match == MATCH_YES)
        player->seen += used;
    else if (match < 0)
        engine_fail(link->engine, "connection %u: %s", link->index + 1, error);
    else if (match == MATCH_NO)
        fail_step(link, step, player->ended ? "the server has closed the connection" : "a wrong answer");
    return match == MATCH_YES;
}

static bool closed(struct link *link, const struct session_step *step)
{
    struct player *player = link->own;

    if (player->in.len > player->seen)
        fail_step(link, step, "the connection goes on");
    return player->ended;
}

static bool say(struct link *link, const struct session_step *step)
{
    struct player *player = link->own;
    const char *missing = NULL;

    if (!player->started)
        return false;
    int error = text_expand(&step->text, &player->variables, &player->out, &missing);
    if (error)
        engine_fail(link->engine, "connection %u: line %u: %s", link->index + 1, step->line,
                    missing ? "a name that has no value" : strerror(-error));
    return error == 0;
}

static bool end_side(struct link *link)
{
    if (shutdown(confab_dispatcher_fd(link->socket), SHUT_WR) && errno != ENOTCONN)
        engine_fail(link->engine, "connection %u: shutdown: %s", link->index + 1, strerror(errno));
    return true;
}

/* Whether it is done, and the next has its turn. */
static bool take(struct link *link, const struct session_step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        return say(link, step);
    case STEP_EXPECT:
    case STEP_OPTIONAL:
    case STEP_UNTIL:
    case STEP_MATCH:
        flush(link);
        return expect(link, step);
    case STEP_EOF:
        return flush(link) && end_side(link);
    case STEP_CLOSED:
        flush(link);
        return closed(link, step);
    case STEP_RESET:
        return flush(link);
    case STEP_CONNECT:
    case STEP_ACCEPT:
    case STEP_STALL:
    case STEP_GO:
    case STEP_WAIT:
        break;
    }
    return true;
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
        while (player->next < stage->session->step_count && take(link, &stage->session->steps[player->next]))
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
            no_memory(link);
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

    send_some(link);
    if (flush(link))
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
