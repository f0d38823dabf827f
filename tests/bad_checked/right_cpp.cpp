// A plugin in C++ that has no fault, with what the C++ library brings along: templates, their data, exceptions.
#include <cerrno>
#include <confab/plugin.h>
#include <map>
#include <new>
#include <string>

struct Session {
    std::map<std::string, unsigned> *seen;
};

static int handle_connect(confab_chat *chat)
{
    auto *session = static_cast<Session *>(confab_chat_session(chat));

    session->seen = new (std::nothrow) std::map<std::string, unsigned>;
    return session->seen ? confab_chat_set_terminator_line(chat) : -ENOMEM;
}

static int found_terminator(confab_chat *chat)
try {
    auto *session = static_cast<Session *>(confab_chat_session(chat));
    const char *line = confab_chat_message(chat, nullptr);

    if (!line)
        return -ENOMEM;
    if (session->seen->size() > 10)
        session->seen->clear();
    std::string reply = std::to_string(++(*session->seen)[line]) + "\r\n";
    return confab_chat_push(chat, reply.data(), reply.size());
} catch (const std::bad_alloc &) {
    return -ENOMEM;
}

static void handle_close(confab_chat *chat, enum confab_reason)
{
    delete static_cast<Session *>(confab_chat_session(chat))->seen;
}

CONFAB_PLUGIN(.name = "right_cpp",
              .chat = CONFAB_CHAT(.session_size = sizeof(Session), .handle_connect = handle_connect,
                                  .collect_incoming_data = confab_chat_collect,
                                  .found_terminator = found_terminator, .handle_close = handle_close),
              .examples = CONFAB_EXAMPLES("confab-session 1\n"
                                          "isolated\n"
                                          "> \"again\\r\\nagain\\r\\n\"\n"
                                          "< \"1\\r\\n2\\r\\n\"\n"))
