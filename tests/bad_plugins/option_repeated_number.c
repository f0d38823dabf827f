/* A number that may be given often: its member holds one. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, INTEGER, "first", .flags = CONFAB_OPTION_REPEATED),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
