/* kqueue.c: readiness by kevent(2): FreeBSD, NetBSD, OpenBSD, macOS; and by libkqueue on
 * Linux, to be tested there.
 *
 * `set` only notes what is wanted; the next wait tells the kernel in the call with which it
 * waits, so a change costs no call of its own.  Reading and writing are two filters there.
 * One that is not wanted is deleted rather than disabled: then the kernel has nothing of a
 * descriptor in which nobody is interested.
 *
 * The generation is in udata, which the kernel takes over from each change of a filter that
 * it has; the descriptor is in ident, so 32 bits do.  What the kernel says in `data` of how
 * much there is to read is a hint, and EV_EOF does not say that nothing comes before the
 * end: both are left to read to find out.
 *
 * The kernel puts a filter that it told of at the end of its list, so nothing starves, as
 * long as no more is taken from it than is shown. */
#include "backends/kqueue_table.h"
#include "backends/posix.h"
#include <fcntl.h>
#include <string.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 512,     /* of one call: bounds what a state takes (32 to 64 bytes each) */
    CHANGES_MAX = 128,    /* likewise; two for a descriptor */
    SECONDS_MAX = 1000000 /* of one call: some systems refuse much more.  It ends early then, after
                             11 days, which the reactor takes as nothing ready */
};

struct kqueue_state {
    int fd;
    struct wake wake;
    struct confab_backend_options options;
    struct kqueue_table table;
    struct kevent changes[CHANGES_MAX], events[EVENTS_MAX];
};

/* -- Changes ------------------------------------------------------------------ */

/* The types of what is in it, and of counts, are not the same everywhere: udata may be a pointer or a
 * number, and an uint16_t becomes an int as well as a size_t. */
static struct kevent change(int fd, unsigned which, uint32_t generation, unsigned short flags)
{
    struct kevent made = { .ident = (uintptr_t)fd, .flags = flags };
    const uintptr_t word = generation;

    if (which == BACKEND_READ)
        made.filter = EVFILT_READ;
    else
        made.filter = EVFILT_WRITE;
    made.udata = _Generic(made.udata, void * : (void *)word, default : (intptr_t)word);
    return made;
}

/* Makes changes without looking for events: each is answered, so that one that is refused
 * keeps none from being made.  The answers take the place of the changes. */
static int make_changes(const struct kqueue_state *kqueue, struct kevent *changes, uint16_t count)
{
    const struct timespec at_once = { 0 };

    for (int i = 0; i < count; i++)
        changes[i].flags = (unsigned short)(changes[i].flags | EV_RECEIPT);
    int n = kevent(kqueue->fd, changes, count, changes, count, &at_once);
    return n < 0 ? -errno : n;
}

/* 0 or -errno; that of the change where it is refused. */
static int make_change(const struct kqueue_state *kqueue, struct kevent only)
{
    struct kevent answer;
    unsigned times = 0;
    int n;

    do {
        answer = only;
        n = make_changes(kqueue, &answer, 1);
    } while (n == -EINTR && ++times < POSIX_INTERRUPTIONS);
    return n < 0 ? n : -(int)answer.data;
}

/* Adds what brings the kernel from what it has to what is wanted, two changes at the most; returns how
 * many.  Of what it should have already it is told once more: it says so if it has not. */
static uint16_t add_changes(const struct watched *watched, int fd, struct kevent *changes)
{
    uint16_t count = 0;

    for (unsigned which = BACKEND_READ; which <= BACKEND_WRITE; which <<= 1) {
        if (watched->wanted & watched->sure & which)
            changes[count++] = change(fd, which, watched->generation, EV_ENABLE);
        else if (watched->wanted & which)
            changes[count++] = change(fd, which, watched->generation, EV_ADD | EV_ENABLE);
        else if (watched->held & which)
            changes[count++] = change(fd, which, watched->generation, EV_DELETE);
    }
    return count;
}

/* -- Making and freeing ------------------------------------------------------- */

