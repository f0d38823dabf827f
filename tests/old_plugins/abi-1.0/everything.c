/* A plugin that uses what ABI 1.0 has: each line is a command, most answer with a line. */
#include "everything.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const counters[] = { [CONFIGURED] = "configured", [READY] = "ready",   [STARTED] = "started",
                                 [LOADED] = "loaded",         [TICKS] = "ticks",   [STOPPED] = "stopped",
                                 [CLOSED] = "closed",         [POSTED] = "posted", NULL };

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, text, STRING, "text", .fallback = "none", .help = "any text"),
    CONFAB_OPTION(struct state, integer, INTEGER, "integer", .fallback = "-3", .min = -10, .max = 10),
    CONFAB_OPTION(struct state, size, SIZE, "size", .fallback = "64K"),
    CONFAB_OPTION(struct state, duration, DURATION, "duration", .fallback = "250ms"),
    CONFAB_OPTION(struct state, flag, BOOLEAN, "flag", .fallback = "no"),
    CONFAB_OPTION(struct state, path, PATH, "path", .flags = CONFAB_OPTION_REQUIRED),
    CONFAB_OPTION(struct state, colour, CHOICE, "colour", .choices = colours, .fallback = "green"),
    CONFAB_OPTION(struct state, address, ADDRESS, "address", .flags = CONFAB_OPTION_CONNECT),
    CONFAB_OPTION(struct state, secret, SECRET, "secret"),
    CONFAB_OPTION(struct state, words, STRING, "word",
                  .flags = CONFAB_OPTION_REPEATED | CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTIONS_END,
};

struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

/* -- Commands ------------------------------------------------------------------ */

static int say_options(confab_chat *chat, const char *rest)
{
    const struct state *state = state_of(chat);
    int result;

    (void)rest;
    result = confab_chat_printf(chat, "%s %" PRId64 " %" PRIu64 " %" PRId64 " %s %s %s %s", state->text,
                                state->integer, state->size, state->duration, state->flag ? "yes" : "no",
                                colours[state->colour], state->address, state->secret);
    for (size_t i = 0; i < state->words.count; i++)
        result = confab_chat_printf(chat, " %s", state->words.items[i]);
    return result ? result : confab_chat_puts(chat, "\r\n");
}

static int expect_body(confab_chat *chat, const char *rest)
{
    struct session *session = confab_chat_session(chat);
    uint64_t length;

    if (confab_parse_u64(rest, strlen(rest), &length))
        return confab_chat_puts(chat, "no number\r\n");
    session->body = true;
    return confab_chat_set_terminator_count(chat, length);
}

static int expect_mark(confab_chat *chat, const char *rest)
{
    struct session *session = confab_chat_session(chat);

    session->body = true;
    return confab_chat_set_terminator_after(chat, rest, strlen(rest), 1);
}

static int say_facts(confab_chat *chat, const char *rest)
{
    struct confab_chat_stats stats = { .size = sizeof stats };
    struct session *session = confab_chat_session(chat);
    const char *bytes;
    uint64_t len;

    (void)rest;
    confab_chat_get_stats(chat, &stats);
    return confab_chat_printf(
        chat, "%s %" PRIu64 " %d %s %d %d %d %s\r\n", confab_service_name(confab_chat_service(chat)),
        stats.messages, confab_chat_state(chat) == CONFAB_STATE_OPEN, confab_reason_name(CONFAB_REASON_STOP),
        confab_chat_get_terminator(chat, &bytes, &len) == CONFAB_TERMINATOR_LINE, session->sent > 0,
        session->drained > 0,
        confab_chat_find(confab_chat_reactor(chat), confab_chat_id(chat)) == chat ? "me" : "?");
}

static int tell_all(confab_chat *chat, const char *rest)
{
    confab_buffer *line = confab_buffer_new(rest, strlen(rest));
    confab_id cursor = 0;
    confab_chat *other;

    if (!line)
        return -ENOMEM;
    while ((other = confab_service_next(confab_chat_service(chat), confab_plugin_entry.chat, &cursor))) {
        confab_chat_push_buffer(other, confab_buffer_ref(line));
        confab_chat_push(other, "\r\n", 2);
    }
    confab_buffer_unref(line);
    return 0;
}

