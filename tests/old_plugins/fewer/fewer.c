/* Counts the lines of a connection. */
#include <confab/plugin.h>

struct state {
    char *word;
    int64_t first;
};

struct session {
    int64_t lines;
};

static const struct confab_option options[] = {
    { .name = "word",
      .type = CONFAB_OPTION_STRING,
      .offset = offsetof(struct state, word),
      .fallback = "line" },
    { .name = "first",
      .type = CONFAB_OPTION_INTEGER,
      .offset = offsetof(struct state, first),
      .fallback = "1" },
    { .name = NULL },
};

static int handle_connect(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const struct state *state = confab_service_state(confab_chat_service(chat));

    session->lines = state->first;
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct session *session = confab_chat_session(chat);
    const struct state *state = confab_service_state(confab_chat_service(chat));
    const char *line = confab_chat_message(chat, NULL);

    if (!line)
        return -1;
    return confab_chat_printf(chat, "%s %lld: %s\r\n", state->word, (long long)session->lines++, line);
}

/* clang-format off */
CONFAB_PLUGIN(
    .name = "fewer",
    .description = "built when the structs had fewer fields",
    .chat = CONFAB_CHAT(
        .session_size = sizeof(struct session),
        .handle_connect = handle_connect,
        .collect_incoming_data = confab_chat_collect,
        .found_terminator = found_terminator),
    .options = options,
    .service_size = sizeof(struct state),
    .default_port = 7011)
