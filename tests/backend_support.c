#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void *allocate(void *data, void *old, size_t n)
{
    struct subject *s = data;

    if (n == 0) {
        free(old);
        return NULL;
    }
    if (s->allocations_left == 0)
        return NULL;
    if (s->allocations_left > 0)
        s->allocations_left--;
    return realloc(old, n);
}

int subject_open(struct subject *s, void **state)
{
    const struct confab_backend_options options = { .size = sizeof options,
                                                    .alloc = allocate,
                                                    .alloc_data = s };

    return s->backend->open(state, &options);
}

void subject_every_backend(void (*test)(struct subject *))
{
    const char *only = getenv("CONFAB_BACKEND");
    int tested = 0;

    for (size_t i = 0; confab_backends[i]; i++) {
        struct subject s = { .backend = confab_backends[i], .allocations_left = -1 };

        if (only && strcmp(only, s.backend->name) != 0)
            continue;
        tested++;
        expect(&s, subject_open(&s, &s.state) == 0);
        test(&s);
        s.backend->close(s.state, false);
    }
    cr_assert_gt(tested, 0, "no backend of this build is called %s", only);
}

int64_t subject_now(void)
{
    return confab_posix_io.clock(NULL);
}

int subject_wait(struct subject *s, int64_t timeout_ns)
{
    s->n = s->backend->wait(s->state, timeout_ns, s->ready, ROOM);
    expect(s, s->n >= 0);
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
    int64_t end = subject_now() + PATIENCE;

    do {
        expect(s, subject_now() < end);
        subject_wait(s, PATIENCE);
        entry = subject_entry(s, fd);
    } while (!entry || (entry->events & events) != events);
    return entry;
}

void subject_set(struct subject *s, int fd, unsigned armed, unsigned wanted)
{
    expect(s, s->backend->set(s->state, fd, 1, armed, wanted) == 0);
}

static void nonblocking(int fd)
{
    cr_assert_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

void subject_pipe(int pair[2])
{
    cr_assert_eq(pipe(pair), 0);
    nonblocking(pair[0]);
    nonblocking(pair[1]);
}

/* The master reads: what is written to the slave outlives the slave's end. */
void subject_terminal(int pair[2])
{
    struct termios mode;

    pair[0] = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(pair[0] >= 0 && grantpt(pair[0]) == 0 && unlockpt(pair[0]) == 0);
    pair[1] = open(ptsname(pair[0]), O_RDWR | O_NOCTTY);
    cr_assert_eq(tcgetattr(pair[1], &mode), 0);
    cfmakeraw(&mode);
    cr_assert_eq(tcsetattr(pair[1], TCSANOW, &mode), 0);
    nonblocking(pair[0]);
    nonblocking(pair[1]);
}

void subject_every_kind(struct subject *s, void (*test)(struct subject *, int pair[2]))
{
    static void (*const kinds[])(int pair[2]) = { test_tcp_pair, test_pair, subject_pipe, subject_terminal };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int pair[2];

        kinds[i](pair);
        test(s, pair);
        s->backend->del(s->state, pair[0], BACKEND_READ);
        close(pair[0]);
        close(pair[1]);
    }
}

void subject_hang_up(int fd)
{
    int other[2];

    cr_assert_eq(pipe(other), 0);
    cr_assert_eq(dup2(other[0], fd), fd);
    close(other[0]);
    close(other[1]);
}
