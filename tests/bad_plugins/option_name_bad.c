/* A name that cannot be written on a command line. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    CONFAB_OPTION(struct state, first, INTEGER, "First One", .help = ""),
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
