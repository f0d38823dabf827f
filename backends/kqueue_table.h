/* kqueue_table.h: what kqueue.c knows of each descriptor: what is wanted of it, what
 * the kernel has of it, and which ones the kernel is still to be told of. */
#ifndef CONFAB_BACKENDS_KQUEUE_TABLE_H
#define CONFAB_BACKENDS_KQUEUE_TABLE_H

#include "backends/backend.h"

/* BACKEND_READ and BACKEND_WRITE stand for the two filters. */
struct watched {
    uint32_t generation;
    uint32_t entry; /* which one of the present wait shows it; stale unless that one is of this descriptor */
    uint8_t wanted;
    uint8_t held; /* what the kernel may have; never less than it has */
    uint8_t sure; /* of that, what it has under this generation unless someone closed the descriptor */
    bool changed; /* the kernel is to be told */
    bool queued;  /* its number is in the queue (stays there after del) */
};

struct kqueue_table {
    struct watched *watched; /* by descriptor */
    int *queue;              /* those that have changed; room for all */
    size_t room;             /* of both */
    size_t queued;
};

/* What a wait shows so far. */
struct shown {
    struct confab_ready *out;
    int cap, n;
};

static inline struct watched *table_find(const struct kqueue_table *table, int fd)
{
    return fd >= 0 && (size_t)fd < table->room ? &table->watched[fd] : NULL;
}

/* Makes room for fd.  -ENOMEM: all is as it was. */
int table_reserve(struct kqueue_table *table, const struct confab_backend_options *options, int fd);
void table_free(struct kqueue_table *table, const struct confab_backend_options *options);

/* The kernel is to be told what is wanted of fd, for which there is room. */
void table_note(struct kqueue_table *table, int fd);

/* Takes the queue to be worked off, queue[0] to queue[n - 1]; returns n.  What is noted from
 * then on is put at the front again, over what is done; so a number in it may only be noted
 * when it is done. */
size_t table_begin(struct kqueue_table *table);

/* The kernel was told of queue[first] to queue[next - 1]; of what it refused the caller knows more. */
void table_done(struct kqueue_table *table, size_t first, size_t next);

/* Telling of queue[first] to queue[next - 1] failed, and it is not known of how many the kernel
 * was told: they stay in the queue, as do those behind them, up to queue[end - 1]. */
void table_fail(struct kqueue_table *table, size_t first, size_t next, size_t end);

/* Puts it into the entry that shows this descriptor under this generation, or into a new one.  One that has
 * FAILED stands alone; what is left out for that, or for want of room, the next wait tells. */
void table_show(const struct kqueue_table *table, struct shown *shown, int fd, uint32_t generation,
                uint32_t events, int error);

#endif
