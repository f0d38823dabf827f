#include "backend_support.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* -- Subjects ----------------------------------------------------------------- */

static void *allocate(void *data, void *old, size_t n)
{
    struct subject *s = data;

    if (n == 0) {
        s->blocks -= old != NULL;
        free(old);
        return NULL;
    }
    s->allocations++;
    if (s->allocations_left == 0)
        return NULL;
    if (s->allocations_left > 0)
        s->allocations_left--;
    s->blocks += !old;
    return realloc(old, n);
}

static int open_state(struct subject *s, void **state, void *previous)
{
    const struct confab_backend_options options = {
        .size = sizeof options, .alloc = allocate, .alloc_data = s, .previous = previous
    };

    return s->backend->open(state, &options);
}

int subject_open(struct subject *s, void **state)
{
    return open_state(s, state, NULL);
}

int subject_replace(struct subject *s, bool forked)
{
    void *state;
    int error = open_state(s, &state, s->state);

    if (!error) {
        s->backend->close(s->state, forked);
        s->state = state;
    }
    return error;
}

static void try_one(struct subject *s, void (*test)(struct subject *))
{
    expect(s, subject_open(s, &s->state) == 0);
    test(s);
    subject_close_all(s);
    free(s->ends);
    s->backend->close(s->state, false);
    expect(s, s->blocks == 0);
}

void subject_every_backend(void (*test)(struct subject *), const char *why)
{
    const char *only = getenv("CONFAB_BACKEND");
    int tested = 0, left_out = 0;

    for (size_t i = 0; confab_backends[i]; i++) {
        struct subject s = { .backend = confab_backends[i],
                             .io = confab_backends[i]->io,
                             .allocations_left = -1 };

        if (only && *only && strcmp(only, s.backend->name) != 0)
            continue;
        if (why && !subject_real(&s)) {
            left_out++;
            continue;
        }
        tested++;
        try_one(&s, test);
    }
    cr_assert_gt(tested + left_out, 0, "no backend of this build is called %s", only);
    if (tested == 0)
        cr_skip_test("%s", why);
}

bool subject_real(const struct subject *s)
{
    return !s->backend->simulated;
}

bool subject_tells_closed(const struct subject *s)
{
    return strcmp(s->backend->name, "epoll") != 0 && strcmp(s->backend->name, "kqueue") != 0;
}

int64_t subject_now(struct subject *s)
{
    return s->io->clock(s->state);
}

/* -- Waiting ------------------------------------------------------------------ */

int subject_wait(struct subject *s, int64_t timeout_ns)
{
    s->n = s->backend->wait(s->state, timeout_ns, s->ready, ROOM);
    expect(s, s->n >= 0 && s->n <= ROOM);
    return s->n;
}

const struct confab_ready *subject_entry(struct subject *s, int fd)
{
    const struct confab_ready *entry = NULL;

    for (int i = 0; i < s->n; i++) {
        if (s->ready[i].fd != fd)
            continue;
        expect(s, !entry);
        entry = &s->ready[i];
    }
    return entry;
}

const struct confab_ready *subject_until(struct subject *s, int fd, unsigned events)
{
    const struct confab_ready *entry;
    int64_t end = subject_now(s) + PATIENCE;

    do {
        expect(s, subject_now(s) < end);
        subject_wait(s, PATIENCE);
        entry = subject_entry(s, fd);
    } while (!entry || (entry->events & events) != events);
    return entry;
}

void subject_settle(struct subject *s, int fd, unsigned events)
{
    subject_set(s, fd, 0, events);
    subject_until(s, fd, events);
    expect(s, s->backend->del(s->state, fd, events) == 0);
}

void subject_rests(struct subject *s)
{
    for (int i = 0; i < 4; i++) {
        int64_t start = subject_now(s);
        expect(s, subject_wait(s, 5 * CONFAB_MILLISECOND) == 0);
        expect(s, subject_now(s) - start >= 5 * CONFAB_MILLISECOND);
    }
}

const struct subject_time subject_times[SUBJECT_TIMES] = { { INT64_MIN, -1 },
                                                           { -1, -1 },
                                                           { 0, 0 },
                                                           { 1, 1 },
                                                           { 999999, 1 },
                                                           { 1000000, 1 },
                                                           { 1000001, 2 },
                                                           { 7700001, 8 },
                                                           { 60 * CONFAB_MINUTE, 3600000 },
                                                           { INT64_MAX, INT_MAX } };

void subject_set(struct subject *s, int fd, unsigned armed, unsigned wanted)
{
    expect(s, s->backend->set(s->state, fd, 1, armed, wanted) == 0);
}

int subject_refusal(struct subject *s, int fd, unsigned armed, unsigned wanted)
{
    int error = s->backend->set(s->state, fd, 1, armed, wanted);

    expect(s, error <= 0);
    if (error)
        return -error;
    subject_wait(s, 0);
    const struct confab_ready *entry = subject_entry(s, fd);
    if (!entry || !(entry->events & BACKEND_FAILED))
        return 0;
    expect(s, entry->events == BACKEND_FAILED && entry->generation == 1);
    return entry->error;
}