static int kqueue_open(void **state, const struct confab_backend_options *options)
{
    struct kqueue_state *self = options->alloc(options->alloc_data, NULL, sizeof *self);
    int error;

    if (!self)
        return -ENOMEM;
    self->options = *options;
    self->table = (struct kqueue_table){ 0 };
    self->fd = kqueue();
    if (self->fd < 0) {
        error = -errno;
        goto free_state;
    }
    if (fcntl(self->fd, F_SETFD, FD_CLOEXEC) < 0) {
        error = -errno;
        goto close_kqueue;
    }
    error = wake_open(&self->wake);
    if (error)
        goto close_kqueue;
    error = make_change(self, change(self->wake.read_fd, BACKEND_READ, 0, EV_ADD | EV_ENABLE));
    if (error)
        goto close_wake;
    *state = self;
    return 0;

close_wake:
    wake_close(&self->wake);
close_kqueue:
    close(self->fd);
free_state:
    options->alloc(options->alloc_data, self, 0);
    return error;
}

/* A child has not inherited its parent's kqueue: the number may be another's by now. */
static void kqueue_close(void *state, bool forked)
{
    struct kqueue_state *kqueue = state;
    const struct confab_backend_options options = kqueue->options;

    wake_close(&kqueue->wake);
    if (!forked)
        close(kqueue->fd);
    table_free(&kqueue->table, &options);
    options.alloc(options.alloc_data, kqueue, 0);
}

/* -- What is wanted ----------------------------------------------------------- */

/* The kernel would take a regular file, where others refuse it; so what is new is looked at here.
 * EXCEPT has no filter that all systems know: it is never told. */
static int kqueue_set(void *state, int fd, uint32_t generation, unsigned armed, unsigned wanted)
{
    struct kqueue_state *kqueue = state;
    struct watched *watched = table_find(&kqueue->table, fd);
    mode_t mode;
    int error = 0;

    if (!wanted && !watched)
        return 0;
    if (wanted && (!armed || !watched || !watched->wanted))
        error = posix_pollable(fd, &mode);
    if (!error)
        error = table_reserve(&kqueue->table, &kqueue->options, fd);
    if (error)
        return error;
    watched = table_find(&kqueue->table, fd);
    if (watched->generation != generation)
        watched->sure = 0;
    watched->generation = generation;
    watched->wanted = wanted & (BACKEND_READ | BACKEND_WRITE);
    table_note(&kqueue->table, fd);
    return 0;
}

static int kqueue_del(void *state, int fd, unsigned armed)
{
    struct kqueue_state *kqueue = state;
    struct watched *watched = table_find(&kqueue->table, fd);
    struct kevent changes[2];
    unsigned times = 0;
    int n;

    (void)armed;
    if (!watched)
        return 0;
    watched->changed = false;
    watched->wanted = watched->sure = 0;
    do {
        uint16_t count = add_changes(watched, fd, changes);
        n = count > 0 ? make_changes(kqueue, changes, count) : 0;
    } while (n == -EINTR && ++times < POSIX_INTERRUPTIONS);
    if (n < 0)
        return n;
    watched->held = 0; /* what was refused was not there */
    return 0;
}

/* -- What a wait shows -------------------------------------------------------- */

/* Whether the kernel will not watch for room because there never will be any: a pipe that nobody reads
 * any more.  NetBSD says EBADF. */
static bool hung_up(int fd, unsigned which, int error)
{
    return which == BACKEND_WRITE && (error == EPIPE || (error == EBADF && fcntl(fd, F_GETFD) >= 0));
}

/* A change was refused.  What the kernel will not watch stays noted: the next wait tries, and
 * tells, again, until set or del end it. */
static void refused(struct kqueue_state *kqueue, struct shown *shown, int fd, unsigned which, int error)
{
    struct watched *watched = table_find(&kqueue->table, fd);

    if (!watched || !(watched->wanted & which))
        return; /* what was to be deleted is not there */
    /* It was closed without our knowing, and the number is in use again. */
    if (error == ENOENT && (watched->sure & which))
        error = -make_change(kqueue, change(fd, which, watched->generation, EV_ADD | EV_ENABLE));
    if (error == 0)
        return;
    watched->sure = (uint8_t)(watched->sure & ~which);
    table_note(&kqueue->table, fd);
    if (hung_up(fd, which, error))
        table_show(&kqueue->table, shown, fd, watched->generation, BACKEND_WRITE, 0);
    else
        table_show(&kqueue->table, shown, fd, watched->generation, BACKEND_FAILED, error);
}

/* What a call brought: events, and answers to changes: of those that were refused, and of all that
 * asked for a receipt.  Returns whether there were answers. */
