/* bench: what `confab bench` serves, where `line` is not enough: replies that are large, and messages that end in
 * many ways.
 *
 *     client    produce 30\r\n                    server    30 bytes, from a producer: abcdefghijklmnopqrstuvwxyzabcd
 *     client    file\r\n                          server    the bytes of the file that the option `file` names
 *
 * The next command may follow at once: it is taken up when the reply has left.  With the option `terminator` there are no
 * commands; messages that end with these bytes are counted, and when the client ends its side it is told
 *
 *     server    3 messages of 45 bytes\r\n
 *
 * where the terminators' bytes are not counted, and those of a message that has no end are. */
#include <confab/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COMMAND_MAX = 64,
    TERMINATOR_MAX = 256,
    LETTERS = 26,
    PIECE = 65536 /* bytes that a producer has at a time, at the most */
};

/* Of the service: what was given on the command line, and what is made of it once. */
struct state {
    char *file_path, *terminator_text;
    bool has_file;
    int file;
    size_t terminator_len; /* 0: there are commands */
    char terminator[TERMINATOR_MAX];
    char letters[PIECE + LETTERS]; /* a to z, again and again */
};

/* Of one connection. */
struct session {
    uint64_t messages, bytes; /* with a terminator */
};

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* -- Commands ---------------------------------------------------------------------- */

/* So many letters: what the producer is asked for lies there already. */
struct letters {
    const char *from;
    uint64_t sent, len;
};

static ssize_t letters_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct letters *letters = self;
    uint64_t left = letters->len - letters->sent;
    size_t most = want < PIECE ? want : PIECE, len = left < most ? (size_t)left : most;

    (void)chat;
    *bytes = letters->from + letters->sent % LETTERS;
    letters->sent += len;
    return (ssize_t)len;
}

static const struct confab_producer_ops letters_ops = { .size = sizeof letters_ops,
                                                        .more = letters_more,
                                                        .release = free };

static int refuse(confab_chat *chat, const char *why)
{
    int error = confab_chat_printf(chat, "error: %s\r\n", why);

    confab_chat_close_when_done(chat);
    return error;
}

/* The end of a reply: a producer of nothing, whose release tells that the reply has left, or never will.  (handle_sent
 * is not called where sending failed.)  The chat is known by its id, for it may be closed by then. */
struct end {
    confab_reactor *reactor;
    confab_id chat;
};

static ssize_t end_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    (void)self, (void)chat, (void)want, (void)bytes;
    return 0;
}

static void end_release(void *self)
{
    struct end *end = self;
    confab_chat *chat = confab_chat_find(end->reactor, end->chat);

    if (chat)
        confab_chat_resume(chat);
    free(end);
}

static const struct confab_producer_ops end_ops = { .size = sizeof end_ops,
                                                    .more = end_more,
                                                    .release = end_release };

/* Behind a reply.  No command is taken up while it is on its way: else a client could have any number of replies wait, and
 * files open, by asking for all of them and reading none. */
static int rest(confab_chat *chat, int error)
{
    struct end *end;

    if (error)
        return error;
    confab_chat_suspend(chat);
    end = malloc(sizeof *end);
    if (end)
        *end = (struct end){ confab_chat_reactor(chat), confab_chat_id(chat) };
    return confab_chat_push_with_producer(chat, &end_ops, end);
}

static int produce(confab_chat *chat, const char *digits, size_t len)
{
    uint64_t bytes;
    struct letters *letters;

    if (confab_parse_u64(digits, len, &bytes) != 0)
        return refuse(chat, "not a number of bytes");
    if (bytes == 0)
        return 0;
    letters = malloc(sizeof *letters);
    if (letters)
        *letters = (struct letters){ .from = state_of(chat)->letters, .len = bytes };
    return rest(chat, confab_chat_push_with_producer(chat, &letters_ops, letters));
}

/* A descriptor for each reply, which is closed with it. */
static int push_file(confab_chat *chat)
{
    int fd;

    if (!state_of(chat)->has_file)
        return refuse(chat, "there is no file: the option file= names one");
    fd = fcntl(state_of(chat)->file, F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? -errno : rest(chat, confab_chat_push_file(chat, fd, 0, -1));
}

static int found_command(confab_chat *chat)
{
    static const char verb[] = "produce ";
    const size_t verb_len = sizeof verb - 1;
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    if (!line)
        return -ENOMEM;
    if (len > verb_len && memcmp(line, verb, verb_len) == 0)
        return produce(chat, line + verb_len, len - verb_len);
    if (strcmp(line, "file") == 0)
        return push_file(chat);
    return refuse(chat, "not a command: expected produce NUMBER, or file");
}

static int handle_too_long(confab_chat *chat)
{
    return refuse(chat, "the command is too long");
}

/* -- Messages that are counted ------------------------------------------------------- */

static int count_bytes(confab_chat *chat, size_t len)
{
    struct session *session = confab_chat_session(chat);

    session->bytes += len;
    return 0;
}

static int count_message(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);

    session->messages++;
    return 0;
}

static int tell_counts(confab_chat *chat)
{
    const struct session *session = confab_chat_session(chat);
    int error = confab_chat_printf(chat, "%" PRIu64 " messages of %" PRIu64 " bytes\r\n", session->messages,
                                   session->bytes);

    confab_chat_close_when_done(chat);
    return error;
}

