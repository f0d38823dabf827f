/* A table without an end, as far as anyone would look. */
#include "bad.h"

#define ROW(letter)                                   \
    {                                                 \
        .name = letter, .type = CONFAB_OPTION_INTEGER \
    }
#define FOUR(letter)    ROW(letter), ROW(letter), ROW(letter), ROW(letter)
#define SIXTEEN(letter) FOUR(letter), FOUR(letter), FOUR(letter), FOUR(letter)

static const struct confab_option options[] = {
    SIXTEEN("a"), SIXTEEN("b"), SIXTEEN("c"), SIXTEEN("d"), SIXTEEN("e"), SIXTEEN("f"),
    SIXTEEN("g"), SIXTEEN("h"), SIXTEEN("i"), SIXTEEN("j"), SIXTEEN("k"), SIXTEEN("l"),
    SIXTEEN("m"), SIXTEEN("n"), SIXTEEN("o"), SIXTEEN("p"), ROW("q"),     CONFAB_OPTIONS_END,
};

BAD_OPTIONS(int64_t, options)
