/* ids.c: weak names.  An id is the number of a row (plus one, so that it is never
 * 0) and the row's generation, which counts up each time the row is given up:
 * an id of something that is gone finds nothing. */
#include "core/ids.h"
#include <assert.h>
#include <stdbool.h>

enum {
    FIRST_ROWS = 16,
    ROW_BITS = 28,     /* of an id: the number of its row, plus one */
    ROWS_MAX = 1 << 27 /* a table of 3 GiB */
};

struct id_row {
    void *what;          /* NULL: free */
    uint64_t generation; /* 35 bits of it are in the id */
    uint32_t next_free;  /* of a free row: the next one's index plus one; 0: none */
};

/* Doubles the table.  False: out of memory. */
static bool add_rows(struct ids *ids)
{
    uint32_t capacity = ids->capacity ? 2 * ids->capacity : FIRST_ROWS;
    struct id_row *rows;

    if (capacity > ROWS_MAX)
        return false;
    rows = alloc_resize(ids->alloc, ids->rows, capacity * sizeof *rows);
    if (!rows)
        return false;
    /* From the last to the first, so that the first is taken first. */
    for (uint32_t i = capacity; i > ids->capacity; i--) {
        rows[i - 1] = (struct id_row){ .next_free = ids->free_row };
        ids->free_row = i;
    }
    ids->rows = rows;
    ids->capacity = capacity;
    return true;
}

static uint32_t row_of(uint64_t id)
{
    return (uint32_t)(id & ((UINT64_C(1) << ROW_BITS) - 1)) - 1;
}

static uint64_t id_of(const struct ids *ids, uint32_t index)
{
    return (ids->rows[index].generation << ROW_BITS & ~IDS_TOP) | (index + 1);
}

void ids_init(struct ids *ids, const struct alloc *alloc)
{
    *ids = (struct ids){ .alloc = alloc };
}

void ids_free(struct ids *ids)
{
    alloc_free(ids->alloc, ids->rows);
    ids_init(ids, ids->alloc);
}

uint64_t ids_take(struct ids *ids, void *what)
{
    assert(what);
    if (!ids->free_row && !add_rows(ids))
        return 0;
    uint32_t index = ids->free_row - 1;
    struct id_row *row = &ids->rows[index];

    ids->free_row = row->next_free;
    row->what = what;
    return id_of(ids, index);
}

void *ids_find(const struct ids *ids, uint64_t id)
{
    uint32_t index = row_of(id); /* of id 0: beyond any table */

    if (index >= ids->capacity || id_of(ids, index) != id)
        return NULL;
    return ids->rows[index].what;
}

void *ids_next(const struct ids *ids, uint32_t *cursor)
{
    while (*cursor < ids->capacity) {
        void *what = ids->rows[(*cursor)++].what;
        if (what)
            return what;
    }
    return NULL;
}

void ids_give_up(struct ids *ids, uint64_t id)
{
    uint32_t index = row_of(id);
    struct id_row *row = &ids->rows[index];

    assert(ids_find(ids, id));
    row->what = NULL;
    row->generation++;
    row->next_free = ids->free_row;
    ids->free_row = index + 1;
}
