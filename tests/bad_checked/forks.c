/* Answers each line with the same line, by two processes: the second one goes on as the first does. */
#include <confab/plugin.h>
#include <errno.h>
#include <unistd.h>

/* Once in all: where nobody ends the second one, there are not to be four, eight and so on. */
static int forked;

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
    if (!forked++ && fork() < 0)
        return -errno;
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "forks",
    .description = "answers each line with the same line, twice",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
