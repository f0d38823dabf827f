/* Answers each line, and shows everybody a function that is its own. */
#include <confab/plugin.h>

__attribute__((visibility("default"))) int answer_to(confab_chat *chat);

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

int answer_to(confab_chat *chat)
{
    return confab_chat_puts(chat, "yes\r\n");
}

static int found_terminator(confab_chat *chat)
{
    return answer_to(chat);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "exports",
    .description = "says yes to each line",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"is it?\\r\\n\"\n"
        "< \"yes\\r\\n\"\n"))
