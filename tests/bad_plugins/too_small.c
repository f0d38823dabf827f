/* The struct ends before the hooks: no version of it does. */
#include "bad.h"

BAD_PLUGIN(.magic = CONFAB_PLUGIN_MAGIC, .size = offsetof(struct confab_plugin, chat),
           .option_size = sizeof(struct confab_option), .abi_major = CONFAB_ABI_MAJOR,
           .abi_minor = CONFAB_ABI_MINOR, .name = "bad", .chat = BAD_CHAT)
