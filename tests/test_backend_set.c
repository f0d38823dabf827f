/* The contract of backend.h, kept by every backend of this build: what is
 * registered, whatever was so before, and that many are dealt with fairly. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

BACKEND_TEST(backend_set, del_forgets_at_once)
{
    int pair[2];

    test_pair(pair);
    test_send(pair[1], "x", 1);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend_set, del_of_what_is_closed_or_not_registered_is_no_error)
{
    int pair[2];

    test_pair(pair);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, s->backend->del(s->state, pair[0], 0) == 0);
    expect(s, s->backend->set(s->state, pair[0], 1, BACKEND_READ, 0) == 0);
    subject_set(s, pair[0], 0, BACKEND_READ);
    close(pair[0]);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend_set, set_mends_what_is_registered_already)
{
    int pair[2];

    test_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, s->backend->set(s->state, pair[0], 7, 0, BACKEND_WRITE) == 0);
    expect(s, subject_wait(s, 0) == 1);
    expect(s, s->ready[0].generation == 7 && s->ready[0].events == BACKEND_WRITE);
}

BACKEND_TEST(backend_set, set_mends_what_is_registered_no_more)
{
    int pair[2];

    test_pair(pair);
    expect(s, s->backend->set(s->state, pair[0], 7, BACKEND_READ, BACKEND_WRITE) == 0);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].generation == 7);
}

BACKEND_TEST(backend_set, set_mends_a_number_that_was_closed_and_used_again)
{
    int old[2], fresh[2];

    test_pair(old);
    test_pair(fresh);
    subject_set(s, old[0], 0, BACKEND_READ);
    cr_assert_eq(dup2(fresh[0], old[0]), old[0]);
    test_send(fresh[1], "x", 1);
    expect(s, s->backend->set(s->state, old[0], 7, BACKEND_READ, BACKEND_READ | BACKEND_WRITE) == 0);
    expect(s, subject_wait(s, PATIENCE) == 1 && s->ready[0].generation == 7);
    expect(s, s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
}

BACKEND_TEST(backend_set, a_file_and_a_folder_are_refused)
{
    const int fds[] = { test_file("x", 1), open(test_folder(), O_RDONLY) };

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        expect(s, s->backend->set(s->state, fds[i], 1, 0, BACKEND_READ) == -EPERM);
        expect(s, s->backend->set(s->state, fds[i], 1, BACKEND_READ, BACKEND_WRITE) == -EPERM);
        expect(s, subject_wait(s, 0) == 0);
    }
}

BACKEND_TEST(backend_set, a_bad_descriptor_is_refused_or_fails)
{
    int pair[2];

    test_pair(pair);
    close(pair[0]);
    expect(s, s->backend->set(s->state, -1, 1, 0, BACKEND_READ) == -EBADF);
    int error = s->backend->set(s->state, pair[0], 1, 0, BACKEND_READ);
    expect(s, error == -EBADF || (error == 0 && subject_wait(s, 0) == 1 &&
                                  s->ready[0].events == BACKEND_FAILED && s->ready[0].error == EBADF));
}

/* epoll forgets such a descriptor by itself; poll has to be told of it each time. */
BACKEND_TEST(backend_set, what_is_closed_unasked_fails_alone_or_is_silent)
{
    int pair[2], told = s->backend == &confab_backend_poll;

    test_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    close(pair[0]);
    expect(s, subject_wait(s, 0) == told);
    if (told)
        expect(s, s->ready[0].events == BACKEND_FAILED && s->ready[0].error == EBADF);
}

BACKEND_TEST(backend_set, a_descriptor_of_a_high_number_can_be_watched)
{
    int pair[2], high;

    test_pair(pair);
    high = fcntl(pair[0], F_DUPFD, 900);
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    subject_set(s, high, 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 2);
    expect(s, subject_entry(s, pair[0]) && subject_entry(s, high));
}

/* -- Many ------------------------------------------------------------------- */

enum { MANY = 40, CAP = 3 };

static void make_many(int many[MANY][2])
{
    for (int i = 0; i < MANY; i++) {
        subject_pipe(many[i]);
        cr_assert_eq(write(many[i][1], "x", 1), 1);
    }
}

