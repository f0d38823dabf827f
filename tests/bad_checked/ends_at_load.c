/* Answers each line with the same line; whoever loads it has ended before, and well. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void end(void)
{
    _exit(EXIT_SUCCESS);
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    if (!line)
        return -ENOMEM;
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "ends_at_load",
    .description = "answers nothing, as it ends the process that loads it",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
