/* plugin_cpp.cpp: a plugin in C++ with all that a table of options can hold: check_headers compiles it. */
#include <confab/plugin.h>

namespace
{

struct state {
    char *greeting;
    int64_t rounds;
    uint64_t room;
    int64_t pause;
    bool loud;
    char *folder;
    int colour;
    char *peer;
    char *password;
    struct confab_strings names;
};

struct session {
    uint64_t lines;
};

const char *const colours[] = { "red", "green", nullptr };

const struct confab_option options[] = {
    CONFAB_OPTION(struct state, greeting, STRING, "greeting", .fallback = "hello",
                  .flags = CONFAB_OPTION_POSITIONAL, .help = "what is said first"),
    CONFAB_OPTION(struct state, rounds, INTEGER, "rounds", .min = 1, .max = 10, .help = "how often"),
    CONFAB_OPTION(struct state, room, SIZE, "room", .fallback = "64K", .help = "how much"),
    CONFAB_OPTION(struct state, pause, DURATION, "pause", .fallback = "10s", .help = "how long"),
    CONFAB_OPTION(struct state, loud, BOOLEAN, "loud", .help = "whether"),
    CONFAB_OPTION(struct state, folder, PATH, "folder", .help = "where"),
    CONFAB_OPTION(struct state, colour, CHOICE, "colour", .choices = colours, .help = "which"),
    CONFAB_OPTION(struct state, peer, ADDRESS, "peer", .help = "with whom"),
    CONFAB_OPTION(struct state, password, SECRET, "password", .flags = CONFAB_OPTION_REQUIRED,
                  .help = "what nobody is told"),
    CONFAB_OPTION(struct state, names, STRING, "name", .flags = CONFAB_OPTION_REPEATED, .help = "who"),
    CONFAB_OPTIONS_END
};

int handle_connect(confab_chat *chat)
{
    auto *state = static_cast<struct state *>(confab_service_state(confab_chat_service(chat)));

    if (int error = confab_chat_puts(chat, state->greeting))
        return error;
    return confab_chat_set_terminator_line(chat);
}

int found_terminator(confab_chat *chat)
{
    auto *session = static_cast<struct session *>(confab_chat_session(chat));

    return confab_chat_printf(chat, "%llu\r\n", static_cast<unsigned long long>(++session->lines));
}

} // namespace

CONFAB_PLUGIN(.name = "plugin-cpp", .version = "1", .description = "counts lines",
              .chat = CONFAB_CHAT(.session_size = sizeof(struct session), .handle_connect = handle_connect,
                                  .collect_incoming_data = confab_chat_collect,
                                  .found_terminator = found_terminator),
              .options = options, .service_size = sizeof(struct state), .spread = CONFAB_ANY_WORKER)
