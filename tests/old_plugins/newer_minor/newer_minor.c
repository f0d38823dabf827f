/* Right for a host that has its ABI: 1.999. */
#include <confab/plugin.h>

CONFAB_PLUGIN(.name = "newer-minor", .chat = CONFAB_CHAT(.collect_incoming_data = confab_chat_collect))
