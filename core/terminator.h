/* terminator.h: byte strings at which messages end, and the search for them.
 *
 * A terminator is immutable, counted, and interned by its reactor's table: two
 * that are equal are the same pointer.  The search is linear whatever arrives:
 * memchr for the terminator's last byte, then a comparison; once comparisons
 * were wasted out of proportion to the progress, Knuth-Morris-Pratt to the end
 * of the read. */
#ifndef CONFAB_CORE_TERMINATOR_H
#define CONFAB_CORE_TERMINATOR_H

#include "core/alloc.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct terminator {
    struct terminator *next; /* in its table's chain */
    uint32_t hash, refs;
    uint32_t len; /* 1 to CONFAB_TERMINATOR_MAX */
    uint16_t
        *border; /* border[i]: longest proper border of the first i + 1 bytes; behind the bytes in memory */
    char bytes[];
};

/* Terminators by their bytes: a chained hash table that grows. */
struct terminators {
    const struct alloc *alloc;
    struct terminator **chain;
    uint32_t count, chains; /* chains: a power of 2, or 0 */
};

void terminators_init(struct terminators *table, const struct alloc *alloc);
void terminators_free(struct terminators *table); /* all of them are unreferenced by then */

/* The terminator of these bytes (len >= 1), with one more reference; NULL: out of memory. */
struct terminator *terminator_get(struct terminators *table, const void *bytes, size_t len);
void terminator_ref(struct terminator *terminator);
void terminator_unref(struct terminators *table, struct terminator *terminator);

/* What a search found.  The stream is the held prefix (the terminator's own
 * first `held` bytes, which arrived in earlier reads) followed by data. */
struct terminator_match {
    size_t released; /* of the held prefix, from its front: are no part of a match after all */
    size_t
        body; /* bytes at the front of data that come before the match (0 unless all of the prefix is released) */
    size_t
        used; /* bytes of data behind the body that belong to the match, or to the prefix that is now held */
    size_t
        held; /* not found: the prefix that is now held (released < held before: what is left of it counts) */
    bool found;
};

/* Looks for the first match.  held < len of the terminator; n may be 0.
 * Always: found, or body + used == n. */
void terminator_search(const struct terminator *terminator, size_t held, const char *data, size_t n,
                       struct terminator_match *match);

/* Bytes compared by terminator_search since the start of the process, memchr's
 * own scanning apart.  Counted only where CONFAB_COUNT_COMPARES is defined (a
 * test's own build of terminator.c); else 0. */
uint64_t terminator_compares(void);

#endif
