/* reactor.c: making a reactor, asking it, and its end.  turn.c runs it. */
#include "core/reactor.h"
#include "core/output.h"
#include "core/pool.h"
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

enum { READ_BUFFER_DEFAULT = 65536, ACCEPTS_DEFAULT = 64, READS_DEFAULT = 4, MESSAGES_DEFAULT = 64 };
enum { WORK_THREADS_DEFAULT = 4, WORK_THREADS_MAX = 1024, NAMES_THREADS = 16 };

static void *libc_alloc(void *data, void *old, size_t n)
{
    (void)data;
    if (n)
        return realloc(old, n);
    free(old);
    return NULL;
}

static const struct confab_backend *backend_named(const char *name)
{
    if (!name || !*name)
        name = getenv("CONFAB_BACKEND");
    if (!name || !*name)
        return confab_backends[0];
    for (size_t i = 0; confab_backends[i]; i++)
        if (!strcmp(confab_backends[i]->name, name))
            return confab_backends[i];
    return NULL;
}

static int backend_open(confab_reactor *reactor, void **state)
{
    struct confab_backend_options options = { .size = sizeof options,
                                              .alloc = reactor->alloc.call,
                                              .alloc_data = reactor->alloc.data,
                                              .network = reactor->network,
                                              .previous = reactor->state };

    return reactor->backend->open(state, &options);
}

/* What is read should begin where a cache line does: searches are faster there. */
enum { CACHE_LINE = 64 };

/* All that is made from the reactor's memory. */
static int reactor_init(confab_reactor *reactor)
{
    const struct alloc *alloc = &reactor->alloc;
    int error;

    reactor->buffer_block = alloc_new(alloc, CACHE_LINE - 1 + reactor->read_buffer + 1);
    reactor->ready = alloc_new(alloc, READY_MAX * sizeof *reactor->ready);
    reactor->given_up = alloc_new(alloc, READY_MAX * sizeof *reactor->given_up);
    if (!reactor->buffer_block || !reactor->ready || !reactor->given_up)
        return -ENOMEM;
    reactor->buffer =
        reactor->buffer_block + (CACHE_LINE - (uintptr_t)reactor->buffer_block % CACHE_LINE) % CACHE_LINE;
    error = outputs_init(reactor);
    if (error)
        return error;
    error = backend_open(reactor, &reactor->state);
    if (error)
        return error;
    atomic_store(&reactor->wake_state, reactor->state);
    reactor->io = reactor->backend->io;
    reactor_refresh(reactor);
    reactor->random = reactor->io->random(reactor->state);
    wheel_init(&reactor->channel_wheel, reactor->now);
    wheel_init(&reactor->timer_wheel, reactor->now);
    reactor_take_spare(reactor);
    return 0;
}

static void reactor_destroy(confab_reactor *reactor)
{
    const struct alloc alloc = reactor->alloc;

    timers_free(&reactor->timers);
    ids_free(&reactor->chat_ids);
    terminators_free(&reactor->terminators);
    outputs_free(reactor);
    if (reactor->state) {
        if (reactor->spare >= 0)
            reactor->io->close(reactor->state, reactor->spare);
        reactor->backend->close(reactor->state, false);
    }
    slots_free(&reactor->slots, &alloc);
    alloc_free(&alloc, reactor->given_up);
    alloc_free(&alloc, reactor->ready);
    alloc_free(&alloc, reactor->buffer_block);
    pthread_mutex_destroy(&reactor->post_lock);
    alloc_free(&alloc, reactor);
}

int confab_reactor_new(confab_reactor **made, const struct confab_reactor_options *options)
{
    return reactor_new(made, options, NULL);
}

int reactor_new(confab_reactor **made, const struct confab_reactor_options *options, void *network)
{
    struct confab_reactor_options o = { 0 };
    struct alloc alloc = { .call = libc_alloc };

    *made = NULL;
    if (options && (options->size < sizeof options->size || options->size > sizeof o))
        return -EINVAL;
    if (options)
        memcpy(&o, options, options->size);
    if (o.work_threads > WORK_THREADS_MAX)
        return -EINVAL;
    const struct confab_backend *backend = backend_named(o.backend);
    if (!backend)
        return -ENOENT;
    if (o.alloc)
        alloc = (struct alloc){ .call = o.alloc, .data = o.alloc_data };
    confab_reactor *reactor = alloc_zeroed(&alloc, sizeof *reactor);
    if (!reactor)
        return -ENOMEM;
    reactor->alloc = alloc;
    reactor->backend = backend;
    reactor->network = network;
    reactor->read_buffer = o.read_buffer ? o.read_buffer : READ_BUFFER_DEFAULT;
    reactor->accepts = o.accepts ? o.accepts : ACCEPTS_DEFAULT;
    reactor->reads = o.reads ? o.reads : READS_DEFAULT;
    reactor->messages = o.messages ? o.messages : MESSAGES_DEFAULT;
    reactor->work_threads = o.work_threads ? o.work_threads : WORK_THREADS_DEFAULT;
    reactor->spare = -1;
    reactor->loose.next = reactor->loose.prev = &reactor->loose;
    reactor->posts_end = &reactor->posts;
    reactor->releases_end = &reactor->releases;
    pthread_mutex_init(&reactor->post_lock, NULL);
    terminators_init(&reactor->terminators, &reactor->alloc);
    ids_init(&reactor->chat_ids, &reactor->alloc);
    timers_init(&reactor->timers, &reactor->alloc, &reactor->timer_wheel);
    int error = reactor_init(reactor);
    if (error) {
        reactor_destroy(reactor);
        return error;
    }
    *made = reactor;
    return 0;
}

