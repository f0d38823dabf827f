/* kqueue_support.h: a state of kqueue.c on the kevent(2) of fake_kqueue.h, and one wait of it. */
#ifndef CONFAB_TESTS_KQUEUE_SUPPORT_H
#define CONFAB_TESTS_KQUEUE_SUPPORT_H

#include "backends/backend.h"
#include "fake_kqueue.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ = BACKEND_READ, WRITE = BACKEND_WRITE, FAILED = BACKEND_FAILED };
enum { ADDED = EV_ADD | EV_ENABLE, CAP = 8, GENERATION = 7 };

static const struct confab_backend *const backend = &confab_backend_kqueue;
static void *state;
static int queue_fd, wake_fd;     /* as the calls of open show */
static int allocations_left = -1; /* < 0: any number */
static struct confab_ready ready[FAKE_EVENTS];
static int shown;

static inline void *allocate(void *data, void *old, size_t n)
{
    (void)data;
    if (n > 0)
        return allocations_left-- == 0 ? NULL : realloc(old, n);
    free(old);
    return NULL;
}

static inline int open_state(void **made)
{
    const struct confab_backend_options options = { .size = sizeof options, .alloc = allocate };

    return backend->open(made, &options);
}

static inline void begin(void)
{
    cr_assert_eq(open_state(&state), 0);
    cr_assert_eq(fake_called, 1);
    queue_fd = fake_calls[0].fd;
    wake_fd = (int)fake_calls[0].changes[0].ident;
    fake_forget();
}

static inline void end(void)
{
    cr_assert(fake_all_replied());
    if (state)
        backend->close(state, false);
}

static inline int some_pipe(int end)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    return ends[end];
}

static inline void set(int fd, unsigned wanted)
{
    cr_assert_eq(backend->set(state, fd, GENERATION, 0, wanted), 0);
}

/* One wait; returns its first call, after which others may stand. */
static inline const struct fake_call *wait_for(int64_t timeout_ns, int cap)
{
    fake_forget();
    shown = backend->wait(state, timeout_ns, ready, cap);
    for (int i = 0; i < fake_called; i++) {
        cr_assert_eq(fake_calls[i].fd, queue_fd);
        cr_assert_leq(fake_calls[i].count, fake_calls[i].room, "an answer would have no room");
    }
    return fake_calls;
}

static inline const struct fake_call *wait_once(void)
{
    const struct fake_call *call = wait_for(-1, CAP);

    cr_assert_eq(fake_called, 1);
    return call;
}

/* The kernel has what was set so far. */
static inline void hand_over(void)
{
    wait_once();
    fake_forget();
}

static inline void expect_ready(int i, int fd, unsigned events, int error)
{
    cr_assert_lt(i, shown);
    cr_assert_eq(ready[i].fd, fd);
    cr_assert_eq(ready[i].generation, GENERATION);
    cr_assert_eq(ready[i].events, events);
    cr_assert_eq(ready[i].error, error);
}

#endif
