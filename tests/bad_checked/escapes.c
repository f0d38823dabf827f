/* Answers each line with the same line; a terminal would obey what it says as it ends. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    fputs("ERROR: \033]0;mine\007 \303\251 \302\233"
          "31m \377\n",
          stderr);
    syscall(SYS_exit_group, EXIT_FAILURE); /* no call that anybody sees */
    confab_chat_push(chat, line, len);
    return confab_chat_push(chat, "\r\n", 2);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "escapes",
    .description = "\033[31mred\n\303\251",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"hello\\r\\n\"\n"
        "< \"hello\\r\\n\"\n"))
