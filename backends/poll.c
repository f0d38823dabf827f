/* poll.c: readiness by poll(2), which every system has.
 *
 * What is registered stands densely in one array that is handed to the kernel
 * as it is; place[fd] finds a descriptor in it, and the last entry moves into
 * the gap of one that goes, so set and del take constant time.  A wait takes as
 * long as there are descriptors: that is poll(2), and what epoll is there for. */
#include "backends/posix.h"
#include <poll.h>
#include <unistd.h>

enum { ENTRIES_AT_FIRST = 64 };

struct poll_state {
    struct wake wake;
    struct confab_backend_options options;
    struct pollfd *polled; /* [0] is the wake's; a negative fd is passed over */
    uint32_t *generation;  /* of polled[i] */
    size_t count, room;    /* of both */
    size_t *place;         /* by descriptor: where it stands in polled; 0: not at all */
    size_t places;
    size_t next; /* where the next wait begins to look */
};

/* Makes *table hold at least `count` elements of `size` bytes; *room is how
 * many it has room for.  -ENOMEM: it is as it was. */
static int grow(const struct poll_state *poll, void **table, size_t *room, size_t count, size_t size)
{
    size_t more = *room ? *room : ENTRIES_AT_FIRST;

    if (count <= *room)
        return 0;
    while (more < count)
        more *= 2;
    if (more > SIZE_MAX / size)
        return -ENOMEM;
    void *grown = poll->options.alloc(poll->options.alloc_data, *table, more * size);
    if (!grown)
        return -ENOMEM;
    *table = grown;
    *room = more;
    return 0;
}

static void release(const struct poll_state *poll, void *table)
{
    if (table)
        poll->options.alloc(poll->options.alloc_data, table, 0);
}

/* Room for one more entry in polled and generation. */
static int reserve_entry(struct poll_state *poll)
{
    void *polled = poll->polled, *generation = poll->generation;
    size_t room = poll->room, same_room = poll->room;
    int error = grow(poll, &polled, &room, poll->count + 1, sizeof *poll->polled);

    poll->polled = polled;
    if (!error)
        error = grow(poll, &generation, &same_room, poll->count + 1, sizeof *poll->generation);
    poll->generation = generation;
    if (!error)
        poll->room = room;
    return error;
}

/* Room for a descriptor in place; new ones are nowhere. */
static int reserve_place(struct poll_state *poll, int fd)
{
    void *place = poll->place;
    size_t before = poll->places;
    int error = grow(poll, &place, &poll->places, (size_t)fd + 1, sizeof *poll->place);

    poll->place = place;
    for (size_t i = before; i < poll->places; i++)
        poll->place[i] = 0;
    return error;
}

static int poll_open(void **state, const struct confab_backend_options *options)
{
    struct poll_state *poll = options->alloc(options->alloc_data, NULL, sizeof *poll);
    int error;

    if (!poll)
        return -ENOMEM;
    *poll = (struct poll_state){ .options = *options, .next = 1 };
    error = wake_open(&poll->wake);
    if (error)
        goto free_state;
    error = reserve_entry(poll);
    if (error)
        goto close_wake;
    poll->polled[0] = (struct pollfd){ .fd = poll->wake.read_fd, .events = POLLIN };
    poll->generation[0] = 0;
    poll->count = 1;
    *state = poll;
    return 0;

close_wake:
    wake_close(&poll->wake);
    release(poll, poll->generation);
    release(poll, poll->polled);
free_state:
    options->alloc(options->alloc_data, poll, 0);
    return error;
}

/* The kernel keeps nothing of ours, so a forked state needs no other care. */
static void poll_close(void *state, bool forked)
{
    struct poll_state *poll = state;
    const struct confab_backend_options options = poll->options;

    (void)forked;
    wake_close(&poll->wake);
    release(poll, poll->place);
    release(poll, poll->generation);
    release(poll, poll->polled);
    options.alloc(options.alloc_data, poll, 0);
}

static size_t place_of(const struct poll_state *poll, int fd)
{
    return fd >= 0 && (size_t)fd < poll->places ? poll->place[fd] : 0;
}