int confab_reactor_free(confab_reactor *reactor)
{
    if (!reactor)
        return 0;
    if (reactor->running)
        return -EBUSY;
    signals_release(reactor);
    reactor->freeing = reactor->running = true;
    channels_close_all(reactor);
    channels_finish(reactor);
    outputs_release(reactor);
    posts_refuse(reactor);
    posts_cancel(reactor);
    /* Behind the posts: a job may be waiting for what it posted. */
    pool_free(reactor->work_pool);
    pool_free(reactor->names_pool);
    /* What was posted may have closed or released something in its turn. */
    channels_finish(reactor);
    outputs_release(reactor);
    /* A stop or a signal from another thread that ended run may still be on its way out. */
    while (atomic_load(&reactor->waking))
        sched_yield();
    reactor_destroy(reactor);
    return 0;
}

void reactor_wake(confab_reactor *reactor)
{
    atomic_fetch_add(&reactor->waking, 1);
    reactor->backend->wake(atomic_load(&reactor->wake_state));
    atomic_fetch_sub(&reactor->waking, 1);
}

void reactor_refresh(confab_reactor *reactor)
{
    if (reactor->running)
        return;
    reactor->now = reactor_clock(reactor);
    reactor->tick = (uint32_t)((uint64_t)reactor->now >> WHEEL_TICK_SHIFT);
}

int reactor_rebuild(confab_reactor *reactor, bool forked)
{
    void *state;
    int error = backend_open(reactor, &state);

    if (error)
        return error;
    atomic_store(&reactor->wake_state, state);
    /* Who wakes us from another thread right now may hold the old state.  In
     * the child of a fork that thread is not there, and never leaves. */
    while (!forked && atomic_load(&reactor->waking))
        sched_yield();
    if (forked)
        atomic_store(&reactor->waking, 0);
    reactor->backend->close(reactor->state, forked);
    reactor->state = state;
    if (reactor->backend->hold)
        reactor->backend->hold(state, reactor->holds);
    for (uint32_t i = 0; i < reactor->slots.capacity; i++) {
        struct slot *slot = &reactor->slots.slot[i];
        slot->armed = 0;
        if (slot->channel)
            slots_mark(&reactor->slots, (int)i);
    }
    /* The old one may have been woken for a post or a signal that no turn has looked at yet. */
    reactor->backend->wake(state);
    return 0;
}

int confab_reactor_after_fork(confab_reactor *reactor)
{
    if (reactor->running)
        return -EBUSY;
    /* Whoever held it in the parent is no thread of ours. */
    pthread_mutex_init(&reactor->post_lock, NULL);
    signals_forked();
    pool_forked(reactor->work_pool);
    pool_forked(reactor->names_pool);
    int error = reactor_rebuild(reactor, true);
    if (error) {
        /* So that nothing that is closed from now on is taken off the parent's backend. */
        for (uint32_t i = 0; i < reactor->slots.capacity; i++)
            reactor->slots.slot[i].armed = 0;
        return error;
    }
    posts_cancel(reactor);
    atomic_store(&reactor->posted, true); /* the next turn looks at the pools */
    return 0;
}

void confab_reactor_hold(confab_reactor *reactor, int plus_or_minus_one)
{
    reactor->holds += plus_or_minus_one;
    if (reactor->backend->hold)
        reactor->backend->hold(reactor->state, reactor->holds);
}

void confab_reactor_close_all(confab_reactor *reactor)
{
    channels_close_all(reactor);
}

int64_t confab_reactor_now(confab_reactor *reactor)
{
    return reactor->running ? reactor->now : reactor_clock(reactor);
}

int64_t confab_reactor_wall_time(confab_reactor *reactor)
{
    return reactor->io->wall_clock(reactor->state);
}

/* splitmix64 */
uint64_t confab_reactor_random(confab_reactor *reactor)
{
    uint64_t z = reactor->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

const char *confab_reactor_backend(confab_reactor *reactor)
{
    return reactor->backend->name;
}

struct pool *reactor_work_pool(confab_reactor *reactor)
{
    if (!reactor->work_pool)
        reactor->work_pool = pool_new(reactor, reactor->work_threads, true);
    return reactor->work_pool;
}

struct pool *reactor_names_pool(confab_reactor *reactor)
{
    if (!reactor->names_pool)
        reactor->names_pool = pool_new(reactor, NAMES_THREADS, false);
    return reactor->names_pool;
}

bool reactor_give_spare(confab_reactor *reactor)
{
    if (reactor->spare < 0)
        return false;
    reactor->io->close(reactor->state, reactor->spare);
    reactor->spare = -1;
    return true;
}

void reactor_take_spare(confab_reactor *reactor)
{
    if (reactor->spare < 0) {
        int fd = reactor->io->socket(reactor->state, AF_UNIX, SOCK_STREAM, 0);
        reactor->spare = fd < 0 ? -1 : fd;
    }
}
