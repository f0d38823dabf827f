/* Answers each line with its first word, which an empty line does not have. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    char *line = confab_chat_message(chat, NULL), *rest;
    const char *word;

    if (!line)
        return -ENOMEM;
    word = strtok_r(line, " ", &rest);
    if (word[0] == '#')
        return 0;
    return confab_chat_printf(chat, "%s\r\n", word);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "crashes_on_empty",
    .description = "answers each line with its first word",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"one two\\r\\n\"\n"
        "< \"one\\r\\n\"\n"))
