/* Step 1: a line in, a line out. */
#include <confab/plugin.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    return confab_chat_puts(chat, "hello\r\n");
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "tutorial",
    .description = "grows from step to step",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator))