static bool take(struct kqueue_state *kqueue, struct shown *shown, const struct kevent *events, int n)
{
    bool answered = false;

    for (int i = 0; i < n; i++) {
        const struct kevent *event = &events[i];
        const unsigned which = event->filter == EVFILT_READ ? BACKEND_READ : BACKEND_WRITE;
        const int fd = (int)event->ident;

        if (event->flags & EV_ERROR) {
            answered = true;
            if (event->data != 0)
                refused(kqueue, shown, fd, which, (int)event->data);
        } else if (fd == kqueue->wake.read_fd) {
            wake_drain(&kqueue->wake);
        } else {
            table_show(&kqueue->table, shown, fd, (uint32_t)(uintptr_t)event->udata, which, 0);
        }
    }
    return answered;
}

/* -- Waiting ------------------------------------------------------------------ */

/* The changes of those in the queue from *next on, as many as one call takes; moves *next behind them. */
static uint16_t gather(struct kqueue_state *kqueue, size_t *next, size_t end)
{
    const struct kqueue_table *table = &kqueue->table;
    uint16_t count = 0;

    for (; *next < end && count <= CHANGES_MAX - 2; ++*next) {
        const int fd = table->queue[*next];

        if (table->watched[fd].changed)
            count = (uint16_t)(count + add_changes(&table->watched[fd], fd, &kqueue->changes[count]));
    }
    return count;
}

/* Makes all changes but those that the call which waits can make, with room for an answer to each: without
 * it, some kernels stop at the first that they refuse.  Returns how many are left for it, in
 * kqueue->changes: those of the queue from *first on. */
static int make_most(struct kqueue_state *kqueue, struct shown *shown, size_t *first, size_t *next,
                     size_t end)
{
    uint16_t count = gather(kqueue, next, end);

    while (*next < end || count > shown->cap - shown->n) {
        int n = make_changes(kqueue, kqueue->changes, count);
        if (n < 0)
            return n;
        table_done(&kqueue->table, *first, *next);
        take(kqueue, shown, kqueue->changes, n);
        *first = *next;
        count = gather(kqueue, next, end);
    }
    return count;
}

/* The call that waits, or only looks if there is something to show already; it never brings more than can be
 * shown.  Returns how many it brought. */
static int look(struct kqueue_state *kqueue, const struct shown *shown, int changes, int64_t timeout_ns)
{
    const int64_t ns = shown->n == 0 ? timeout_ns : 0;
    const int64_t seconds = ns / 1000000000;
    const struct timespec time = { .tv_sec = (time_t)(seconds < SECONDS_MAX ? seconds : SECONDS_MAX),
                                   .tv_nsec = (long)(ns % 1000000000) };
    const int room = shown->cap - shown->n;

    int n = kevent(kqueue->fd, kqueue->changes, (uint16_t)changes, kqueue->events,
                   (uint16_t)(room < EVENTS_MAX ? room : EVENTS_MAX), ns < 0 ? NULL : &time);
    return n < 0 ? -errno : n;
}

static int kqueue_wait(void *state, int64_t timeout_ns, struct confab_ready *out, int cap)
{
    struct kqueue_state *kqueue = state;
    struct shown shown = { .out = out, .cap = cap };
    size_t first = 0, next = 0, end = table_begin(&kqueue->table);

    int n = make_most(kqueue, &shown, &first, &next, end);
    if (n >= 0 && shown.n < cap)
        n = look(kqueue, &shown, n, timeout_ns);
    if (n < 0) {
        table_fail(&kqueue->table, first, next, end);
    } else {
        table_done(&kqueue->table, first, next);
        /* A call that brings answers has not looked for events, nor waited. */
        if (take(kqueue, &shown, kqueue->events, n) && shown.n < cap) {
            n = look(kqueue, &shown, 0, timeout_ns);
            take(kqueue, &shown, kqueue->events, n);
        }
    }
    return n < 0 && n != -EINTR && shown.n == 0 ? n : shown.n;
}

static int kqueue_wake(void *state)
{
    struct kqueue_state *kqueue = state;

    return wake_send(&kqueue->wake);
}

const struct confab_backend confab_backend_kqueue = {
    .name = "kqueue",
    .open = kqueue_open,
    .close = kqueue_close,
    .set = kqueue_set,
    .del = kqueue_del,
    .wait = kqueue_wait,
    .wake = kqueue_wake,
    .io = &confab_posix_io,
};
