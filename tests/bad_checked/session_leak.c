/* Greets by the name that the first line gives, which it never frees: there is no handle_close. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct session {
    char *name;
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
    if (session->name)
        return confab_chat_printf(chat, "%s: %s\r\n", session->name, line);
    session->name = strndup(line, len);
    return session->name ? confab_chat_printf(chat, "hello %s\r\n", session->name) : -ENOMEM;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "session_leak",
    .description = "greets by the name that the first line gives, and puts it before each other one",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"ann\\r\\n\"\n"
        "< \"hello ann\\r\\n\"\n"
        "> \"fine day\\r\\n\"\n"
        "< \"ann: fine day\\r\\n\"\n"))
