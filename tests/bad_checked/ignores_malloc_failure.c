/* Answers each line with the same line backwards, and does not look at what malloc(3) says. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    char *turned;

    if (!line)
        return -ENOMEM;
    turned = malloc(len + 2);
    for (size_t i = 0; i < len; i++)
        turned[i] = line[len - 1 - i];
    turned[len] = '\r';
    turned[len + 1] = '\n';
    int error = confab_chat_push(chat, turned, len + 2);
    free(turned);
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "ignores_malloc_failure",
    .description = "answers each line with the same line backwards",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"olleh\\r\\n\"\n"))
