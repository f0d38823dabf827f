#include "core/slots.h"
#include <errno.h>

enum {
    SLOTS_FIRST = 64,
    SLOTS_MAX = 1 << 24, /* a weak name has 24 bits for the descriptor */
    FD_BITS = 24,
    GENERATION_HIGH_MASK = 0x7f /* the top bit of a name is always 0 */
};

void slots_free(struct slots *slots, const struct alloc *alloc)
{
    alloc_free(alloc, slots->slot);
    alloc_free(alloc, slots->queue);
    *slots = (struct slots){ 0 };
}

int slots_reserve(struct slots *slots, const struct alloc *alloc, int fd)
{
    uint32_t capacity = slots->capacity ? slots->capacity : SLOTS_FIRST;

    if ((uint32_t)fd < slots->capacity)
        return 0;
    if (fd >= SLOTS_MAX - 1)
        return -EMFILE;
    while (capacity <= (uint32_t)fd)
        capacity *= 2;
    struct slot *slot = alloc_resize(alloc, slots->slot, capacity * sizeof *slot);
    if (!slot)
        return -ENOMEM;
    slots->slot = slot;
    int32_t *queue = alloc_resize(alloc, slots->queue, capacity * sizeof *queue);
    if (!queue)
        return -ENOMEM;
    slots->queue = queue;
    memset(slot + slots->capacity, 0, (capacity - slots->capacity) * sizeof *slot);
    slots->capacity = capacity;
    return 0;
}

void slots_take(struct slots *slots, int fd, struct channel *channel)
{
    struct slot *slot = &slots->slot[fd];

    slot->channel = channel;
    if (++slot->generation == 0)
        slot->generation_high++;
    slot->wanted = 0;
    slot->armed = 0;
}

uint64_t slots_id(const struct slots *slots, int fd)
{
    const struct slot *slot = &slots->slot[fd];

    return (uint64_t)(slot->generation_high & GENERATION_HIGH_MASK) << (FD_BITS + 32) |
           (uint64_t)slot->generation << FD_BITS | (uint64_t)(fd + 1);
}

struct slot *slots_find(const struct slots *slots, uint64_t id)
{
    uint64_t fd = (id & (SLOTS_MAX - 1)) - 1;

    if (fd >= slots->capacity || slots_id(slots, (int)fd) != id)
        return NULL;
    return &slots->slot[fd];
}
