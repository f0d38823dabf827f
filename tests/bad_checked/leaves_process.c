/* Answers each line with the same line, and has a process behind it that holds what is open. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int helpers; /* one is enough */

/* What a helper does that waits for work. */
static _Noreturn void wait_for_ever(void)
{
    for (;;)
        pause();
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
    if (!helpers++ && fork() == 0)
        wait_for_ever();
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "leaves_process",
    .description = "answers each line with the same line",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
