#include "backends/kqueue_table.h"
#include <errno.h>
#include <string.h>

enum { ENTRIES_AT_FIRST = 64 };

int table_reserve(struct kqueue_table *table, const struct confab_backend_options *options, int fd)
{
    size_t room = table->room ? table->room : ENTRIES_AT_FIRST;

    if (table_find(table, fd))
        return 0;
    while (room <= (size_t)fd)
        room *= 2;
    if (room > SIZE_MAX / sizeof *table->watched)
        return -ENOMEM;
    int *queue = options->alloc(options->alloc_data, table->queue, room * sizeof *queue);
    if (!queue)
        return -ENOMEM;
    table->queue = queue;
    struct watched *watched = options->alloc(options->alloc_data, table->watched, room * sizeof *watched);
    if (!watched)
        return -ENOMEM;
    memset(watched + table->room, 0, (room - table->room) * sizeof *watched);
    table->watched = watched;
    table->room = room;
    return 0;
}

void table_free(struct kqueue_table *table, const struct confab_backend_options *options)
{
    if (table->watched)
        options->alloc(options->alloc_data, table->watched, 0);
    if (table->queue)
        options->alloc(options->alloc_data, table->queue, 0);
}

void table_note(struct kqueue_table *table, int fd)
{
    struct watched *watched = &table->watched[fd];

    watched->changed = true;
    if (!watched->queued)
        table->queue[table->queued++] = fd;
    watched->queued = true;
}

size_t table_begin(struct kqueue_table *table)
{
    size_t end = table->queued;

    table->queued = 0;
    return end;
}

void table_done(struct kqueue_table *table, size_t first, size_t next)
{
    for (; first < next; first++) {
        struct watched *watched = &table->watched[table->queue[first]];

        watched->queued = false;
        if (watched->changed)
            watched->held = watched->sure = watched->wanted;
        watched->changed = false;
    }
}

/* Where a signal ended a wait the kernel had been told of all.  So it is told again as if it knew:
 * should it not, it says so. */
void table_fail(struct kqueue_table *table, size_t first, size_t next, size_t end)
{
    for (size_t i = first; i < next; i++) {
        struct watched *watched = &table->watched[table->queue[i]];

        watched->held |= watched->wanted;
        watched->sure |= watched->wanted;
    }
    if (first < end)
        memmove(table->queue + table->queued, table->queue + first, (end - first) * sizeof *table->queue);
    table->queued += end - first;
}

void table_show(const struct kqueue_table *table, struct shown *shown, int fd, uint32_t generation,
                uint32_t events, int error)
{
    struct watched *watched = table_find(table, fd);

    if (!watched)
        return;
    if (watched->entry >= (uint32_t)shown->n || shown->out[watched->entry].fd != fd ||
        shown->out[watched->entry].generation != generation) {
        if (shown->n == shown->cap)
            return;
        watched->entry = (uint32_t)shown->n++;
        shown->out[watched->entry] = (struct confab_ready){ .fd = fd, .generation = generation };
    }
    struct confab_ready *entry = &shown->out[watched->entry];
    if (events == BACKEND_FAILED) {
        entry->events = BACKEND_FAILED;
        entry->error = error;
    } else if (entry->events != BACKEND_FAILED) {
        entry->events |= events;
    }
}
