/* The table of hooks ends before the one that is required. */
#include "bad.h"

static const struct confab_chat_ops chat = { .size = offsetof(struct confab_chat_ops, collect_incoming_data),
                                             .collect_incoming_data = bad_collect };

CONFAB_PLUGIN(.name = "bad", .chat = &chat)
