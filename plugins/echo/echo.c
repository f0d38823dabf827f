/* echo: sends back as many bytes as it was told to expect.
 *
 *     client    ECHO 5\n        a command: a line of COMMAND_MAX bytes at the most
 *     client    hello           the body: exactly that many bytes, whatever they are
 *     server    hello           the same bytes, as they arrive
 *
 * Then the next command may follow.  What is not a command is answered with
 * "ERROR <why>\n", and the connection ends.
 *
 * A body may be of any length, and costs no memory: it is pushed back piece by
 * piece, and a client that does not read its reply is not read from either
 * (the library's watermarks see to that). */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

enum { COMMAND_MAX = 128 };

/* Of the service: what was given on the command line. */
struct state {
    uint64_t max_length;
    bool once;
};

/* Of one connection. */
struct session {
    bool body; /* what arrives is a body, not a command */
};

enum counter { REPLIES, REFUSED };
static const char *const counters[] = { [REPLIES] = "replies", [REFUSED] = "refused", NULL };

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

static int expect_command(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    session->body = false;
    return confab_chat_set_terminator_line(chat);
}

static int expect_body(confab_chat *chat, uint64_t length)
{
    struct session *session = confab_chat_session(chat);
    session->body = true;
    return confab_chat_set_terminator_count(chat, length);
}

/* close_when_done, not close: the words must reach the client before the end. */
static int refuse(confab_chat *chat, const char *why)
{
    confab_service_count(confab_chat_service(chat), REFUSED, 1);
    int error = confab_chat_printf(chat, "ERROR %s\n", why);
    confab_chat_close_when_done(chat);
    return error;
}

static int found_command(confab_chat *chat)
{
    static const char verb[] = "ECHO ";
    const size_t verb_length = sizeof(verb) - 1;
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    if (!line)
        return -ENOMEM;
    if (len < verb_length || memcmp(line, verb, verb_length) != 0)
        return refuse(chat, "not a command: expected ECHO <length>");

    uint64_t length;
    int error = confab_parse_u64(line + verb_length, len - verb_length, &length);
    if (error == -ERANGE)
        return refuse(chat, "the length is out of range");
    if (error)
        return refuse(chat, "not a length: expected decimal digits");
    uint64_t most = state_of(chat)->max_length;
    if (most > 0 && length > most)
        return refuse(chat, "the length is over this server's max-length");
    return expect_body(chat, length);
}

static int found_body(confab_chat *chat)
{
    confab_service_count(confab_chat_service(chat), REPLIES, 1);
    if (!state_of(chat)->once && !confab_chat_draining(chat))
        return expect_command(chat);
    confab_chat_close_when_done(chat);
    return 0;
}

static int handle_connect(confab_chat *chat)
{
    /* This bounds commands.  It does not bound a body, which is counted and never collected. */
    const struct confab_chat_options limits = { .size = sizeof(limits), .max_message = COMMAND_MAX };
    int error = confab_chat_set_options(chat, &limits);
    return error ? error : expect_command(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    const struct session *session = confab_chat_session(chat);
    return session->body ? confab_chat_push(chat, data, len) : confab_chat_collect(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return session->body ? found_body(chat) : found_command(chat);
}

static int handle_too_long(confab_chat *chat)
{
    return refuse(chat, "the command is too long");
}

/* The library's default would close where no byte of a message has arrived: also
 * between a command and the first byte of its body.  A reply that was promised
 * is to be finished, so found_body closes then. */
static int handle_shutdown(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    if (!session->body)
        confab_chat_close_when_done(chat);
    return 0;
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_length, SIZE, "max-length", .fallback = "0",
                  .help = "refuse a body of more bytes than this; 0: no limit"),
    CONFAB_OPTION(struct state, once, BOOLEAN, "once", .fallback = "false",
                  .help = "close the connection after its first reply"),
    CONFAB_OPTIONS_END,
};

/* Connections share nothing but constants, so any number of workers will do. */
/* clang-format off */
CONFAB_PLUGIN(
    .name = "echo",
    .version = CONFAB_VERSION,
    .description = "ECHO <length>, then that many bytes, which come back unchanged",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_too_long = handle_too_long,
        .handle_shutdown = handle_shutdown),
    .options = options,
    .service_size = sizeof(struct state),
    .spread = CONFAB_ANY_WORKER,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin echo\n"
        "isolated\n"
        "> \"ECHO 5\\nhello\"\n"
        "< \"hello\"\n"
        "# A body may be empty, and the next command follow at once.\n"
        "> \"ECHO 0\\r\\nECHO 4\\r\\n\\x00\\n\\r\\n\"\n"
        "< \"\\x00\\n\\r\\n\"\n",

        "confab-session 1\n"
        "plugin echo\n"
        "# What is not a command ends the connection.\n"
        "> \"ECHO 2\\nokHELO\\n\"\n"
        "< \"okERROR not a command: expected ECHO <length>\\n\"\n"
        "closed\n",

        "confab-session 1\n"
        "plugin echo max-length=10 once=true\n"
        "a: > \"ECHO 11\\n\"\n"
        "a: < \"ERROR the length is over this server's max-length\\n\"\n"
        "a: closed\n"
        "b: > \"ECHO 10\\n0123456789\"\n"
        "b: < \"0123456789\"\n"
        "b: closed\n"))
