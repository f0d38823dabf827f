/* Answers each line with its length.  It looks for the line's end itself, and takes the CR off only where it
 * comes in the same piece as the LF. */
#include <confab/plugin.h>
#include <string.h>

struct session {
    size_t len;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_none(chat);
}

static int collect_incoming_data(confab_chat *chat, const char *data, size_t len)
{
    struct session *session = confab_chat_session(chat);
    const char *end;
    int error = 0;

    while (!error && (end = memchr(data, '\n', len)) != NULL) {
        size_t n = (size_t)(end - data), line = n > 0 && end[-1] == '\r' ? n - 1 : n;
        error = confab_chat_printf(chat, "%zu\r\n", session->len + line);
        session->len = 0;
        data = end + 1;
        len -= n + 1;
    }
    session->len += len;
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "split_terminator",
    .description = "answers each line with its length",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = collect_incoming_data),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"5\\r\\n\"\n"
        "> \"a\\r\\nbcd\\r\\n\"\n"
        "< \"1\\r\\n3\\r\\n\"\n"))
