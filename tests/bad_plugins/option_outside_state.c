/* A member behind the end of the state. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, second, INTEGER, "second", .help = ""),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(int64_t, options)
