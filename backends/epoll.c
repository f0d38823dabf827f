/* epoll.c: readiness by epoll(7), level-triggered.
 *
 * Edge-triggering was left out on purpose: it saves no call here, as the
 * reactor tells of changed interest at most once a turn, and a reader that
 * stops early would have to remember what it was not told of.
 *
 * The kernel takes from its ready list in turn and puts what it told of at the
 * end, so nothing starves however few entries a wait asks for. */
#include "backends/posix.h"
#include <sys/epoll.h>
#include <unistd.h>

/* Entries of one wait at the most: bounds what a state takes (12 bytes each). */
enum { EVENTS_MAX = 512 };

/* What comes back with an event: the descriptor in the low half, above it what
 * is wanted of READ and WRITE (no process has so many descriptors as to need
 * these bits), and the generation in the high half. */
enum { WANTED_SHIFT = 30, FD_MASK = (1 << WANTED_SHIFT) - 1 };
#define WAKE UINT64_MAX

struct epoll_state {
    int fd;
    struct wake wake;
    struct confab_backend_options options;
    struct epoll_event events[EVENTS_MAX];
};

static int epoll_open(void **state, const struct confab_backend_options *options)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE };
    struct epoll_state *epoll = options->alloc(options->alloc_data, NULL, sizeof *epoll);
    int error;

    if (!epoll)
        return -ENOMEM;
    epoll->options = *options;
    epoll->fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll->fd < 0) {
        error = -errno;
        goto free_state;
    }
    error = wake_open(&epoll->wake);
    if (error)
        goto close_epoll;
    if (epoll_ctl(epoll->fd, EPOLL_CTL_ADD, epoll->wake.read_fd, &event) < 0) {
        error = -errno;
        goto close_wake;
    }
    *state = epoll;
    return 0;

close_wake:
    wake_close(&epoll->wake);
close_epoll:
    close(epoll->fd);
free_state:
    options->alloc(options->alloc_data, epoll, 0);
    return error;
}

/* Closing edits nothing that a parent shares, so a forked state needs no other care. */
static void epoll_close(void *state, bool forked)
{
    struct epoll_state *epoll = state;
    const struct confab_backend_options options = epoll->options;

    (void)forked;
    wake_close(&epoll->wake);
    close(epoll->fd);
    options.alloc(options.alloc_data, epoll, 0);
}

static int forget(const struct epoll_state *epoll, int fd)
{
    /* Kernels before 2.6.9 wanted an event here; NULL is right since. */
    if (epoll_ctl(epoll->fd, EPOLL_CTL_DEL, fd, NULL) == 0)
        return 0;
    return errno == ENOENT || errno == EBADF || errno == EPERM ? 0 : -errno;
}

static int epoll_set(void *state, int fd, uint32_t generation, unsigned armed, unsigned wanted)
{
    const struct epoll_state *epoll = state;
    struct epoll_event event = { .data.u64 = (uint32_t)fd | (uint64_t)generation << 32 |
                                             (uint64_t)(wanted & (BACKEND_READ | BACKEND_WRITE))
                                                 << WANTED_SHIFT };
    int op = armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (!wanted)
        return forget(epoll, fd);
    if (fd < 0 || fd >= FD_MASK)
        return -EBADF;
    if (wanted & BACKEND_READ)
        event.events |= EPOLLIN;
    if (wanted & BACKEND_WRITE)
        event.events |= EPOLLOUT;
    if (wanted & BACKEND_EXCEPT)
        event.events |= EPOLLPRI;
    if (epoll_ctl(epoll->fd, op, fd, &event) == 0)
        return 0;
    if (op == EPOLL_CTL_MOD && errno == ENOENT)
        op = EPOLL_CTL_ADD;
    else if (op == EPOLL_CTL_ADD && errno == EEXIST)
        op = EPOLL_CTL_MOD;
    else
        return -errno;
    return epoll_ctl(epoll->fd, op, fd, &event) < 0 ? -errno : 0;
}

static int epoll_del(void *state, int fd, unsigned armed)
{
    return armed ? forget(state, fd) : 0;
}

/* A hang-up or an error, which the kernel tells wanted or not, for ever, shows as what is wanted of READ and
 * WRITE.  Returns what there is to show; 0: nobody wants to know until the next set, which registers it anew. */
static __attribute__((noinline)) uint32_t ended(const struct epoll_state *epoll,
                                                const struct epoll_event *event)
{
    const uint64_t data = event->data.u64, wanted = data >> WANTED_SHIFT;
    const uint32_t happened = (event->events & (EPOLLIN | EPOLLOUT | EPOLLPRI)) |
                              (wanted & BACKEND_READ ? EPOLLIN : 0) | (wanted & BACKEND_WRITE ? EPOLLOUT : 0);

    if (!happened)
        forget(epoll, (int)(data & FD_MASK));
    return happened;
}

/* Returns whether there is an entry to show. */
static bool translate(struct epoll_state *epoll, const struct epoll_event *event, struct confab_ready *entry)
{
    const uint64_t data = event->data.u64;
    uint32_t happened = event->events, events = 0;

    if (data == WAKE) {
        wake_drain(&epoll->wake);
        return false;
    }
    if (happened & (EPOLLHUP | EPOLLERR) && !(happened = ended(epoll, event)))
        return false;
    if (happened & EPOLLIN)
        events |= BACKEND_READ;
    if (happened & EPOLLOUT)
        events |= BACKEND_WRITE;
    if (happened & EPOLLPRI)
        events |= BACKEND_EXCEPT;
    *entry = (struct confab_ready){ .fd = (int)(data & FD_MASK),
                                    .generation = (uint32_t)(data >> 32),
                                    .events = events };
    return true;
}

static int epoll_wait_ready(void *state, int64_t timeout_ns, struct confab_ready *out, int cap)
{
    struct epoll_state *epoll = state;
    int n, shown = 0;

    n = epoll_wait(epoll->fd, epoll->events, cap < EVENTS_MAX ? cap : EVENTS_MAX,
                   posix_milliseconds(timeout_ns));
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++)
        shown += translate(epoll, &epoll->events[i], &out[shown]);
    return shown;
}

static int epoll_wake(void *state)
{
    struct epoll_state *epoll = state;

    return wake_send(&epoll->wake);
}

const struct confab_backend confab_backend_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_close,
    .set = epoll_set,
    .del = epoll_del,
    .wait = epoll_wait_ready,
    .wake = epoll_wake,
    .io = &confab_posix_io,
};
