/* The contract of backend.h, kept by every backend of this build: what opening a
 * state takes, what closing it gives back, and that two have nothing in common. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

BACKEND_TEST(backend_state, close_gives_all_descriptors_and_memory_back)
{
    int before = test_open_fds(), blocks = s->blocks, pair[2];
    void *state;

    expect(s, subject_open(s, &state) == 0);
    expect(s, test_open_fds() > before || !subject_real(s));
    expect(s, s->blocks > blocks);
    s->backend->close(state, false);
    expect(s, test_open_fds() == before);
    expect(s, s->blocks == blocks);

    if (!subject_real(s)) /* its handles are those of the state that made them */
        return;
    subject_pair(s, OVER_TCP, pair);
    blocks = s->blocks;
    expect(s, subject_open(s, &state) == 0);
    expect(s, s->backend->set(state, pair[0], 1, 0, BACKEND_READ) == 0);
    s->backend->close(state, false);
    expect(s, test_open_fds() == before + 2);
    expect(s, s->blocks == blocks);
    subject_write(s, pair[1], "it is open");
    subject_expect(s, pair[0], "it is open");
}

BACKEND_TEST(backend_state, its_descriptors_do_not_survive_an_exec)
{
    bool before[256];
    int fresh = 0;
    void *state;

    for (int fd = 0; fd < 256; fd++)
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    expect(s, subject_open(s, &state) == 0);
    for (int fd = 0; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0 || before[fd])
            continue;
        expect(s, flags & FD_CLOEXEC);
        fresh++;
    }
    expect(s, fresh > 0 || !subject_real(s));
    s->backend->close(state, false);
}

BACKEND_TEST(backend_state, open_without_memory_leaves_nothing_behind)
{
    int before = test_open_fds(), blocks = s->blocks, error = -ENOMEM, refused = 0;
    void *state;

    for (int left = 0; error; left++) {
        s->allocations_left = left;
        error = subject_open(s, &state);
        refused += error != 0;
        expect(s, error == 0 || (error == -ENOMEM && test_open_fds() == before && s->blocks == blocks));
    }
    expect(s, refused > 0);
    s->backend->close(state, false);
    s->allocations_left = -1;
}

BACKEND_TEST(backend_state, open_without_descriptors_leaves_nothing_behind)
{
    struct rlimit limit, low;
    int before = test_open_fds(), blocks = s->blocks, error = -EMFILE;
    void *state;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    int first = dup(0);
    close(first);
    for (low.rlim_cur = (rlim_t)first; error; low.rlim_cur++) {
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
        error = subject_open(s, &state);
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        expect(s, error == 0 || (error == -EMFILE && test_open_fds() == before && s->blocks == blocks));
    }
    s->backend->close(state, false);
}

BACKEND_TEST(backend_state, a_wake_of_one_is_none_of_another)
{
    void *other;

    expect(s, subject_open(s, &other) == 0);
    expect(s, s->backend->wake(other) == 0);
    subject_rests(s);
    expect(s, s->backend->wait(other, -1, s->ready, ROOM) == 0); /* it would last for ever */
    s->backend->close(other, false);
}

REAL_BACKEND_TEST(backend_state, two_watch_one_descriptor_each_for_itself, "its handles belong to one state")
{
    int pair[2];
    void *other;

    expect(s, subject_open(s, &other) == 0);
    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, s->backend->set(other, pair[0], 2, 0, BACKEND_READ | BACKEND_WRITE) == 0);
    subject_write(s, pair[1], "x");
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, s->n == 1 && s->ready[0].events == BACKEND_READ && s->ready[0].generation == 1);
    expect(s, s->backend->wait(other, PATIENCE, s->ready, ROOM) == 1);
    expect(s, s->ready[0].events == (BACKEND_READ | BACKEND_WRITE) && s->ready[0].generation == 2);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
    expect(s, s->backend->wait(other, 0, s->ready, ROOM) == 1);
    s->backend->close(other, false);
}

BACKEND_TEST(backend_state, one_that_replaces_another_watches_nothing_until_it_is_told)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_write(s, pair[1], "x");
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, subject_replace(s, false) == 0);
    subject_rests(s);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].fd == pair[0]);
    subject_expect(s, pair[0], "x");
}
