/* ids.h: weak names: a table of pointers, each behind an id whose id
 * comes back only after its row was used 2^35 times. */
#ifndef CONFAB_CORE_IDS_H
#define CONFAB_CORE_IDS_H

#include "core/alloc.h"
#include <stdint.h>

struct ids {
    const struct alloc *alloc;
    struct id_row *rows;
    uint32_t capacity, free_row;
};

/* The top bit of an id is always 0, for the user's own. */
#define IDS_TOP (UINT64_C(1) << 63)

void ids_init(struct ids *ids, const struct alloc *alloc);
void ids_free(struct ids *ids);

/* Names what is not NULL.  0: out of memory. */
uint64_t ids_take(struct ids *ids, void *what);

/* What is named; NULL: it is gone. */
void *ids_find(const struct ids *ids, uint64_t id);

/* Each thing that is named, in any order: *cursor is 0 at first; NULL: no more. */
void *ids_next(const struct ids *ids, uint32_t *cursor);

/* From now on the id, which is in use, names nothing. */
void ids_give_up(struct ids *ids, uint64_t id);

#endif
