/* letters.h: what is sent in bulk: a to z, again and again, as plugins/bench has them. */
#ifndef CONFAB_TOOLS_BENCH_LETTERS_H
#define CONFAB_TOOLS_BENCH_LETTERS_H

#include <stddef.h>

enum { LETTERS = 26 };

/* Fills what is to be sent from the first one on: LETTERS more than a piece, and each piece is to be found in
 * it, wherever it begins. */
static inline void letters_fill(char *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (char)('a' + i % LETTERS);
}

#endif
