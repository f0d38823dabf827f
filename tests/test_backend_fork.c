/* The contract of backend.h, kept by every backend of this build: what a forked
 * child does with its copy of a state, and its own, is nothing to the parent. */
#include "backend_support.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs it in a child, which must find all right. */
static void in_child(struct subject *s, bool (*test)(struct subject *, int pair[2]), int pair[2])
{
    int status;
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(30); /* who waits in vain is ended: nobody else looks after it */
        _exit(test(s, pair) ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    expect(s, status == 0);
}

/* The parent, afterwards: woken, and told of input, and of nothing else. */
static void parent_is_as_it_was(struct subject *s, int pair[2])
{
    subject_rests(s);
    expect(s, s->backend->wake(s->state) == 0);
    expect(s, subject_wait(s, -1) == 0);
    subject_write(s, pair[1], "x");
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, s->n == 1 && s->ready[0].events == BACKEND_READ && s->ready[0].generation == 1);
    expect(s, subject_empty(s, pair[0]) == 1);
}

static bool closes(struct subject *s, int pair[2])
{
    (void)pair;
    s->backend->close(s->state, true);
    return true;
}

BACKEND_TEST(backend_fork, closing_a_forked_state_leaves_the_parent_alone)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    in_child(s, closes, pair);
    parent_is_as_it_was(s, pair);
}

/* What a state of its own does with the same descriptors, and wakes it. */
static bool begins_anew(struct subject *s, int pair[2])
{
    const struct confab_backend *backend = s->backend;

    if (subject_replace(s, true) != 0)
        return false;
    bool right = backend->wake(s->state) == 0 && backend->wait(s->state, -1, s->ready, ROOM) == 0 &&
                 backend->set(s->state, pair[0], 5, 0, BACKEND_READ | BACKEND_WRITE) == 0 &&
                 backend->wait(s->state, PATIENCE, s->ready, ROOM) == 1 && s->ready[0].generation == 5 &&
                 s->ready[0].events == BACKEND_WRITE &&
                 backend->set(s->state, pair[0], 6, BACKEND_READ | BACKEND_WRITE, BACKEND_WRITE) == 0 &&
                 backend->del(s->state, pair[0], BACKEND_WRITE) == 0 &&
                 backend->wait(s->state, 0, s->ready, ROOM) == 0 && s->io->close(s->state, pair[0]) == 0 &&
                 s->io->close(s->state, pair[1]) == 0;
    backend->close(s->state, false);
    return right;
}

BACKEND_TEST(backend_fork, a_state_of_the_child_s_own_leaves_the_parent_alone)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    in_child(s, begins_anew, pair);
    parent_is_as_it_was(s, pair);
}

/* A kqueue is not inherited: its number may be another's by then. */
static bool closes_only_its_own(struct subject *s, int pair[2])
{
    enum { COUNT = 16 };
    int fds[COUNT];
    bool right = true;

    for (int i = 0; i < COUNT; i++)
        fds[i] = open("/dev/null", O_RDONLY);
    s->backend->close(s->state, true);
    for (int i = 0; i < COUNT; i++)
        right = right && fds[i] >= 0 && fcntl(fds[i], F_GETFD) >= 0;
    if (subject_real(s))
        right = right && fcntl(pair[0], F_GETFD) >= 0 && fcntl(pair[1], F_GETFD) >= 0;
    return right;
}

BACKEND_TEST(backend_fork, closing_a_forked_state_closes_nothing_that_is_another_s)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    in_child(s, closes_only_its_own, pair);
    parent_is_as_it_was(s, pair);
}

/* A byte that the child leaves in a pipe of both would wake the parent. */
static bool wakes_its_own(struct subject *s, int pair[2])
{
    (void)pair;
    return subject_replace(s, true) == 0 && s->backend->wake(s->state) == 0;
}

BACKEND_TEST(backend_fork, a_wake_in_the_child_is_none_of_the_parent)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    in_child(s, wakes_its_own, pair);
    parent_is_as_it_was(s, pair);
}
