/* Counts the blanks of each line, and looks at one byte more than it was given. */
#include <confab/plugin.h>

struct session {
    unsigned blanks;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);

    for (size_t i = 0; i <= len; i++)
        session->blanks += data[i] == ' ';
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    int error = confab_chat_printf(chat, "%u\r\n", session->blanks);

    session->blanks = 0;
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "overreads",
    .description = "answers each line with how many blanks are in it",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"a b c\\r\\n\"\n"
        "< \"2\\r\\n\"\n"))
