/* wheel.c: a hierarchical timing wheel.
 *
 * A tick is a number of 6-bit digits.  A node lies at the level of the highest
 * digit in which its tick differs from now, in the slot that this digit names.
 * So the slots in use at a level are all ahead of now's own digit there, all
 * that lies at a level is due before anything at a higher one, and what comes
 * next is the lowest bit of the lowest level: no tick in between is visited.
 *
 * At any moment nodes of one tick lie in one slot, in the order of their start,
 * and sorting a slot down keeps that order. */
#include "core/wheel.h"
#include <assert.h>

#define TICK_NS   (UINT64_C(1) << WHEEL_TICK_SHIFT)
#define LAST_TICK ((uint64_t)INT64_MAX >> WHEEL_TICK_SHIFT) /* that a time in nanoseconds can name */

/* The bits of any tick must have a level. */
_Static_assert(64 - WHEEL_TICK_SHIFT <= WHEEL_SLOT_BITS * WHEEL_LEVELS,
               "too few levels for a time of 63 bits");

static uint64_t tick_before(int64_t ns)
{
    return ns <= 0 ? 0 : (uint64_t)ns >> WHEEL_TICK_SHIFT;
}

static uint64_t tick_after(int64_t ns)
{
    return ns <= 0 ? 0 : ((uint64_t)ns + TICK_NS - 1) >> WHEEL_TICK_SHIFT;
}

static void list_init(struct wheel_link *head)
{
    head->next = head->prev = head;
}

static void list_append(struct wheel_link *head, struct wheel_link *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static void list_remove(struct wheel_link *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
    link->next = link->prev = NULL;
}

static void mark_used(struct wheel *wheel, unsigned level, unsigned slot)
{
    wheel->used[level] |= UINT64_C(1) << slot;
    wheel->levels |= 1u << level;
}

static void mark_empty(struct wheel *wheel, unsigned level, unsigned slot)
{
    wheel->used[level] &= ~(UINT64_C(1) << slot);
    if (wheel->used[level] == 0)
        wheel->levels &= ~(1u << level);
}

/* Puts a node where its tick, which is after now, belongs. */
static void place(struct wheel *wheel, struct wheel_node *node, uint64_t tick)
{
    unsigned highest_bit = 63u - (unsigned)__builtin_clzll(tick ^ wheel->now);
    unsigned level = highest_bit / WHEEL_SLOT_BITS;
    unsigned slot = (unsigned)(tick >> (level * WHEEL_SLOT_BITS)) % WHEEL_SLOTS;

    mark_used(wheel, level, slot);
    list_append(&wheel->slot[level][slot], &node->link);
}

/* The first slot in use; some must be.  Returns its first tick. */
static uint64_t first_used(const struct wheel *wheel, unsigned *level, unsigned *slot)
{
    unsigned shift;

    *level = (unsigned)__builtin_ctz(wheel->levels);
    *slot = (unsigned)__builtin_ctzll(wheel->used[*level]);
    shift = *level * WHEEL_SLOT_BITS;
    return ((wheel->now >> shift) / WHEEL_SLOTS * WHEEL_SLOTS + *slot) << shift;
}

/* Now is the first tick of this slot: what is due expires, the rest belongs at lower levels. */
static void sort_slot(struct wheel *wheel, unsigned level, unsigned slot)
{
    struct wheel_link *head = &wheel->slot[level][slot], *link = head->next, *next;

    list_init(head);
    mark_empty(wheel, level, slot);
    for (; link != head; link = next) {
        struct wheel_node *node = (struct wheel_node *)link;
        uint64_t tick = tick_after(node->deadline);

        next = link->next;
        /* Before now: it was past already when it was started, and put at the tick after that. */
        if (tick <= wheel->now)
            list_append(&wheel->expired, link);
        else
            place(wheel, node, tick);
    }
}

/* Out of line, so that wheel_expire, which has nothing to do in most turns, saves no registers for it. */
__attribute__((noinline)) static void advance(struct wheel *wheel, uint64_t target)
{
    unsigned level, slot;

    while (wheel->levels) {
        uint64_t tick = first_used(wheel, &level, &slot);

        if (tick > target)
            break;
        wheel->now = tick;
        sort_slot(wheel, level, slot);
    }
    /* No slot in use was passed, so each node is still at the level that its tick asks for. */
    wheel->now = target;
}

void wheel_init(struct wheel *wheel, int64_t now)
{
    wheel->now = tick_before(now);
    wheel->count = 0;
    wheel->levels = 0;
    list_init(&wheel->expired);
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        wheel->used[level] = 0;
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&wheel->slot[level][slot]);
    }
}

void wheel_start(struct wheel *wheel, struct wheel_node *node, int64_t deadline)
{
    uint64_t tick = tick_after(deadline);

    assert(!wheel_running(node));
    node->deadline = deadline;
    place(wheel, node, tick > wheel->now ? tick : wheel->now + 1);
    wheel->count++;
}

void wheel_stop(struct wheel *wheel, struct wheel_node *node)
{
    struct wheel_link *next = node->link.next, *prev = node->link.prev;

    if (!wheel_running(node))
        return;
    list_remove(&node->link);
    wheel->count--;
    /* Its neighbour on both sides was the list's head: the slot is empty now, and the head
     * tells which it is. */
    if (next == prev && next != &wheel->expired) {
        size_t index = (size_t)((char *)next - (char *)wheel->slot) / sizeof *next;

        mark_empty(wheel, (unsigned)(index / WHEEL_SLOTS), (unsigned)(index % WHEEL_SLOTS));
    }
}

void wheel_expire(struct wheel *wheel, int64_t now)
{
    uint64_t target = tick_before(now);

    if (target > wheel->now)
        advance(wheel, target);
}

struct wheel_node *wheel_take(struct wheel *wheel)
{
    struct wheel_link *first = wheel->expired.next;

    if (first == &wheel->expired)
        return NULL;
    list_remove(first);
    wheel->count--;
    return (struct wheel_node *)first;
}

int64_t wheel_next(const struct wheel *wheel)
{
    unsigned level, slot;
    uint64_t tick;

    if (wheel->expired.next != &wheel->expired)
        return INT64_MIN;
    if (!wheel->levels)
        return INT64_MAX;
    tick = first_used(wheel, &level, &slot);
    return tick > LAST_TICK ? INT64_MAX : (int64_t)(tick << WHEEL_TICK_SHIFT);
}
