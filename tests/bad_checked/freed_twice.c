/* Remembers the last line of each connection; "forget" frees it, and handle_close does so once more. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct session {
    char *last;
    bool forgotten;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    if (!line)
        return -ENOMEM;
    if (strcmp(line, "forget") == 0) {
        if (!session->forgotten)
            free(session->last);
        session->forgotten = true;
        return confab_chat_puts(chat, "forgotten\r\n");
    }
    if (!session->forgotten)
        free(session->last);
    session->last = strndup(line, len);
    session->forgotten = false;
    return session->last ? confab_chat_printf(chat, "noted %s\r\n", session->last) : -ENOMEM;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    const struct session *session = confab_chat_session(chat);

    (void)reason;
    free(session->last);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "freed_twice",
    .description = "remembers the last line, until \"forget\"",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_close = handle_close),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"one\\r\\n\"\n"
        "< \"noted one\\r\\n\"\n"
        "> \"forget\\r\\n\"\n"
        "< \"forgotten\\r\\n\"\n"))