static void forget(struct poll_state *poll, int fd)
{
    size_t place = place_of(poll, fd), last = poll->count - 1;

    if (place == 0)
        return;
    if (place != last) {
        int moved = poll->polled[last].fd;

        poll->polled[place] = poll->polled[last];
        poll->generation[place] = poll->generation[last];
        poll->place[moved >= 0 ? moved : ~moved] = place;
    }
    poll->place[fd] = 0;
    poll->count = last;
}

static int add(struct poll_state *poll, int fd)
{
    int error = reserve_place(poll, fd);

    if (!error)
        error = reserve_entry(poll);
    if (!error)
        poll->place[fd] = poll->count++;
    return error;
}

/* poll(2) calls a regular file ready at all times, where others refuse it; so
 * what is new is looked at here. */
static int poll_set(void *state, int fd, uint32_t generation, unsigned armed, unsigned wanted)
{
    struct poll_state *poll = state;
    bool known = place_of(poll, fd) != 0;
    mode_t mode;
    int error = 0;

    if (!wanted) {
        forget(poll, fd);
        return 0;
    }
    if (!armed || !known)
        error = posix_pollable(fd, &mode);
    if (!error && !known)
        error = add(poll, fd);
    if (error)
        return error;

    unsigned events = (wanted & BACKEND_READ ? POLLIN : 0u) | (wanted & BACKEND_WRITE ? POLLOUT : 0u) |
                      (wanted & BACKEND_EXCEPT ? POLLPRI : 0u);
    poll->polled[poll->place[fd]] = (struct pollfd){ .fd = fd, .events = (short)events };
    poll->generation[poll->place[fd]] = generation;
    return 0;
}

static int poll_del(void *state, int fd, unsigned armed)
{
    (void)armed;
    forget(state, fd);
    return 0;
}

/* Returns whether there is an entry to show. */
static bool translate(struct pollfd *polled, uint32_t generation, struct confab_ready *entry)
{
    const int ready = polled->revents, wanted = polled->events;
    uint32_t events = 0;

    *entry = (struct confab_ready){ .fd = polled->fd, .generation = generation };
    if (ready & POLLNVAL) {
        entry->events = BACKEND_FAILED;
        entry->error = EBADF;
        return true;
    }
    if ((wanted & POLLIN) && (ready & (POLLIN | POLLHUP | POLLERR)))
        events |= BACKEND_READ;
    if ((wanted & POLLOUT) && (ready & (POLLOUT | POLLHUP | POLLERR)))
        events |= BACKEND_WRITE;
    if (ready & POLLPRI)
        events |= BACKEND_EXCEPT;
    /* Hung up, where only EXCEPT is wanted: the kernel would tell for ever
     * what nobody wants to know until the next set. */
    if (!events)
        polled->fd = ~polled->fd;
    entry->events = events;
    return events != 0;
}

/* Looks for `ready` entries from poll->next on, once around. */
static int gather(struct poll_state *poll, int ready, struct confab_ready *out, int cap)
{
    size_t i = poll->next;
    int shown = 0;

    for (size_t looked = 1; looked < poll->count && ready > 0 && shown < cap; looked++, i++) {
        if (i >= poll->count)
            i = 1;
        if (!poll->polled[i].revents)
            continue;
        shown += translate(&poll->polled[i], poll->generation[i], &out[shown]);
        ready--;
    }
    poll->next = i;
    return shown;
}

static int poll_wait(void *state, int64_t timeout_ns, struct confab_ready *out, int cap)
{
    struct poll_state *self = state;
    int ready = poll(self->polled, (nfds_t)self->count, posix_milliseconds(timeout_ns));

    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (ready > 0 && self->polled[0].revents) {
        wake_drain(&self->wake);
        ready--;
    }
    return ready > 0 ? gather(self, ready, out, cap) : 0;
}

static int poll_wake(void *state)
{
    struct poll_state *poll = state;

    return wake_send(&poll->wake);
}

const struct confab_backend confab_backend_poll = {
    .name = "poll",
    .open = poll_open,
    .close = poll_close,
    .set = poll_set,
    .del = poll_del,
    .wait = poll_wait,
    .wake = poll_wake,
    .io = &confab_posix_io,
};
