/* Step 5: an option, and a limit. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

struct state {
    uint64_t max_size;
};

struct session {
    unsigned commands;
};

static const struct state *state_of(confab_chat *chat)
{
    return confab_service_state(confab_chat_service(chat));
}

static int handle_connect(confab_chat *chat)
{
    struct confab_chat_options limits = { .size = sizeof limits, .max_message = state_of(chat)->max_size };
    int error = confab_chat_set_options(chat, &limits);

    return error ? error : confab_chat_set_terminator_line(chat);
}

static const char *after(const char *word, const char *line)
{
    return strncmp(line, word, strlen(word)) == 0 ? line + strlen(word) : NULL;
}

static int end(confab_chat *chat, const char *words)
{
    int error = confab_chat_printf(chat, "%s\r\n", words);

    confab_chat_close_when_done(chat);
    return error;
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const char *line = confab_chat_message(chat, NULL), *rest;

    if (!line)
        return -ENOMEM;
    session->commands++;
    if ((rest = after("hello ", line)))
        return confab_chat_printf(chat, "%u: hello, %s\r\n", session->commands, rest);
    if (strcmp(line, "quit") == 0)
        return end(chat, "goodbye");
    return end(chat, "error: no such command");
}

static int handle_too_long(confab_chat *chat)
{
    return end(chat, "error: over max-size");
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, max_size, SIZE, "max-size", .fallback = "1K", .min = 16, .max = 1 << 20,
                  .help = "bytes of a command, of a head or of a body"),
    CONFAB_OPTIONS_END,
};

/* clang-format off */
CONFAB_PLUGIN(
    .name = "tutorial",
    .description = "grows from step to step",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_too_long = handle_too_long),
    .options = options,
    .service_size = sizeof(struct state))
