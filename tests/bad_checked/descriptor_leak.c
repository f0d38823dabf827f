/* Tells whether a file can be read, and leaves each one that can open. */
#include <confab/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const char *path = confab_chat_message(chat, NULL);

    if (!path)
        return -ENOMEM;
    if (open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) < 0)
        return confab_chat_puts(chat, "no\r\n");
    return confab_chat_puts(chat, "yes\r\n");
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "descriptor_leak",
    .description = "tells whether a file can be read",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"/nowhere/at/all\\r\\n\"\n"
        "< \"no\\r\\n\"\n"
        "> \"/dev/null\\r\\n\"\n"
        "< \"yes\\r\\n\"\n"))
