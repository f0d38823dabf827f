/* A bare word could mean either of two. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, INTEGER, "first", .flags = CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTION(struct state, second, INTEGER, "second", .flags = CONFAB_OPTION_POSITIONAL),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
