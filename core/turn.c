/* turn.c: one turn of the loop, and running it. */
#include "core/log.h"
#include "core/output.h"
#include "core/pool.h"
#include "core/reactor.h"
#include <errno.h>
#include <string.h>

/* Tells the backend what changed since the last turn.  What it refuses becomes
 * a FAILED entry at the front of reactor->ready; returns how many those are. */
static int arm_dirty(confab_reactor *reactor)
{
    struct slots *slots = &reactor->slots;
    uint32_t kept = 0;
    int failed = 0;

    for (uint32_t i = 0; i < slots->queued; i++) {
        int fd = slots->queue[i];
        struct slot *slot = &slots->slot[fd];

        if (failed == READY_MAX / 2) {
            slots->queue[kept++] = fd; /* in the next turn */
            continue;
        }
        bool changed = (slot->dirty & SLOT_DIRTY) && slot->wanted != slot->armed;
        slot->dirty = 0;
        if (!changed)
            continue;
        int error = reactor->backend->set(reactor->state, fd, slot->generation, slot->armed, slot->wanted);
        if (error < 0)
            reactor->ready[failed++] = (struct confab_ready){
                .fd = fd, .generation = slot->generation, .events = BACKEND_FAILED, .error = -error
            };
        else
            slot->armed = slot->wanted;
    }
    slots->queued = kept;
    return failed;
}

/* How long the wait may last: no longer than the next deadline.  Time-outs of
 * channels are reckoned from the clock of the last turn, which saves a reading
 * of the clock each turn and makes them later by no more than a turn takes;
 * timers get the real time. */
static int64_t wait_time(confab_reactor *reactor, int64_t timeout)
{
    int64_t next = wheel_next(&reactor->channel_wheel), now = reactor->now;

    if (timeout == 0 || reactor_work_waits(reactor) || reactor->slots.queued)
        return 0;
    if (reactor->timers.count > 0) {
        now = reactor->timers.pending > 0 ? reactor_settle(reactor) : reactor_clock(reactor);
        int64_t timer = wheel_next(&reactor->timer_wheel);
        next = timer < next ? timer : next;
    }
    if (next == INT64_MAX)
        return timeout;
    int64_t left = next > now ? next - now : 0;
    return timeout < 0 || left < timeout ? left : timeout;
}

/* Whether the present wait's events of this descriptor may be stale because we gave it up ourselves. */
static bool was_given_up(const confab_reactor *reactor, int fd)
{
    if (reactor->given_up_many)
        return true;
    for (uint32_t i = 0; i < reactor->given_up_count; i++)
        if (reactor->given_up[i] == fd)
            return true;
    return false;
}

static void stale_event(confab_reactor *reactor, int fd)
{
    if (was_given_up(reactor, fd))
        return;
    if (!reactor->stale_logged)
        log_line(
            CONFAB_ERROR, NULL, 0, NULL,
            "descriptor %d was closed or registered behind the reactor's back; building the backend anew",
            fd);
    reactor->stale_logged = true;
    reactor->lost = true;
}

static void ready_one(confab_reactor *reactor, const struct confab_ready *entry)
{
    struct slots *slots = &reactor->slots;

    if (entry->fd < 0 || (uint32_t)entry->fd >= slots->capacity) {
        stale_event(reactor, entry->fd);
        return;
    }
    struct slot *slot = &slots->slot[entry->fd];
    if (slot->generation != entry->generation || !slot->channel) {
        stale_event(reactor, entry->fd);
        return;
    }
    unsigned events = entry->events & (slot->wanted | BACKEND_FAILED);
    if (events)
        slot->channel->ops->ready(slot->channel, events, entry->error);
}

/* Timers with an id. */
static int run_calls(confab_reactor *reactor)
{
    struct wheel_node *node;
    int n = 0;

    if (reactor->timers.pending > 0)
        reactor_settle(reactor);
    wheel_expire(&reactor->timer_wheel, reactor->now);
    while ((node = wheel_take(&reactor->timer_wheel))) {
        struct timer *timer = (struct timer *)((char *)node - offsetof(struct timer, node));
        struct timer_call fired;

        if (timer_pending(timer) || (timer_kind(timer) == TIMER_AT && !reactor_call_due(reactor, timer)))
            continue;
        timer_fired(&reactor->timers, timer, reactor->now, &fired);
        if (fired.owner)
            ((void (*)(confab_chat *, void *))fired.call)(fired.owner, fired.data);
        else
            ((confab_call *)fired.call)(reactor, fired.data);
        n++;
    }
    return n;
}

