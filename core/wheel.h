/* wheel.h: a hierarchical timing wheel: timers that start and stop in constant
 * time, however many there are.
 *
 * Time is counted in ticks of 2^20 ns (1.05 ms); a deadline is rounded up to
 * the next tick, so a timer is never early.  The wheel calls nobody: wheel_expire
 * moves what is due into a list that the caller takes from. */
#ifndef CONFAB_CORE_WHEEL_H
#define CONFAB_CORE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHEEL_TICK_SHIFT = 20, WHEEL_SLOT_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_SLOT_BITS, WHEEL_LEVELS = 8 };

/* The links of a circular list.  Zeroed memory is a node in no list. */
struct wheel_link {
    struct wheel_link *next, *prev;
};

/* A timer: embedded in what owns it, first zeroed.  deadline is in nanoseconds. */
struct wheel_node {
    struct wheel_link link;
    int64_t deadline;
};

struct wheel {
    uint64_t now;                /* ticks that have passed */
    uint64_t used[WHEEL_LEVELS]; /* a bit for each slot that holds a node */
    uint32_t levels;             /* a bit for each level that holds a node */
    struct wheel_link slot[WHEEL_LEVELS][WHEEL_SLOTS];
    struct wheel_link expired;
    uint64_t count; /* nodes in it, expired ones included */
};

void wheel_init(struct wheel *wheel, int64_t now);

/* Starts a timer that is not running, to expire at deadline or up to a tick
 * later, in any case not in the present turn (it is at the earliest one tick
 * after the wheel's now). */
void wheel_start(struct wheel *wheel, struct wheel_node *node, int64_t deadline);

/* Stops it; no-op where it is not running.  Also one that has expired and was not yet taken. */
void wheel_stop(struct wheel *wheel, struct wheel_node *node);

static inline bool wheel_running(const struct wheel_node *node)
{
    return node->link.next != NULL;
}

/* Moves the wheel on to now (nanoseconds; earlier than before is no-op) and what is due by then into the
 * expired list, in the order of their ticks. */
void wheel_expire(struct wheel *wheel, int64_t now);

/* Takes the first expired node, which then is not running; NULL: none. */
struct wheel_node *wheel_take(struct wheel *wheel);

/* A time at which to call wheel_expire: not after the next deadline's tick,
 * perhaps before it (the wheel then has nodes to sort).  INT64_MAX: empty;
 * INT64_MIN: something has expired and was not taken. */
int64_t wheel_next(const struct wheel *wheel);

#endif
