/* load_session_step.c: the steps of a session file: what a connection says, and what it expects. */
#include "tools/bench/load_session.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { WORDS = 160 }; /* of an error, at the most */

/* -- Out ------------------------------------------------------------------------------------ */

static size_t left_to_send(const struct player *player)
{
    return player->out.len - player->gone;
}

void player_send(struct link *link)
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

bool player_flush(struct link *link)
{
    struct player *player = link->own;

    if (left_to_send(player) > 0 && !link->writing)
        player_send(link);
    if (left_to_send(player) > 0)
        return false;
    player->out.len = player->gone = 0;
    return true;
}

void player_no_memory(struct link *link)
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
        player_no_memory(link);
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

bool player_step(struct link *link, const struct session_step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        return say(link, step);
    case STEP_EXPECT:
    case STEP_OPTIONAL:
    case STEP_UNTIL:
    case STEP_MATCH:
        player_flush(link);
        return expect(link, step);
    case STEP_EOF:
        return player_flush(link) && end_side(link);
    case STEP_CLOSED:
        player_flush(link);
        return closed(link, step);
    case STEP_RESET:
        return player_flush(link);
    case STEP_CONNECT:
    case STEP_ACCEPT:
    case STEP_STALL:
    case STEP_GO:
    case STEP_WAIT:
        break;
    }
    return true;
}
