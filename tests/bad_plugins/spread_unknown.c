/* Wants to be run in a way that does not exist. */
#include "bad.h"

CONFAB_PLUGIN(.name = "bad", .chat = BAD_CHAT, .spread = (enum confab_spread)7)
