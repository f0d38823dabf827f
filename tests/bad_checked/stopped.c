/* Nothing is wrong with it; but while there is a marker it stops its process and the one that waits for that, as
 * Ctrl-Z does, in a hook. */
#include <confab/plugin.h>
#include <signal.h>
#include <unistd.h>

struct state {
    char *marker;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    const struct state *state = confab_service_state(confab_chat_service(chat));

    if (unlink(state->marker) == 0) {
        kill(getppid(), SIGSTOP);
        raise(SIGSTOP);
    }
    return confab_chat_puts(chat, "on\r\n");
}

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, marker, PATH, "marker", .flags = CONFAB_OPTION_REQUIRED, .help = "a file"),
    CONFAB_OPTIONS_END
};

/* clang-format off */
CONFAB_PLUGIN(
    .name = "stopped",
    .description = "stops while there is a marker",
    .options = options,
    .service_size = sizeof(struct state),
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "> \"go\\r\\n\"\n"
        "< \"on\\r\\n\"\n"))
