/* @NAME@: keeps a sum for each connection: a protocol of commands, a line each.
 *
 *     client    ADD 5\r\n       adds a number
 *     server    OK 5\r\n        what the sum is then
 *     client    QUIT\r\n
 *     server    OK bye\r\n      and the connection ends
 *
 * Whatever else a line says is answered with "ERROR <why>\r\n", and the next one may follow. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512 }; /* of a command; a client that never ends its line must cost no more */

/* What is kept of one connection.  It is zeroed when the connection opens and gone when it has closed. */
struct session {
    uint64_t sum;
};

/* Counted by confab_service_count, and told in the host's log when the service stops. */
enum counter { COMMANDS, ERRORS };
static const char *const counters[] = { [COMMANDS] = "commands", [ERRORS] = "errors", NULL };

/* Every hook returns 0, or an error that closes its connection: so the result of a push can be returned. */
static int refuse(confab_chat *chat, const char *why)
{
    confab_service_count(confab_chat_service(chat), ERRORS, 1);
    return confab_chat_printf(chat, "ERROR %s\r\n", why);
}

static int add(confab_chat *chat, const char *rest, size_t len)
{
    struct session *session = confab_chat_session(chat);
    uint64_t number;
    if (confab_parse_u64(rest, len, &number) < 0)
        return refuse(chat, "expected ADD <number>");
    if (number > UINT64_MAX - session->sum)
        return refuse(chat, "the sum would be too large");
    session->sum += number;
    return confab_chat_printf(chat, "OK %llu\r\n", (unsigned long long)session->sum);
}

/* close_when_done, not close: what was pushed has to reach the client before the end. */
static int quit(confab_chat *chat, const char *rest, size_t len)
{
    (void)rest;
    if (len > 0)
        return refuse(chat, "expected QUIT alone");
    int error = confab_chat_puts(chat, "OK bye\r\n");
    confab_chat_close_when_done(chat);
    return error;
}

/* One more command is one more row here. */
static const struct command {
    const char *word;
    int (*run)(confab_chat *chat, const char *rest, size_t len);
} commands[] = { { "ADD", add }, { "QUIT", quit } };

/* Somebody has connected: say where a message ends, and how long one may be. */
static int handle_connect(confab_chat *chat)
{
    const struct confab_chat_options limits = { .size = sizeof(limits), .max_message = LINE_MAX_BYTES };
    int error = confab_chat_set_options(chat, &limits);
    return error ? error : confab_chat_set_terminator_line(chat);
}

/* A line is whole.  It lives until this returns: what is to be kept has to be copied. */
static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    if (!line)
        return -ENOMEM;
    confab_service_count(confab_chat_service(chat), COMMANDS, 1);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        size_t n = strlen(commands[i].word);
        if (len < n || memcmp(line, commands[i].word, n) != 0 || (len > n && line[n] != ' '))
            continue;
        size_t begin = len > n ? n + 1 : n;
        return commands[i].run(chat, line + begin, len - begin);
    }
    return refuse(chat, "not a command: expected ADD or QUIT");
}

/* The rest of the line is dropped, and the next one is read as ever. */
static int handle_too_long(confab_chat *chat)
{
    confab_chat_skip_message(chat);
    return refuse(chat, "the line is too long");
}

/* `confab check` plays this on each split of the stream, and under many a fault; `confab info` shows it. */
static const char example[] = "confab-session 1\n"
                              "isolated\n"
                              "> \"ADD 5\\r\\nADD 37\\r\\n\"\n"
                              "< \"OK 5\\r\\nOK 42\\r\\n\"\n"
                              "> \"QUIT\\r\\n\"\n"
                              "< \"OK bye\\r\\n\"\n"
                              "closed\n";

/* clang-format off */
CONFAB_PLUGIN(
    .name = "@NAME@",
    .version = "0.1",
    .description = "adds up numbers, a command a line",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect, /* keeps a message until it is whole */
        .found_terminator = found_terminator,
        .handle_too_long = handle_too_long,
        /* .handle_eof = ...,         the client will say no more; without it: close_when_done */
        /* .handle_timeout = ...,     silent for idle-timeout; without it: closed */
        /* .handle_drain = ...,       a client that read slowly has caught up */
        /* .handle_shutdown = ...,    the service stops; without it: closed behind this message */
        /* .handle_close = ...        the last call: free what the session points to */),
    /* .options = ..., .service_size = ...,   KEY=VALUE of the command line, and where they go */
    /* .ready = ..., .start = ..., .stop = ..., .free = ...,   the life of the service */
    .spread = CONFAB_ANY_WORKER, /* connections share nothing */
    .counters = counters,
    .examples = CONFAB_EXAMPLES(example))
