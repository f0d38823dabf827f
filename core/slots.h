/* slots.h: what the reactor knows of each descriptor: a dense array by number. */
#ifndef CONFAB_CORE_SLOTS_H
#define CONFAB_CORE_SLOTS_H

#include "core/alloc.h"
#include <stdbool.h>
#include <stdint.h>

struct channel;

/* The generation counts up each time a slot is given to a channel: an event of
 * an older one is stale.  Its high byte, but for a bit, makes weak names of 39 bits. */
struct slot {
    struct channel *channel; /* NULL: free */
    uint32_t generation;
    uint8_t generation_high;
    uint8_t wanted, armed; /* BACKEND_READ...: what its channel wants, what the backend was told */
    uint8_t dirty;         /* SLOT_DIRTY, SLOT_QUEUED */
};

enum {
    SLOT_DIRTY = 1, /* wanted may differ from armed */
    SLOT_QUEUED = 2 /* its number is in slots.queue (stays there when the slot is given up) */
};

struct slots {
    struct slot *slot;
    int32_t *queue; /* numbers of dirty slots; has room for all */
    uint32_t capacity, queued;
};

void slots_free(struct slots *slots, const struct alloc *alloc);

/* Makes room for descriptor fd.  -ENOMEM. */
int slots_reserve(struct slots *slots, const struct alloc *alloc, int fd);

/* Gives the slot of fd, which slots_reserve made, to a channel: a new generation, nothing wanted. */
void slots_take(struct slots *slots, int fd, struct channel *channel);

/* Marks it, so that the next turn tells the backend what is wanted. */
static inline void slots_mark(struct slots *slots, int fd)
{
    struct slot *slot = &slots->slot[fd];

    slot->dirty |= SLOT_DIRTY;
    if (!(slot->dirty & SLOT_QUEUED)) {
        slot->dirty |= SLOT_QUEUED;
        slots->queue[slots->queued++] = fd;
    }
}

/* Changes what is wanted of fd. */
static inline void slots_want(struct slots *slots, int fd, unsigned wanted)
{
    struct slot *slot = &slots->slot[fd];

    if (slot->wanted == wanted)
        return;
    slot->wanted = (uint8_t)wanted;
    slots_mark(slots, fd);
}

/* The weak name of a slot's present holder, and the slot that a name means (NULL: it is another's now). */
uint64_t slots_id(const struct slots *slots, int fd);
struct slot *slots_find(const struct slots *slots, uint64_t id);

#endif
