// A plugin in C++: what `confab check` sees of its memory.
#include <confab/plugin.h>
#include <cstring>
#include <string>

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

// Not within the class itself: the compiler would do without both.
static __attribute__((noinline)) char *make(std::size_t n)
{
    return new char[n];
}

static int found_terminator(confab_chat *chat)
{
    const char *line = confab_chat_message(chat, nullptr);
    char *copy;

    if (!line)
        return -1;
    std::string text(line);
    text += ", which is a text that is too long for what a string holds in itself";
    copy = make(40);
    std::memset(copy, 'x', 40);
    confab_chat_push(chat, copy, 2);
    if (text.compare(0, 4, "keep") != 0)
        delete[] copy;
    return confab_chat_push(chat, "\r\n", 2);
}

CONFAB_PLUGIN(.name = "calls_cpp", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                       .collect_incoming_data = confab_chat_collect,
                                                       .found_terminator = found_terminator))
