/* Step 2: what the line said. */
#include <confab/plugin.h>
#include <errno.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const char *line = confab_chat_message(chat, NULL);

    if (!line)
        return -ENOMEM;
    return confab_chat_printf(chat, "hello, %s\r\n", line);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "tutorial",
    .description = "grows from step to step",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator))
