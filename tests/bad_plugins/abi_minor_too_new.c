/* The right ABI, with additions that this host has not heard of. */
#include "bad.h"

BAD_PLUGIN(.magic = CONFAB_PLUGIN_MAGIC, .size = sizeof(struct confab_plugin),
           .option_size = sizeof(struct confab_option), .abi_major = CONFAB_ABI_MAJOR,
           .abi_minor = CONFAB_ABI_MINOR + 1, .name = "bad", .chat = BAD_CHAT)
