/* Has no name. */
#include "bad.h"

CONFAB_PLUGIN(.chat = BAD_CHAT)
