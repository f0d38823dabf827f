/* @NAME@: stands between its clients and a server: a relay of lines.
 *
 *     client    hello\r\n       passed on to the server at `upstream`, on a connection of this client's own
 *     server    HELLO\r\n       passed on to the client
 *
 * While the server cannot be reached the client is not read, and the server is tried again: after a quarter
 * of a second, half a second, and so on.  After TRIES of them the client gets "ERROR no upstream\r\n", and its
 * connection ends.  A line that was on its way when the server went is lost with the server's connection. */
#include <confab/plugin.h>
#include <errno.h>

enum { TRIES = 6, FIRST_PAUSE_MS = 250 };

/* Of the service: its options. */
struct state {
    char *upstream;
};

/* Of both kinds of connection.  A chat's id may be kept for ever; a pointer to it would dangle once it closed. */
struct session {
    confab_id other; /* a client's upstream; an upstream's client */
    unsigned tries;  /* of a client: connects that failed in a row */
    bool ended;      /* of a client: it will say no more */
};

enum counter { LINES, CONNECTS };
static const char *const counters[] = { [LINES] = "lines", [CONNECTS] = "connects", NULL };

static confab_chat *other_of(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return confab_chat_find(confab_chat_reactor(chat), session->other); /* NULL: it has closed */
}

/* Passes a line on.  What a push to another chat returns concerns that chat, so it is not returned here. */
static int found_line(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    confab_chat *other = other_of(chat);
    if (!line)
        return -ENOMEM;
    confab_service_count(confab_chat_service(chat), LINES, 1);
    if (other) {
        confab_chat_push(other, line, len);
        confab_chat_push(other, "\r\n", 2);
    }
    return 0;
}

/* -- The server's side: chats that we connect, with hooks of their own ---------- */

static void try_later(confab_chat *client);

static int upstream_connected(confab_chat *upstream)
{
    confab_chat *client = other_of(upstream);
    if (!client)
        return -ECANCELED;
    struct session *session = confab_chat_session(client);
    session->tries = 0;
    /* Whoever reads slowly slows the other down: nothing piles up in between. */
    confab_chat_pace(client, upstream);
    confab_chat_pace(upstream, client);
    confab_chat_resume(client);
    return confab_chat_set_terminator_line(upstream);
}

/* The last call for an upstream, also for one that was never reached. */
static void upstream_closed(confab_chat *upstream, enum confab_reason reason)
{
    confab_chat *client = other_of(upstream);
    char why[256];
    if (reason == CONFAB_REASON_CONNECT)
        confab_chat_log(upstream, CONFAB_WARNING, "%s", confab_chat_error_text(upstream, why, sizeof(why)));
    if (!client)
        return;
    const struct session *session = confab_chat_session(client);
    if (session->ended)
        confab_chat_close_when_done(client);
    else
        try_later(client);
}

static const struct confab_chat_ops upstream_ops = {
    .size = sizeof(upstream_ops),
    .session_size = sizeof(struct session),
    .handle_connect = upstream_connected,
    .collect_incoming_data = confab_chat_collect,
    .found_terminator = found_line,
    .handle_close = upstream_closed,
};

/* -- The client's side ----------------------------------------------------------- */

/* Connects; the result comes later, to upstream_connected or upstream_closed.  A timer's call too. */
static void reach(confab_chat *client, void *data)
{
    (void)data;
    confab_service *service = confab_chat_service(client);
    const struct state *state = confab_service_state(service);
    confab_chat *upstream = confab_service_connect(service, state->upstream, &upstream_ops, NULL);
    if (!upstream) { /* out of memory, or no time for it: the service stops */
        try_later(client);
        return;
    }
    confab_service_count(service, CONNECTS, 1);
    ((struct session *)confab_chat_session(upstream))->other = confab_chat_id(client);
    ((struct session *)confab_chat_session(client))->other = confab_chat_id(upstream);
}

/* Waits twice as long each time.  A chat's timer is gone with the chat: there is nothing to cancel. */
static void try_later(confab_chat *client)
{
    struct session *session = confab_chat_session(client);
    int64_t pause = (FIRST_PAUSE_MS * CONFAB_MILLISECOND) << session->tries;
    confab_chat_suspend(client); /* what it says waits in its own socket */
    if (++session->tries < TRIES && confab_chat_call_later(client, pause, reach, NULL))
        return;
    confab_chat_puts(client, "ERROR no upstream\r\n");
    confab_chat_close_when_done(client);
}

static int handle_connect(confab_chat *client)
{
    confab_chat_suspend(client);
    reach(client, NULL);
    return confab_chat_set_terminator_line(client);
}

/* The client will say no more, but answers may be under way: the server's end is the client's. */
static int handle_eof(confab_chat *client)
{
    struct session *session = confab_chat_session(client);
    confab_chat *upstream = other_of(client);
    session->ended = true;
    if (upstream)
        confab_chat_shutdown(upstream);
    else
        confab_chat_close_when_done(client);
    return 0;
}

static void handle_close(confab_chat *client, enum confab_reason reason)
{
    confab_chat *upstream = other_of(client);
    (void)reason;
    if (upstream)
        confab_chat_close(upstream);
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, upstream, ADDRESS, "upstream", .fallback = "127.0.0.1:7000",
                  .flags = CONFAB_OPTION_CONNECT, .help = "the server that lines are passed on to"),
    CONFAB_OPTIONS_END,
};

/* `confab check` plays this on each split of the stream, and under many a fault; `confab info` shows it. */
static const char example[] = "confab-session 1\n"
                              "server upstream 10.0.0.2:7000\n"
                              "plugin @NAME@ upstream=${upstream}\n"
                              "client: > \"hello\\r\\n\"\n"
                              "upstream accept\n"
                              "upstream: < \"hello\\r\\n\"\n"
                              "upstream: > \"HELLO\\r\\n\"\n"
                              "client: < \"HELLO\\r\\n\"\n";

/* clang-format off */
CONFAB_PLUGIN(
    .name = "@NAME@",
    .version = "0.1",
    .description = "passes lines on to a server, and its answers back",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect, /* keeps a message until it is whole */
        .found_terminator = found_line,
        .handle_eof = handle_eof,
        /* .handle_too_long = ...,  a line over max-message; without it: closed */
        /* .handle_timeout = ...,   silent for idle-timeout; without it: closed */
        .handle_close = handle_close),
    .options = options,
    .service_size = sizeof(struct state),
    /* .ready = ..., .start = ..., .stop = ..., .free = ...,   the life of the service */
    .spread = CONFAB_ANY_WORKER, /* each client has an upstream of its own */
    .counters = counters,
    .examples = CONFAB_EXAMPLES(example))