static int run_timers(confab_reactor *reactor)
{
    struct wheel_node *node;
    int n = 0;

    wheel_expire(&reactor->channel_wheel, reactor->now);
    while ((node = wheel_take(&reactor->channel_wheel))) {
        struct channel *channel = (struct channel *)((char *)node - offsetof(struct channel, timer));
        channel->ops->timer(channel);
        n++;
    }
    return reactor->timers.count > 0 ? n + run_calls(reactor) : n;
}

/* Builds the backend anew, with the descriptor kept for such moments if there is no other; else in the next turn. */
static void mend(confab_reactor *reactor)
{
    reactor->lost = reactor_rebuild(reactor, false) != 0;
    if (reactor->lost && reactor_give_spare(reactor)) {
        reactor->lost = reactor_rebuild(reactor, false) != 0;
        reactor_take_spare(reactor);
    }
}

static int turn(confab_reactor *reactor, int64_t timeout)
{
    int failed = arm_dirty(reactor);
    int64_t wait = failed ? 0 : wait_time(reactor, timeout);

    reactor->given_up_count = 0;
    reactor->given_up_many = false;
    int n = reactor->backend->wait(reactor->state, wait, reactor->ready + failed, READY_MAX - failed);
    if (n < 0)
        return n;
    n += failed;
    reactor->now = reactor_clock(reactor);
    reactor->tick = (uint32_t)((uint64_t)reactor->now >> WHEEL_TICK_SHIFT);

    for (int i = 0; i < n; i++)
        ready_one(reactor, &reactor->ready[i]);
    n += run_timers(reactor);
    if (atomic_load_explicit(&reactor->signalled, memory_order_relaxed))
        n += signals_run(reactor);
    if (atomic_load_explicit(&reactor->posted, memory_order_acquire))
        n += posts_run(reactor);
    if (reactor->work.first)
        n += channels_work(reactor);
    if (reactor->releases)
        outputs_release(reactor);
    if (reactor->closing.first || reactor->retired_listed)
        channels_finish(reactor);
    if (reactor->lost) {
        mend(reactor);
    }
    return n;
}

/* Changed interests are no reason to go on: where no channel lives, those are of descriptors that were given up. */
static bool alive(const confab_reactor *reactor)
{
    return reactor->channels || reactor->timers.count || reactor_work_waits(reactor) || reactor->holds > 0 ||
           atomic_load_explicit(&reactor->posted, memory_order_relaxed) || pool_count(reactor->work_pool) > 0;
}

/* Nobody knows when the next turn will come: what was started in this one counts from now. */
static void leave(confab_reactor *reactor)
{
    if (reactor->timers.pending)
        reactor_settle(reactor);
    reactor->running = false;
}

int confab_reactor_run_once(confab_reactor *reactor, int64_t timeout)
{
    if (reactor->running)
        return -EBUSY;
    reactor->running = true;
    int n = turn(reactor, timeout);
    leave(reactor);
    return n;
}

int confab_reactor_run(confab_reactor *reactor)
{
    int error = 0;

    if (reactor->running)
        return -EBUSY;
    reactor->running = true;
    while (!atomic_exchange_explicit(&reactor->stop, false, memory_order_acquire) && alive(reactor)) {
        error = turn(reactor, -1);
        if (error < 0)
            break;
    }
    leave(reactor);
    return error < 0 ? error : 0;
}

void confab_reactor_stop(confab_reactor *reactor)
{
    /* Counted from before the loop can see it: the reactor may be freed as soon as run has returned. */
    atomic_fetch_add(&reactor->waking, 1);
    atomic_store_explicit(&reactor->stop, true, memory_order_release);
    reactor_wake(reactor);
    atomic_fetch_sub(&reactor->waking, 1);
}
