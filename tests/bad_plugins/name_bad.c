/* A name that could not be a file's nor a section's. */
#include "bad.h"

CONFAB_PLUGIN(.name = "Bad Name", .chat = BAD_CHAT)
