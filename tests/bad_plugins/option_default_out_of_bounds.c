/* A default that its own bounds refuse. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, INTEGER, "first", .fallback = "7", .min = 10, .max = 20),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
