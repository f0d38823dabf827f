/* Answers each line with the same line, and "again" with the line before it, to whose message it has kept a
 * pointer: that was gone when found_terminator returned. */
#include <confab/plugin.h>
#include <string.h>

struct session {
    const char *last;
    size_t len;
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
        return -1;
    if (len != 5 || memcmp(line, "again", len) != 0) {
        session->last = line;
        session->len = len;
    }
    if (session->last)
        confab_chat_push(chat, session->last, session->len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "keeps_message",
    .description = "answers each line with the same line, and \"again\" with the one before it",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"
        "> \"again\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
