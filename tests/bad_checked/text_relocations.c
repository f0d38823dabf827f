/* Has the address of a function in its code, as what was compiled without -fPIC does. */
#include <confab/plugin.h>

static __attribute__((used)) int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

__asm__(".text\n"
        ".balign 8\n"
        ".dc.a handle_connect\n");

CONFAB_PLUGIN(.name = "text_relocations", .chat = CONFAB_CHAT(.handle_connect = handle_connect,
                                                              .collect_incoming_data = confab_chat_collect))
