/* The names of its counters do not end with NULL, as far as anyone would look. */
#include "bad.h"

#define FOUR(name)    name, name, name, name
#define SIXTEEN(name) FOUR(name), FOUR(name), FOUR(name), FOUR(name)

static const char *const counters[] = {
    SIXTEEN("a"), SIXTEEN("b"), SIXTEEN("c"), SIXTEEN("d"), SIXTEEN("e"), SIXTEEN("f"),
    SIXTEEN("g"), SIXTEEN("h"), SIXTEEN("i"), SIXTEEN("j"), SIXTEEN("k"), SIXTEEN("l"),
    SIXTEEN("m"), SIXTEEN("n"), SIXTEEN("o"), SIXTEEN("p"), "q",          NULL,
};

CONFAB_PLUGIN(.name = "bad", .chat = BAD_CHAT, .counters = counters)
