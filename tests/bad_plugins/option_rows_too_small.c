/* Rows that end before the fields that every version of them has. */
#include "bad.h"

static const struct confab_option options[] = { CONFAB_OPTIONS_END };

BAD_PLUGIN(.magic = CONFAB_PLUGIN_MAGIC, .size = sizeof(struct confab_plugin),
           .option_size = offsetof(struct confab_option, offset), .abi_major = CONFAB_ABI_MAJOR,
           .abi_minor = CONFAB_ABI_MINOR, .name = "bad", .chat = BAD_CHAT, .options = options)
