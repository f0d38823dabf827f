/* Numbers each line, with a number that all services and connections of a process share. */
#include <confab/plugin.h>
#include <errno.h>

static unsigned lines_seen;
static char last_line[4096] = "none";

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    int error;

    if (!line)
        return -ENOMEM;
    error = confab_chat_printf(chat, "%u: %s (before: %s)\r\n", ++lines_seen, line, last_line);
    for (size_t i = 0; i <= len && i < sizeof last_line; i++)
        last_line[i] = line[i];
    last_line[sizeof last_line - 1] = '\0';
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "static_data",
    .description = "numbers each line",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"one\\r\\n\"\n"
        "< \"1: one (before: none)\\r\\n\"\n"
        "> \"two\\r\\n\"\n"
        "< \"2: two (before: one)\\r\\n\"\n"))
