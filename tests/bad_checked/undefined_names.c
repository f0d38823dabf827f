/* Calls what nobody has: a slip, a function of another version, one of its own that was not linked. */
#include <confab/plugin.h>

extern int frobnicate(confab_chat *chat);
extern int confab_chat_psuh(confab_chat *chat, const void *bytes, size_t len);
extern int confab_chat_that_never_was(confab_chat *chat);
extern int no_matter(confab_chat *chat) __attribute__((weak));

static int handle_connect(confab_chat *chat)
{
    if (no_matter)
        no_matter(chat);
    confab_chat_psuh(chat, "hello\r\n", 7);
    return confab_chat_that_never_was(chat) + frobnicate(chat);
}

CONFAB_PLUGIN(.name = "undefined_names", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                             .collect_incoming_data = confab_chat_collect))
