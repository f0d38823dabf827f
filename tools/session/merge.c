/* merge.c: several connections that were recorded, as one session in the order of their times. */
#include "tools/session/session.h"

#include <errno.h>
#include <string.h>

/* One of those that are merged. */
struct source {
    const struct session *session;
    size_t next;   /* step */
    int64_t time;  /* of it, since the first of all began */
    unsigned base; /* where its connections are in what is made */
};

struct merging {
    struct session *made;
    struct source *sources;
    size_t count;
    int64_t time;
    char *error;
    size_t room;
};

static int refuse(const struct merging *merging, const struct session *session, const char *why)
{
    snprintf(merging->error, merging->room, "%s: %s", session->name, why);
    return -EINVAL;
}

static int no_memory(const struct merging *merging)
{
    snprintf(merging->error, merging->room, "out of memory");
    return -ENOMEM;
}

/* -- What they have in common ----------------------------------------------------------- */

static int literal(const struct text *text, struct bytes *to)
{
    const struct variables none = { .first = NULL };
    const char *missing;

    return text_expand(text, &none, to, &missing);
}

static int same_text(const struct text *a, const struct text *b, bool *same)
{
    struct bytes x = { 0 }, y = { 0 };
    int error = literal(a, &x);

    error = error ? error : literal(b, &y);
    *same = !error && x.len == y.len && (x.len == 0 || memcmp(x.at, y.at, x.len) == 0);
    bytes_free(&x);
    bytes_free(&y);
    return error == -ENOMEM ? error : 0;
}

static int same_service(const struct session *a, const struct session *b, bool *same)
{
    *same = a->option_count == b->option_count && !a->plugin == !b->plugin &&
            (!a->plugin || strcmp(a->plugin, b->plugin) == 0);
    for (size_t i = 0; *same && i < a->option_count; i++) {
        if (strcmp(a->options[i].name, b->options[i].name) != 0) {
            *same = false;
            break;
        }
        int error = same_text(&a->options[i].value, &b->options[i].value, same);
        if (error)
            return error;
    }
    return 0;
}

static int check(const struct merging *merging, const struct session *session)
{
    bool same;

    if (!session->recorded)
        return refuse(merging, session,
                      "it has no `began`: only what `confab serve --record` wrote can be merged");
    if (session->file_count || session->server_count || session->masks)
        return refuse(merging, session,
                      "it has files, servers or masks, which no recording has: it cannot be merged");
    for (size_t i = 0; i < session->step_count; i++)
        if (session->steps[i].kind == STEP_MATCH || session->steps[i].kind == STEP_ACCEPT)
            return refuse(merging, session, "it has steps that no recording has: it cannot be merged");
    if (same_service(merging->sources[0].session, session, &same))
        return no_memory(merging);
    return same
               ? 0
               : refuse(merging, session, "it is of another plugin, or of other options, than the first one");
}

/* -- Steps -------------------------------------------------------------------------------- */

static struct source *earliest(const struct merging *merging)
{
    struct source *found = NULL;

    for (size_t i = 0; i < merging->count; i++) {
        struct source *source = &merging->sources[i];
        if (source->next < source->session->step_count && (!found || source->time < found->time))
            found = source;
    }
    return found;
}

static int add_step(struct merging *merging, struct source *source)
{
    const struct session_step *step = &source->session->steps[source->next++];
    struct bytes bytes = { 0 };

    if (step->kind == STEP_WAIT) {
        source->time += step->wait;
        return 0;
    }
    if (source->time > merging->time) {
        struct session_step *wait = session_add(merging->made, STEP_WAIT, 0, NULL, 0);
        if (!wait)
            return no_memory(merging);
        wait->wait = source->time - merging->time;
        merging->time = source->time;
    }
    int error = literal(&step->text, &bytes);
    if (!error &&
        !session_add(merging->made, step->kind, source->base + step->connection, bytes.at, bytes.len))
        error = -ENOMEM;
    bytes_free(&bytes);
    if (error == -ENOENT)
        return refuse(merging, source->session,
                      "it has ${names}, which no recording has: it cannot be merged");
    return error ? no_memory(merging) : 0;
}

/* Connections are c1, c2 and so on, in the order in which they were given. */
static int add_connections(struct merging *merging, struct source *source)
{
    char name[SESSION_NAME_MAX];

    source->base = (unsigned)merging->made->connection_count;
    for (size_t i = 0; i < source->session->connection_count; i++) {
        snprintf(name, sizeof name, "c%zu", merging->made->connection_count + 1);
        int index = session_add_connection(merging->made, name);
        if (index == -EMFILE)
            return refuse(merging, source->session, "with it there are too many connections");
        if (index < 0)
            return no_memory(merging);
    }
    return 0;
}

static int merge(struct merging *merging)
{
    struct source *source;
    int error = 0;

    for (size_t i = 0; i < merging->count && !error; i++) {
        error = check(merging, merging->sources[i].session);
        error = error ? error : add_connections(merging, &merging->sources[i]);
    }
    while (!error && (source = earliest(merging)))
        error = add_step(merging, source);
    return error;
}

/* -- All of it ---------------------------------------------------------------------------------- */

/* The header is the first one's. */
static struct session *begin(const struct session *first)
{
    struct session header = *first, *made = NULL;
    struct bytes text = { 0 };
    char error[256];

    header.step_count = 0;
    header.peer = NULL;
    header.truncated = header.isolated = false;
    if (session_print(&header, &text) == 0)
        session_parse(&made, "merged", text.at, text.len, error, sizeof error);
    bytes_free(&text);
    return made;
}

int session_merge(struct session **made, struct session *const *sessions, size_t count, char *error,
                  size_t room)
{
    struct source sources[SESSION_CONNECTIONS_MAX] = { { .session = NULL } };
    struct merging merging = { .sources = sources, .count = count, .error = error, .room = room };
    int64_t began = sessions[0]->began;
    int result;

    *made = NULL;
    if (count > SESSION_CONNECTIONS_MAX) {
        snprintf(error, room, "expected %d sessions to merge at the most", SESSION_CONNECTIONS_MAX);
        return -EMFILE;
    }
    for (size_t i = 0; i < count; i++)
        began = sessions[i]->began < began ? sessions[i]->began : began;
    for (size_t i = 0; i < count; i++) {
        sources[i].session = sessions[i];
        sources[i].time = sessions[i]->began - began;
    }
    merging.made = begin(sessions[0]);
    result = merging.made ? merge(&merging) : no_memory(&merging);
    if (result) {
        session_free(merging.made);
        return result;
    }
    for (size_t i = 0; i < count; i++)
        merging.made->truncated = merging.made->truncated || sessions[i]->truncated;
    merging.made->began = began;
    *made = merging.made;
    return 0;
}
