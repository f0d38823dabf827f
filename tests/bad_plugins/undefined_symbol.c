/* Needs a function that no host has. */
#include "bad.h"

extern int confab_chat_that_never_was(confab_chat *chat);

CONFAB_PLUGIN(.name = "bad", .chat = CONFAB_CHAT(.handle_connect = confab_chat_that_never_was,
                                                 .collect_incoming_data = bad_collect))
