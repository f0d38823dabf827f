/* session.c: a session in memory. */
#include "tools/session/session.h"

#include "tools/session/mask.h"
#include "tools/session/pattern.h"
#include "tools/session/scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *step_sign(enum step_kind kind)
{
    static const char *const signs[] = {
        [STEP_CONNECT] = "connect", [STEP_ACCEPT] = "accept", [STEP_SEND] = ">",
        [STEP_EXPECT] = "<",        [STEP_OPTIONAL] = "<?",   [STEP_UNTIL] = "<*",
        [STEP_MATCH] = "<~",        [STEP_STALL] = "stall",   [STEP_GO] = "go",
        [STEP_EOF] = "eof",         [STEP_RESET] = "reset",   [STEP_CLOSED] = "closed",
        [STEP_WAIT] = "wait",
    };

    return signs[kind];
}

struct session *session_new(const char *name)
{
    struct session *session = calloc(1, sizeof *session);

    if (session && !(session->name = strdup(name))) {
        free(session);
        session = NULL;
    }
    return session;
}

static void pairs_free(struct session_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        text_free(&pairs[i].value);
    }
    free(pairs);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->step_count; i++) {
        text_free(&session->steps[i].text);
        pattern_free(session->steps[i].pattern);
    }
    for (size_t i = 0; i < session->connection_count; i++)
        free(session->connections[i].name);
    pairs_free(session->options, session->option_count);
    pairs_free(session->files, session->file_count);
    pairs_free(session->servers, session->server_count);
    masks_free(session->masks);
    free(session->connections);
    free(session->steps);
    free(session->plugin);
    free(session->peer);
    free(session->name);
    free(session);
}

void *array_room(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    if (count > SIZE_MAX / 2 / size)
        return NULL;
    return realloc(array, (count ? 2 * count : 1) * size);
}

struct session_step *session_add(struct session *session, enum step_kind kind, unsigned connection,
                                 const void *bytes, size_t len)
{
    struct session_step *steps, made = { .kind = kind, .connection = connection };

    if (session->step_count == SESSION_STEPS_MAX || text_add_bytes(&made.text, bytes, len, 1))
        return NULL;
    steps = array_room(session->steps, session->step_count, sizeof *steps);
    if (!steps) {
        text_free(&made.text);
        return NULL;
    }
    session->steps = steps;
    steps[session->step_count] = made;
    if (kind == STEP_EOF || kind == STEP_RESET || kind == STEP_CLOSED)
        session->connections[connection].ended = true;
    return &steps[session->step_count++];
}

int session_find_connection(const struct session *session, const char *name)
{
    for (size_t i = 0; i < session->connection_count; i++)
        if (strcmp(session->connections[i].name, name) == 0)
            return (int)i;
    return -ENOENT;
}

int session_add_connection(struct session *session, const char *name)
{
    int found = session_find_connection(session, name);
    size_t count = session->connection_count;
    struct session_connection *connections;

    if (found >= 0)
        return found;
    if ((*name && !name_good(name, strlen(name))) || (count && !*name != !*session->connections[0].name))
        return -EINVAL;
    if (count == SESSION_CONNECTIONS_MAX)
        return -EMFILE;
    connections = array_room(session->connections, count, sizeof *connections);
    if (!connections)
        return -ENOMEM;
    session->connections = connections;
    connections[count] = (struct session_connection){ .name = strdup(name) };
    if (!connections[count].name)
        return -ENOMEM;
    session->connection_count++;
    return (int)count;
}