static int quit(confab_chat *chat, const char *rest)
{
    (void)rest;
    confab_chat_puts(chat, "bye\r\n");
    confab_chat_close_when_done(chat);
    return 0;
}

static const struct command {
    const char *name;
    int (*run)(confab_chat *chat, const char *rest);
} commands[] = {
    { "options", say_options }, { "body", expect_body }, { "mark", expect_mark },  { "facts", say_facts },
    { "all", tell_all },        { "quit", quit },        { "later", say_later },   { "produce", produce },
    { "file", send_file },      { "work", work },        { "reach", reach_other }, { "name", say_name },
};

/* -- Hooks of a chat ------------------------------------------------------------- */

static int handle_connect(confab_chat *chat)
{
    const struct confab_chat_options limits = {
        .size = sizeof limits, .max_message = 4096, .low = 16, .high = 64
    };
    int error = confab_chat_set_options(chat, &limits);

    return error ? error : confab_chat_set_terminator_line(chat);
}

static int found_body(confab_chat *chat, struct session *session)
{
    confab_buffer *body = confab_chat_take_message(chat);
    int error;

    if (!body)
        return -ENOMEM;
    session->body = false;
    error = confab_chat_set_terminator_line(chat);
    if (!error)
        error = confab_chat_printf(chat, "%zu: ", confab_buffer_size(body));
    if (error)
        confab_buffer_unref(body);
    else
        error = confab_chat_push_buffer(chat, body);
    return error ? error : confab_chat_puts(chat, "\r\n");
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const char *line;
    size_t name;

    if (session->body)
        return found_body(chat, session);
    line = confab_chat_message(chat, NULL);
    if (!line)
        return -ENOMEM;
    name = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strlen(commands[i].name) == name && !memcmp(commands[i].name, line, name))
            return commands[i].run(chat, line[name] ? line + name + 1 : line + name);
    }
    return confab_chat_puts(chat, "no such command\r\n");
}

static int handle_eof(confab_chat *chat)
{
    confab_chat_puts(chat, "end\r\n");
    confab_chat_close_when_done(chat);
    return 0;
}

static int handle_drain(confab_chat *chat)
{
    ((struct session *)confab_chat_session(chat))->drained++;
    return 0;
}

static int handle_sent(confab_chat *chat)
{
    ((struct session *)confab_chat_session(chat))->sent++;
    return 0;
}

static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    return which == CONFAB_TIMEOUT_IDLE ? confab_chat_puts(chat, "idle\r\n") : -ETIMEDOUT;
}

static int handle_too_long(confab_chat *chat)
{
    confab_chat_skip_message(chat);
    return confab_chat_puts(chat, "too long\r\n");
}

static int handle_shutdown(confab_chat *chat)
{
    confab_chat_puts(chat, confab_chat_draining(chat) ? "stops\r\n" : "?\r\n");
    confab_chat_close_when_done(chat);
    return 0;
}

static int handle_expt(confab_chat *chat)
{
    return confab_chat_fd(chat) < 0 ? -EBADF : 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    confab_chat_log(chat, CONFAB_DEBUG, "closed: %s", confab_reason_name(reason));
    confab_service_count(confab_chat_service(chat), CLOSED, 1);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "everything",
    .version = "1.0",
    .description = "uses what ABI 1.0 has",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_eof = handle_eof,
        .handle_drain = handle_drain,
        .handle_sent = handle_sent,
        .handle_timeout = handle_timeout,
        .handle_too_long = handle_too_long,
        .handle_shutdown = handle_shutdown,
        .handle_expt = handle_expt,
        .handle_close = handle_close),
    .options = options,
    .service_size = sizeof(struct state),
    .default_port = 7010,
    .spread = CONFAB_ANY_WORKER,
    .config_complete = config_complete,
    .ready = ready,
    .start = start,
    .stop = stop,
    .free = free_state,
    .counters = counters,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin everything path=/tmp\n"
        "> \"name\\r\\n\"\n"
        "< \"everything\\r\\n\"\n"))
