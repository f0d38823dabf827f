/* Asks for a password, and sleeps before it tells that one was wrong: nobody else is served meanwhile. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static int handle_connect(confab_chat *chat)
{
    int error = confab_chat_puts(chat, "password: ");

    return error ? error : confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const char *line = confab_chat_message(chat, NULL);

    if (!line)
        return -ENOMEM;
    if (strcmp(line, "swordfish") != 0) {
        sleep(1);
        return confab_chat_puts(chat, "wrong\r\npassword: ");
    }
    int error = confab_chat_puts(chat, "welcome\r\n");
    confab_chat_close_when_done(chat);
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "blocks",
    .description = "asks for a password",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "< \"password: \"\n"
        "> \"guess\\r\\n\"\n"
        "< \"wrong\\r\\npassword: \"\n"
        "> \"swordfish\\r\\n\"\n"
        "< \"welcome\\r\\n\"\n"
        "closed\n"))
