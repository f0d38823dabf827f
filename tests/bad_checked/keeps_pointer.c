/* Answers each line with its length and the line, and keeps a pointer to what it collected: that died when
 * the hook returned. */
#include <confab/plugin.h>

struct session {
    const char *line;
    size_t len;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);

    if (session->len == 0)
        session->line = data;
    session->len += len;
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    int error = confab_chat_printf(chat, "%zu %.*s\r\n", session->len, (int)session->len,
                                   session->len ? session->line : "");

    session->len = 0;
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "keeps_pointer",
    .description = "answers each line with its length and the line",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"5 hello\\r\\n\"\n"
        "> \"a\\r\\n\\r\\n\"\n"
        "< \"1 a\\r\\n0 \\r\\n\"\n"))
