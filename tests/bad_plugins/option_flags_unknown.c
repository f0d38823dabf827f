/* A flag that this host has not heard of. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, INTEGER, "first", .flags = 64),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
