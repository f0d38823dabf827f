/* sum: adds up the bytes that it is sent.
 *
 *     client    SUM 5\r\n     a line: how many bytes follow
 *     client    hello         these bytes
 *     server    532\r\n       their sum
 *
 * A body of any length costs no memory: it is added up as it comes. */
#include <confab/plugin.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Of the service: the values of its options. */
struct state {
    uint64_t most;
};

/* Of one connection. */
struct session {
    bool body; /* what arrives is a body, not a line */
    uint64_t sum;
};

enum counter { BODIES, REFUSED };
static const char *const counters[] = { "bodies", "refused", NULL };

static int expect_line(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    *session = (struct session){ .body = false };
    return confab_chat_set_terminator_line(chat);
}

/* close_when_done, not close: the words are to reach the client. */
static int refuse(confab_chat *chat, const char *why)
{
    confab_service_count(confab_chat_service(chat), REFUSED, 1);
    int error = confab_chat_printf(chat, "ERROR %s\r\n", why);
    confab_chat_close_when_done(chat);
    return error;
}

static int found_line(confab_chat *chat)
{
    const struct state *state = confab_service_state(confab_chat_service(chat));
    struct session *session = confab_chat_session(chat);
    uint64_t length;
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    if (!line)
        return -ENOMEM;
    if (len < 4 || memcmp(line, "SUM ", 4) != 0)
        return refuse(chat, "expected SUM and a length");
    if (confab_parse_u64(line + 4, len - 4, &length) || length > state->most)
        return refuse(chat, "not a length, or too large");
    session->body = true;
    return confab_chat_set_terminator_count(chat, length);
}

static int found_body(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    confab_service_count(confab_chat_service(chat), BODIES, 1);
    int error = confab_chat_printf(chat, "%" PRIu64 "\r\n", session->sum);
    if (!error && !confab_chat_draining(chat))
        return expect_line(chat);
    confab_chat_close_when_done(chat);
    return error;
}

static int handle_connect(confab_chat *chat)
{
    struct confab_chat_options o = { .size = sizeof(o), .max_message = 64 };
    int error = confab_chat_set_options(chat, &o); /* bounds a line, no body */
    return error ? error : expect_line(chat);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);
    if (!session->body)
        return confab_chat_collect(chat, data, len);
    for (size_t i = 0; i < len; i++)
        session->sum += (unsigned char)data[i];
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return session->body ? found_body(chat) : found_line(chat);
}

static int handle_too_long(confab_chat *chat)
{
    return refuse(chat, "the line is too long");
}

/* A body that was announced still gets its sum: found_body closes then. */
static int handle_shutdown(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    if (!session->body)
        confab_chat_close_when_done(chat);
    return 0;
}

/* clang-format off */
static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, most, SIZE, "most", .fallback = "1G",
                  .help = "refuse a body of more bytes than this"),
    CONFAB_OPTIONS_END,
};

static const char talk[] =
    "confab-session 1\n"
    "isolated\n"
    "> \"SUM 5\\r\\nhello\"\n"
    "< \"532\\r\\n\"\n"
    "> \"SUM x\\r\\n\"\n"
    "< \"ERROR not a length, or too large\\r\\n\"\n"
    "closed\n";

CONFAB_PLUGIN(
    .name = "sum",
    .version = "1.0",
    .description = "SUM <length>, then that many bytes, which are added up",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect,
        .found_terminator = found_terminator,
        .handle_too_long = handle_too_long,
        .handle_shutdown = handle_shutdown),
    .options = options,
    .service_size = sizeof(struct state),
    .spread = CONFAB_ANY_WORKER,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(talk))
