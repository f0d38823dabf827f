/* A type that this host has not heard of. */
#include "bad.h"

struct state {
    int64_t first, second;
    char *text;
    int choice;
};

static const struct confab_option options[] = {
    { .name = "first", .type = (enum confab_option_type)99, .offset = offsetof(struct state, first) },
    CONFAB_OPTIONS_END,
};

BAD_OPTIONS(struct state, options)
