/* @NAME@: turns bytes round: a protocol of frames, each of which begins with its length.
 *
 *     client    00 00 00 03 'a' 'b' 'c'     four bytes, the highest first, then so many more
 *     server    00 00 00 03 'c' 'b' 'a'     the same bytes, the last one first
 *
 * A frame may be empty.  One that is longer than max-length ends the connection: there is no telling where
 * the next one would begin. */
#include <confab/plugin.h>
#include <errno.h>

enum { HEAD = 4 }; /* bytes of a length */

/* Of the service: its options, as they were given on the command line. */
struct state {
    uint64_t max_length;
};

/* Of one connection: zeroed at first. */
struct session {
    bool body; /* what arrives is a frame's body, not its length */
};

enum counter { FRAMES, REFUSED };
static const char *const counters[] = { [FRAMES] = "frames", [REFUSED] = "refused", NULL };

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* A terminator may be a count: the message ends behind so many bytes, and another terminator is set then. */
static int expect_head(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    session->body = false;
    return confab_chat_set_terminator_count(chat, HEAD);
}

static int expect_body(confab_chat *chat, uint32_t length)
{
    struct session *session = confab_chat_session(chat);
    session->body = true;
    return confab_chat_set_terminator_count(chat, length); /* of 0 bytes: found_terminator comes at once */
}

static int found_head(confab_chat *chat)
{
    size_t len;
    const unsigned char *head = (const unsigned char *)confab_chat_message(chat, &len);
    if (!head)
        return -ENOMEM;
    uint32_t length = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    if (length <= state_of(chat)->max_length)
        return expect_body(chat, length);
    confab_service_count(confab_chat_service(chat), REFUSED, 1);
    confab_chat_log(chat, CONFAB_INFO, "a frame of %lu bytes is refused", (unsigned long)length);
    confab_chat_close_when_done(chat); /* earlier replies still leave */
    return 0;
}

static int found_body(confab_chat *chat)
{
    size_t len;
    char *body = confab_chat_message(chat, &len); /* ours to write into until we return */
    if (!body)
        return -ENOMEM;
    const char head[HEAD] = { (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len };
    for (size_t i = 0; i < len / 2; i++) {
        char byte = body[i];
        body[i] = body[len - 1 - i];
        body[len - 1 - i] = byte;
    }
    confab_service_count(confab_chat_service(chat), FRAMES, 1);
    /* A push that fails closes the chat; those behind it do no harm.  So the last result tells all. */
    confab_chat_push(chat, head, HEAD);
    int error = confab_chat_push(chat, body, len);
    if (confab_chat_draining(chat))
        confab_chat_close_when_done(chat);
    return error ? error : expect_head(chat);
}

/* max_message bounds what confab_chat_collect keeps: nobody makes us hold more than one frame. */
static int handle_connect(confab_chat *chat)
{
    const struct confab_chat_options limits = { .size = sizeof(limits),
                                                .max_message = state_of(chat)->max_length + HEAD };
    int error = confab_chat_set_options(chat, &limits);
    return error ? error : expect_head(chat);
}

static int found_terminator(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    return session->body ? found_body(chat) : found_head(chat);
}

/* The service stops.  A frame whose length has come is still to be answered: found_body closes then. */
static int handle_shutdown(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    if (!session->body)
        confab_chat_close_when_done(chat);
    return 0;
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_length, SIZE, "max-length", .fallback = "64K", .max = 16 << 20,
                  .help = "refuse a frame of more bytes than this"),
    CONFAB_OPTIONS_END,
};

/* `confab check` plays this on each split of the stream, and under many a fault; `confab info` shows it. */
static const char example[] = "confab-session 1\n"
                              "isolated\n"
                              "> \"\\0\\0\\0\\x03\" \"abc\"\n"
                              "< \"\\0\\0\\0\\x03\" \"cba\"\n"
                              "> \"\\0\\0\\0\\0\" \"\\0\\0\\0\\x02\" \"\\0\\n\"\n"
                              "< \"\\0\\0\\0\\0\" \"\\0\\0\\0\\x02\" \"\\n\\0\"\n";

/* clang-format off */
CONFAB_PLUGIN(
    .name = "@NAME@",
    .version = "0.1",
    .description = "answers each frame with its bytes turned round",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect, /* keeps a message until it is whole */
        .found_terminator = found_terminator,
        .handle_shutdown = handle_shutdown,
        /* .handle_eof = ...,         the client will say no more; without it: close_when_done */
        /* .handle_timeout = ...,     silent for idle-timeout; without it: closed */
        /* .handle_drain = ...,       a client that read slowly has caught up */
        /* .handle_close = ...        the last call: free what the session points to */),
    .options = options,
    .service_size = sizeof(struct state),
    /* .ready = ..., .start = ..., .stop = ..., .free = ...,   the life of the service */
    .spread = CONFAB_ANY_WORKER, /* connections share nothing */
    .counters = counters,
    .examples = CONFAB_EXAMPLES(example))
