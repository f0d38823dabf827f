/* Shares names with all others of the process: without -fvisibility=hidden it is made so in a moment. */
#include <confab/plugin.h>

#define SHARED __attribute__((visibility("default")))

SHARED int frob(confab_chat *chat);
SHARED extern const unsigned baz;
const unsigned baz = 7;

int frob(confab_chat *chat)
{
    return confab_chat_set_terminator_count(chat, baz);
}

static int handle_connect(confab_chat *chat)
{
    return frob(chat);
}

CONFAB_PLUGIN(.name = "exports", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                     .collect_incoming_data = confab_chat_collect))
