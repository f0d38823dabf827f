/* Lacks the one hook that is required. */
#include "bad.h"

static int found_terminator(confab_chat *chat)
{
    (void)chat, (void)bad_collect;
    return 0;
}

CONFAB_PLUGIN(.name = "bad", .chat = CONFAB_CHAT(.found_terminator = found_terminator))
