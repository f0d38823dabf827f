/* Bounds for what is no number. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, text, STRING, "text", .max = 10),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
