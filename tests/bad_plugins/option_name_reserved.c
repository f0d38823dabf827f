/* A name that the host uses itself. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, DURATION, "idle-timeout", .help = ""),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