static int find(int many[MANY][2], int fd)
{
    int i = 0;

    while (i < MANY && many[i][0] != fd)
        i++;
    cr_assert_lt(i, MANY, "a descriptor that nobody asked about");
    return i;
}

BACKEND_TEST(backend_set, nothing_starves_where_more_is_ready_than_is_asked_for)
{
    int many[MANY][2], times[MANY] = { 0 }, waits = 3 * ((MANY + CAP - 1) / CAP);

    make_many(many);
    for (int i = 0; i < MANY; i++)
        subject_set(s, many[i][0], 0, BACKEND_READ);
    for (int i = 0; i < waits; i++) {
        expect(s, s->backend->wait(s->state, 0, s->ready, CAP) == CAP);
        for (int k = 0; k < CAP; k++)
            times[find(many, s->ready[k].fd)]++;
    }
    for (int i = 0; i < MANY; i++)
        expect(s, times[i] >= 3 && times[i] <= 4);
}

BACKEND_TEST(backend_set, any_order_of_set_and_del_leaves_the_right_ones)
{
    int many[MANY][2];
    unsigned armed[MANY] = { 0 };
    unsigned seed = 1;

    make_many(many);
    for (int step = 0; step < 2000; step++) {
        int i = rand_r(&seed) % MANY, expected = 0;

        if (armed[i])
            expect(s, s->backend->del(s->state, many[i][0], armed[i]) == 0);
        else
            expect(s, s->backend->set(s->state, many[i][0], (uint32_t)i, 0, BACKEND_READ) == 0);
        armed[i] = armed[i] ? 0 : BACKEND_READ;
        subject_wait(s, 0);
        for (int k = 0; k < MANY; k++) {
            const struct confab_ready *entry = subject_entry(s, many[k][0]);
            expect(s, (entry != NULL) == (armed[k] != 0));
            expect(s, !entry || entry->generation == (uint32_t)k);
            expected += armed[k] != 0;
        }
        expect(s, s->n == expected);
    }
}

/* -- What a state takes ------------------------------------------------------ */

BACKEND_TEST(backend_set, close_gives_all_descriptors_and_memory_back)
{
    int before = test_open_fds(), pair[2];
    void *state;

    test_pair(pair);
    expect(s, subject_open(s, &state) == 0);
    expect(s, s->backend->set(state, pair[0], 1, 0, BACKEND_READ) == 0);
    s->backend->close(state, false);
    expect(s, test_open_fds() == before + 2);
    expect(s, fcntl(pair[0], F_GETFD) >= 0);
}

BACKEND_TEST(backend_set, its_descriptors_do_not_survive_an_exec)
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
        expect(s, flags == FD_CLOEXEC);
        fresh++;
    }
    expect(s, fresh > 0);
    s->backend->close(state, false);
}

BACKEND_TEST(backend_set, open_without_memory_leaves_nothing_behind)
{
    int before = test_open_fds(), error = -ENOMEM;
    void *state;

    for (int left = 0; error; left++) {
        s->allocations_left = left;
        error = subject_open(s, &state);
        expect(s, error == 0 || (error == -ENOMEM && test_open_fds() == before));
    }
    s->backend->close(state, false);
}

BACKEND_TEST(backend_set, open_without_descriptors_leaves_nothing_behind)
{
    struct rlimit limit, low;
    int before = test_open_fds(), error = -EMFILE;
    void *state;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    int first = dup(0);
    close(first);
    for (low.rlim_cur = (rlim_t)first; error; low.rlim_cur++) {
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
        error = subject_open(s, &state);
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        expect(s, error == 0 || (error == -EMFILE && test_open_fds() == before));
    }
    s->backend->close(state, false);
}

BACKEND_TEST(backend_set, set_without_memory_changes_nothing)
{
    int many[MANY][2], refused = 0;

    make_many(many);
    subject_set(s, many[0][0], 0, BACKEND_READ);
    s->allocations_left = 0;
    int high = fcntl(many[1][0], F_DUPFD, 900), error = s->backend->set(s->state, high, 1, 0, BACKEND_READ);
    refused = error == -ENOMEM;
    expect(s, error == 0 || refused);
    expect(s, subject_wait(s, 0) == (refused ? 1 : 2) && subject_entry(s, many[0][0]));
}
