/* @NAME@: takes requests of a head and a body, and shows what it got.
 *
 *     client    PUT /notes\r\n                 the head: what is wanted,
 *               Content-Length: 5\r\n          lines that say more of it,
 *               \r\n                           and an empty line
 *               hello                          the body: so many bytes; without Content-Length none
 *     server    OK PUT /notes 5\r\n            the request's first line, the bytes of its body,
 *               hello\r\n                      and the body
 *
 * The next request may follow.  One that cannot be understood is answered with "ERROR <why>\r\n", and the
 * connection ends: there is no telling where the next one would begin. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 4096, LINE_MAX_BYTES = 256 };

/* Of the service: its options, as they were given on the command line. */
struct state {
    uint64_t max_body;
};

/* Of one connection: zeroed at first.  The head is gone when its hook returns: what it said is copied. */
struct session {
    bool body; /* what arrives is a body, not a head */
    char line[LINE_MAX_BYTES + 1];
};

enum counter { REQUESTS, REFUSED };
static const char *const counters[] = { [REQUESTS] = "requests", [REFUSED] = "refused", NULL };

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* max_message bounds what is kept of a message that is arriving: of a head less than of a body. */
static int bound(confab_chat *chat, uint64_t most)
{
    const struct confab_chat_options limits = { .size = sizeof(limits), .max_message = most };
    return confab_chat_set_options(chat, &limits);
}

static int expect_head(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    session->body = false;
    int error = bound(chat, HEAD_MAX);
    return error ? error : confab_chat_set_terminator(chat, "\r\n\r\n", 4);
}

static int expect_body(confab_chat *chat, uint64_t length)
{
    struct session *session = confab_chat_session(chat);
    session->body = true;
    int error = bound(chat, length + 1);                                   /* 0 would leave it as it was */
    return error ? error : confab_chat_set_terminator_count(chat, length); /* 0: found_terminator at once */
}

/* close_when_done, not close: the words must reach the client before the end. */
static int refuse(confab_chat *chat, const char *why)
{
    confab_service_count(confab_chat_service(chat), REFUSED, 1);
    int error = confab_chat_printf(chat, "ERROR %s\r\n", why);
    confab_chat_close_when_done(chat);
    return error;
}

/* Reads the lines behind the first for a Content-Length; NULL, or why they are wrong. */
static const char *read_length(const char *line, const char *end, uint64_t *length)
{
    static const char name[] = "Content-Length:";
    const size_t name_length = sizeof(name) - 1;
    bool seen = false;
    *length = 0;
    while (line < end) {
        const char *cr = memchr(line, '\r', (size_t)(end - line));
        const char *line_end = cr ? cr : end;
        if ((size_t)(line_end - line) >= name_length && strncasecmp(line, name, name_length) == 0) {
            const char *digits = line + name_length;
            while (digits < line_end && *digits == ' ')
                digits++;
            if (seen || confab_parse_u64(digits, (size_t)(line_end - digits), length) < 0)
                return "expected one Content-Length, of decimal digits";
            seen = true;
        }
        line = line_end + (cr ? 2 : 0); /* behind the CR LF */
    }
    return NULL;
}

static int found_head(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    size_t len;
    const char *head = confab_chat_message(chat, &len);
    if (!head)
        return -ENOMEM;
    const char *cr = memchr(head, '\r', len);
    size_t first = cr ? (size_t)(cr - head) : len;
    if (first == 0 || first > LINE_MAX_BYTES || memchr(head, '\0', first))
        return refuse(chat, "expected a first line of 1 to 256 bytes");
    uint64_t length;
    const char *wrong = read_length(head + first, head + len, &length);
    if (wrong)
        return refuse(chat, wrong);
    if (length > state_of(chat)->max_body)
        return refuse(chat, "the body is over this server's max-body");
    memcpy(session->line, head, first);
    session->line[first] = '\0';
    return expect_body(chat, length);
}

static int found_body(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    size_t len;
    const char *body = confab_chat_message(chat, &len);
    if (!body)
        return -ENOMEM;
    confab_service_count(confab_chat_service(chat), REQUESTS, 1);
    /* A push that fails closes the chat; those behind it do no harm.  So the last result tells all. */
    confab_chat_printf(chat, "OK %s %zu\r\n", session->line, len);
    confab_chat_push(chat, body, len);
    int error = confab_chat_puts(chat, "\r\n");
    if (confab_chat_draining(chat))
        confab_chat_close_when_done(chat);
    return error ? error : expect_head(chat);
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return session->body ? found_body(chat) : found_head(chat);
}

static int handle_too_long(confab_chat *chat)
{
    return refuse(chat, "the head is too long");
}

/* The service stops.  A request whose head has come is still to be answered: found_body closes then. */
static int handle_shutdown(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    if (!session->body)
        confab_chat_close_when_done(chat);
    return 0;
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_body, SIZE, "max-body", .fallback = "64K", .max = 16 << 20,
                  .help = "refuse a body of more bytes than this"),
    CONFAB_OPTIONS_END,
};

/* `confab check` plays this on each split of the stream, and under many a fault; `confab info` shows it. */
static const char example[] = "confab-session 1\n"
                              "isolated\n"
                              "> \"PUT /notes\\r\\nContent-Length: 5\\r\\n\\r\\nhello\"\n"
                              "< \"OK PUT /notes 5\\r\\nhello\\r\\n\"\n"
                              "> \"GET /\\r\\n\\r\\n\"\n"
                              "< \"OK GET / 0\\r\\n\\r\\n\"\n";

/* clang-format off */
CONFAB_PLUGIN(
    .name = "@NAME@",
    .version = "0.1",
    .description = "shows requests of a head and a body",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = expect_head,
        .collect_incoming_data = confab_chat_collect, /* keeps a message until it is whole */
        .found_terminator = found_terminator,
        .handle_too_long = handle_too_long,
        .handle_shutdown = handle_shutdown,
        /* .handle_eof = ...,      the client will say no more; without it: close_when_done */
        /* .handle_timeout = ...,  silent for idle-timeout; without it: closed */
        /* .handle_close = ...     the last call: free what the session points to */),
    .options = options,
    .service_size = sizeof(struct state),
    /* .ready = ..., .start = ..., .stop = ..., .free = ...,   the life of the service */
    .spread = CONFAB_ANY_WORKER, /* connections share nothing */
    .counters = counters,
    .examples = CONFAB_EXAMPLES(example))
