/* Asks for a password as `blocks` does, but waits in a way that does not show by what it calls. */
#include <confab/plugin.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void rest(void)
{
    const struct timeval time = { .tv_usec = 60000 };
    int pair[2];
    char byte;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return;
    if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
        recv(pair[0], &byte, 1, 0) > 0)
        byte = 0;
    close(pair[0]);
    close(pair[1]);
}

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
        rest();
        return confab_chat_puts(chat, "wrong\r\npassword: ");
    }
    int error = confab_chat_puts(chat, "welcome\r\n");
    confab_chat_close_when_done(chat);
    return error;
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "blocks_quietly",
    .description = "asks for a password",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "< \"password: \"\n"
        "> \"guess\\r\\n\"\n"
        "< \"wrong\\r\\npassword: \"\n"))
