/* backend_support.h: a backend's state as a test sees it, and running one test
 * for every backend of this build. */
#ifndef CONFAB_TESTS_BACKEND_SUPPORT_H
#define CONFAB_TESTS_BACKEND_SUPPORT_H

#include "backends/backend.h"
#include "support.h"
#include <criterion/criterion.h>

enum { ROOM = 64 };

/* More time than anything takes that comes at all. */
static const int64_t PATIENCE = 10 * CONFAB_SECOND;

struct subject {
    const struct confab_backend *backend;
    void *state;
    struct confab_ready ready[ROOM]; /* what the last wait showed */
    int n;
    int allocations_left; /* < 0: any number */
};

/* A test that is run for every backend, or for the one that CONFAB_BACKEND
 * names, each with a fresh state. */
#define BACKEND_TEST(suite, name)        \
    static void name(struct subject *s); \
    Test(suite, name, .timeout = 60)     \
    {                                    \
        subject_every_backend(name);     \
    }                                    \
    static void name(struct subject *s)

#define expect(s, condition) cr_assert(condition, "%s: %s", (s)->backend->name, #condition)

void subject_every_backend(void (*test)(struct subject *));

/* One more state of the subject's backend; its memory is bounded by allocations_left. */
int subject_open(struct subject *s, void **state);

int64_t subject_now(void);

/* One wait that must not fail; returns how many it showed. */
int subject_wait(struct subject *s, int64_t timeout_ns);

/* What the last wait said of fd, NULL for nothing; fails where it was said twice. */
const struct confab_ready *subject_entry(struct subject *s, int fd);

/* Waits until fd is ready for all of events at once; others are passed over. */
const struct confab_ready *subject_until(struct subject *s, int fd, unsigned events);

/* set with generation 1, which must not fail. */
void subject_set(struct subject *s, int fd, unsigned armed, unsigned wanted);

/* Each kind of descriptor, non-blocking: what is written to [1] is read from [0]. */
void subject_pipe(int pair[2]);
void subject_terminal(int pair[2]);

/* Runs it with TCP, a unix socket, a pipe and a terminal; [0] may stay registered. */
void subject_every_kind(struct subject *s, void (*test)(struct subject *, int pair[2]));

/* As close(2) does; the number stays taken. */
void subject_hang_up(int fd);

#endif
