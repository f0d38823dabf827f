/* Sends each line to a helper by a pipe, and waits for an answer that never comes: there is no helper. */
#include <confab/plugin.h>
#include <errno.h>
#include <unistd.h>

struct state {
    int ask[2], answer[2];
};

static int ready(confab_service *service)
{
    struct state *state = confab_service_state(service);

    state->ask[0] = state->answer[0] = -1;
    if (pipe(state->ask) < 0 || pipe(state->answer) < 0)
        return confab_service_error(service, "there is no pipe to be had");
    return 0;
}

static void end(confab_service *service)
{
    struct state *state = confab_service_state(service);

    for (int i = 0; i < 2 && state->answer[0] >= 0; i++) {
        close(state->ask[i]);
        close(state->answer[i]);
    }
}

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const struct state *state = confab_service_state(confab_chat_service(chat));
    size_t len;
    const char *line = confab_chat_message(chat, &len);
    char answer[64];

    if (!line)
        return -ENOMEM;
    if (len == 0)
        return confab_chat_puts(chat, "nothing to ask\r\n");
    if (write(state->ask[1], line, len) < 0)
        return -EIO;
    ssize_t n = read(state->answer[0], answer, sizeof answer);
    return n < 0 ? -EIO : confab_chat_push(chat, answer, (size_t)n);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "blocks_forever",
    .description = "answers each line with what a helper says",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .service_size = sizeof(struct state),
    .ready = ready,
    .free = end,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"\\r\\n\"\n"
        "< \"nothing to ask\\r\\n\"\n"
        "> \"what time is it\\r\\n\"\n"
        "<~ /.*/\n"))
