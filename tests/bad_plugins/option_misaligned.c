/* A member where none can be. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    { .name = "first", .type = CONFAB_OPTION_INTEGER, .offset = 1 },
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
