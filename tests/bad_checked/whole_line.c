/* Answers each line with the same line in capitals, and takes what one call of collect_incoming_data brings for
 * all of it: of a line that comes in pieces the last one is left. */
#include <confab/plugin.h>
#include <ctype.h>

enum { LINE_MAX_BYTES = 256 };

struct session {
    char line[LINE_MAX_BYTES];
    size_t len;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);

    if (len > sizeof session->line)
        len = sizeof session->line;
    for (size_t i = 0; i < len; i++)
        session->line[i] = (char)toupper((unsigned char)data[i]);
    session->len = len;
    return 0;
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);

    confab_chat_push(chat, session->line, session->len);
    session->len = 0;
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "whole_line",
    .description = "answers each line with the same line in capitals",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello world\\r\\n\"\n"
        "< \"HELLO WORLD\\r\\n\"\n"
        "> \"bye\\r\\n\"\n"
        "< \"BYE\\r\\n\"\n"))