/* -- Either ------------------------------------------------------------------------ */

static int handle_connect(confab_chat *chat)
{
    const struct state *state = state_of(chat);
    bool counts = state->terminator_len > 0;
    const struct confab_chat_options limits = { .size = sizeof limits,
                                                .max_message = counts ? CONFAB_UNLIMITED : COMMAND_MAX };
    int error = confab_chat_set_options(chat, &limits);

    if (error)
        return error;
    return counts ? confab_chat_set_terminator(chat, state->terminator, state->terminator_len)
                  : confab_chat_set_terminator_line(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    return state_of(chat)->terminator_len > 0 ? count_bytes(chat, len) : confab_chat_collect(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    return state_of(chat)->terminator_len > 0 ? count_message(chat) : found_command(chat);
}

static int handle_eof(confab_chat *chat)
{
    if (state_of(chat)->terminator_len > 0)
        return tell_counts(chat);
    confab_chat_close_when_done(chat);
    return 0;
}

/* -- The service ------------------------------------------------------------------- */

static int digit_of(char digit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;

    if (!at)
        return -1;
    return (int)(at - digits) < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* One byte, with what stands for it behind a backslash: how many characters that were; 0: it is none of these. */
static size_t read_escape(const char *text, char *byte)
{
    static const char letters[] = "rnt\\", bytes[] = "\r\n\t\\";
    const char *at = *text ? strchr(letters, *text) : NULL;

    if (at) {
        *byte = bytes[at - letters];
        return 1;
    }
    if (*text != 'x' || digit_of(text[1]) < 0 || digit_of(text[2]) < 0)
        return 0;
    *byte = (char)(16 * digit_of(text[1]) + digit_of(text[2]));
    return 3;
}

static int config_complete(confab_service *service)
{
    struct state *state = confab_service_state(service);

    for (const char *at = state->terminator_text; *at; state->terminator_len++) {
        size_t escape;
        char byte = *at++;
        if (state->terminator_len == TERMINATOR_MAX)
            return confab_service_error(service, "terminator: over %d bytes", TERMINATOR_MAX);
        if (byte == '\\') {
            escape = read_escape(at, &byte);
            if (escape == 0)
                return confab_service_error(
                    service, "terminator: expected \\r \\n \\t \\\\ or \\xHH, found '\\%s'", at);
            at += escape;
        }
        state->terminator[state->terminator_len] = byte;
    }
    for (size_t i = 0; i < sizeof state->letters; i++)
        state->letters[i] = (char)('a' + i % LETTERS);
    return 0;
}

static int ready(confab_service *service)
{
    struct state *state = confab_service_state(service);

    if (!*state->file_path)
        return 0;
    state->file = open(state->file_path, O_RDONLY | O_CLOEXEC);
    if (state->file < 0)
        return confab_service_error(service, "cannot open %s: %s", state->file_path, strerror(errno));
    state->has_file = true;
    return 0;
}

static void free_service(confab_service *service)
{
    const struct state *state = confab_service_state(service);

    if (state->has_file)
        close(state->file);
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, file_path, PATH, "file", .help = "what the command file is answered with"),
    CONFAB_OPTION(
        struct state, terminator_text, STRING, "terminator",
        .help = "count messages that end with these bytes, \\r \\n \\t \\\\ \\xHH among them; no commands"),
    CONFAB_OPTIONS_END,
};

/* clang-format off */
CONFAB_PLUGIN(
    .name = "bench",
    .version = CONFAB_VERSION,
    .description = "what `confab bench` serves",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator,
        .handle_eof = handle_eof,
        .handle_too_long = handle_too_long),
    .options = options,
    .service_size = sizeof(struct state),
    .spread = CONFAB_ANY_WORKER,
    .config_complete = config_complete,
    .ready = ready,
    .free = free_service,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin bench file=${TMP}/data\n"
        "file data \"of the file\\n\"\n"
        "isolated\n"
        "> \"produce 30\\r\\n\"\n"
        "< \"abcdefghijklmnopqrstuvwxyzabcd\"\n"
        "> \"file\\nproduce 0\\nproduce 3\\nfile\\n\"\n"
        "< \"of the file\\nabcof the file\\n\"\n"
        "# Pieces follow one another.\n"
        "> \"produce 130000\\n\"\n"
        "< \"abcdefghijklmnopqrstuvwxyz\" * 5000\n",

        "confab-session 1\n"
        "plugin bench\n"
        "a: > \"produce 2\\nproduce -1\\n\"\n"
        "a: < \"aberror: not a number of bytes\\r\\n\"\n"
        "a: closed\n"
        "b: > \"file\\n\"\n"
        "b: < \"error: there is no file: the option file= names one\\r\\n\"\n"
        "b: closed\n",

        "confab-session 1\n"
        "plugin bench terminator=\"\\\\r\\\\n.\"\n"
        "# What looks like an end and is none is counted.\n"
        "> \"one\\r\\n.\\r\\r\\n.\\r\\n,three\\r\\n.four\\r\\n\"\n"
        "eof\n"
        "< \"3 messages of 18 bytes\\r\\n\"\n"
        "closed\n"))
