/* Built for an ABI that this host has not heard of. */
#include "bad.h"

BAD_PLUGIN(.magic = CONFAB_PLUGIN_MAGIC, .size = sizeof(struct confab_plugin),
           .option_size = sizeof(struct confab_option), .abi_major = CONFAB_ABI_MAJOR + 1, .abi_minor = 0,
           .name = "bad", .chat = BAD_CHAT)
