/* Something else that happens to have our entry's name. */
#include "bad.h"

BAD_PLUGIN(.magic = UINT64_C(0x1122334455667788), .size = sizeof(struct confab_plugin),
           .option_size = sizeof(struct confab_option), .abi_major = CONFAB_ABI_MAJOR,
           .abi_minor = CONFAB_ABI_MINOR, .name = "bad", .chat = BAD_CHAT)
