/* Keeps the last line of each connection as a buffer, and says it again: pushing it gives it away. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

struct session {
    confab_buffer *last;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const char *line = confab_chat_message(chat, NULL);

    if (!line)
        return -ENOMEM;
    if (strcmp(line, "again") == 0 && session->last) {
        confab_chat_push_buffer(chat, session->last); /* here confab_buffer_ref is missing */
        return confab_chat_puts(chat, "\r\n");
    }
    confab_buffer_unref(session->last);
    session->last = confab_chat_take_message(chat);
    return session->last ? confab_chat_puts(chat, "noted\r\n") : -ENOMEM;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    const struct session *session = confab_chat_session(chat);

    (void)reason;
    confab_buffer_unref(session->last);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "buffer_given_away",
    .description = "notes each line; \"again\" tells the last one",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator,
        .handle_close = handle_close),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"noted\\r\\n\"\n"
        "> \"again\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
