/* Right for a host that has its ABI: 2.0. */
#include <confab/plugin.h>

CONFAB_PLUGIN(.about = { .words = { 1, 2, 3, 4 }, .name = "newer-major" },
              .collect_incoming_data = confab_chat_collect)
