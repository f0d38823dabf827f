/* Tells how many lines it has seen in all, and keeps each of them until the service ends. */
#include <confab/plugin.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct line *next;
    char text[];
};

struct state {
    struct line *lines;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct state *state = confab_service_state(confab_chat_service(chat));
    size_t len;
    const char *text = confab_chat_message(chat, &len);
    struct line *line = text ? malloc(sizeof *line + len + 1) : NULL;

    if (!line)
        return -ENOMEM;
    memcpy(line->text, text, len + 1);
    line->next = state->lines;
    state->lines = line;
    return confab_chat_printf(chat, "noted: %s\r\n", line->text);
}

static void end(confab_service *service)
{
    struct state *state = confab_service_state(service);
    struct line *line;

    while ((line = state->lines) != NULL) {
        state->lines = line->next;
        free(line);
    }
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "grows",
    .description = "notes each line",
    .chat = CONFAB_CHAT(
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .service_size = sizeof(struct state),
    .free = end,
    .examples = CONFAB_EXAMPLES(
        "confab-session 1\n"
        "isolated\n"
        "> \"milk\\r\\n\"\n"
        "< \"noted: milk\\r\\n\"\n"
        "> \"bread\\r\\n\"\n"
        "< \"noted: bread\\r\\n\"\n"))
