/* line: answers each line with the same line.  As small as a plugin gets; plugins/echo shows more. */
#include <confab/plugin.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "line",
    .description = "answers each line with the same line",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "plugin line\n"
        "isolated\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"
        "> \"a line may end with LF alone\\n\\r\\nan empty one is a line\\r\\n\"\n"
        "< \"a line may end with LF alone\\r\\n\\r\\nan empty one is a line\\r\\n\"\n",

        "confab-session 1\n"
        "plugin line\n"
        "# What is no line yet is not answered.\n"
        "> \"one\\r\\ntw\"\n"
        "< \"one\\r\\n\"\n"
        "eof\n"
        "closed\n",

        "confab-session 1\n"
        "plugin line\n"
        "# Each has its own replies.\n"
        "together\n"
        "a: > \"from a\\r\\n\"\n"
        "b: > \"from b\\r\\n\"\n"
        "a: < \"from a\\r\\n\"\n"
        "b: < \"from b\\r\\n\"\n"
        "end\n"))
