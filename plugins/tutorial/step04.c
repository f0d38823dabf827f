/* Step 4: what a connection remembers. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

struct session {
    unsigned commands;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
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

/* clang-format off */
CONFAB_PLUGIN(
    .name = "tutorial",
    .description = "grows from step to step",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator))
