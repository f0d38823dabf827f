/* The contract of backend.h, kept by every backend of this build: what is
 * registered, whatever was so before, and whose event it is. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A connection over TCP on which a byte waits at [0]. */
static void pair_with_input(struct subject *s, int pair[2])
{
    subject_pair(s, OVER_TCP, pair);
    subject_write(s, pair[1], "x");
    subject_settle(s, pair[0], BACKEND_READ);
}

/* -- del ---------------------------------------------------------------------- */

BACKEND_TEST(backend_set, del_forgets_at_once)
{
    int pair[2], other[2];

    pair_with_input(s, pair);
    pair_with_input(s, other);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_set(s, other[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 2);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 1 && subject_entry(s, other[0]));
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 1 && subject_entry(s, other[0]));
}

REAL_BACKEND_TEST(backend_set, del_forgets_what_lives_on_as_a_duplicate, "its handles cannot be duplicated")
{
    int pair[2], copy;

    pair_with_input(s, pair);
    copy = subject_keep(s, dup(pair[0]));
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ | BACKEND_WRITE) == 0);
    subject_close(s, pair[0]);
    subject_rests(s);
    expect(s, s->backend->set(s->state, copy, 7, 0, BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].fd == copy && s->ready[0].generation == 7);
}

BACKEND_TEST(backend_set, del_of_what_is_closed_or_not_registered_is_no_error)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, s->backend->del(s->state, pair[0], 0) == 0);
    expect(s, s->backend->set(s->state, pair[0], 1, BACKEND_READ, 0) == 0);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_close(s, pair[0]);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
}

/* -- set mends ---------------------------------------------------------------- */

BACKEND_TEST(backend_set, set_mends_what_is_registered_already)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, s->backend->set(s->state, pair[0], 7, 0, BACKEND_WRITE) == 0);
    expect(s, subject_wait(s, 0) == 1);
    expect(s, s->ready[0].generation == 7 && s->ready[0].events == BACKEND_WRITE);
}

BACKEND_TEST(backend_set, set_mends_what_is_registered_no_more)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    expect(s, s->backend->set(s->state, pair[0], 7, BACKEND_READ, BACKEND_WRITE) == 0);
    expect(s, subject_wait(s, 0) == 1);
    expect(s, s->ready[0].generation == 7 && s->ready[0].events == BACKEND_WRITE);
}

BACKEND_TEST(backend_set, set_mends_a_number_that_was_closed_and_used_again)
{
    int old[2], fresh[2];

    subject_pair(s, OVER_TCP, old);
    subject_set(s, old[0], 0, BACKEND_READ);
    subject_close(s, old[0]);
    subject_pair_at(s, old[0], fresh);
    subject_write(s, fresh[1], "x");
    expect(s, s->backend->set(s->state, fresh[0], 7, BACKEND_READ, BACKEND_READ | BACKEND_WRITE) == 0);
    subject_until(s, fresh[0], BACKEND_READ);
    expect(s, s->n == 1 && s->ready[0].generation == 7);
    expect(s, s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
}

/* -- Whose event it is ---------------------------------------------------------- */

BACKEND_TEST(backend_set, an_event_of_the_old_one_never_reaches_the_next_of_its_number)
{
    int one[2], other[2], fresh[2];

    pair_with_input(s, one);
    pair_with_input(s, other);
    subject_set(s, one[0], 0, BACKEND_READ);
    subject_set(s, other[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 2); /* and in this batch the one is closed, its number used again */
    expect(s, s->backend->del(s->state, one[0], BACKEND_READ) == 0);
    subject_close(s, one[0]);
    subject_pair_at(s, one[0], fresh);
    expect(s, s->backend->set(s->state, fresh[0], 2, 0, BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 1 && subject_entry(s, other[0]));
    expect(s, subject_empty(s, other[0]) == 1);
    subject_rests(s);
    subject_write(s, fresh[1], "x");
    expect(s, subject_until(s, fresh[0], BACKEND_READ)->generation == 2);
    expect(s, s->n == 1 && s->ready[0].events == BACKEND_READ);
}

/* What is asked of it between two waits ends with it. */
BACKEND_TEST(backend_set, a_change_that_no_wait_has_seen_does_not_reach_the_next_of_its_number)
{
    int old[2], fresh[2];

    subject_pair(s, OVER_TCP, old);
    subject_set(s, old[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 0);
    subject_set(s, old[0], BACKEND_READ, BACKEND_READ | BACKEND_WRITE);
    expect(s, s->backend->del(s->state, old[0], BACKEND_READ | BACKEND_WRITE) == 0);
    subject_close(s, old[0]);
    subject_pair_at(s, old[0], fresh);
    subject_rests(s);
    expect(s, s->backend->set(s->state, fresh[0], 2, 0, BACKEND_READ) == 0);
    subject_rests(s);
}

/* Where the kernel still knows the old one, it may be told, but as what it is. */
REAL_BACKEND_TEST(backend_set, a_duplicate_of_the_old_one_is_not_taken_for_the_next_of_its_number,
                  "its handles cannot be duplicated")
{
    int old[2], fresh[2];

    pair_with_input(s, old);
    subject_pair(s, OVER_TCP, fresh);
    subject_set(s, old[0], 0, BACKEND_READ);
    subject_keep(s, dup(old[0]));
    cr_assert_eq(dup2(fresh[0], old[0]), old[0]); /* it was not deleted before */
    expect(s, s->backend->set(s->state, old[0], 2, 0, BACKEND_READ) == 0);
    subject_wait(s, 0);
    for (int i = 0; i < s->n; i++)
        expect(s, s->ready[i].generation == 1);
    subject_write(s, fresh[1], "x");
    for (int64_t end = subject_now(s) + PATIENCE, told = 0; !told;) {
        expect(s, subject_now(s) < end);
        subject_wait(s, PATIENCE);
        for (int i = 0; i < s->n; i++)
            told += s->ready[i].fd == old[0] && s->ready[i].generation == 2;
    }
    expect(s, s->backend->del(s->state, old[0], BACKEND_READ) == 0);
}

/* -- What is refused ------------------------------------------------------------ */

REAL_BACKEND_TEST(backend_set, a_file_and_a_folder_are_refused, "it has no files")
{
    const int fds[] = { subject_keep(s, test_file("x", 1)), subject_keep(s, open(test_folder(), O_RDONLY)) };

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        expect(s, subject_refusal(s, fds[i], 0, BACKEND_READ) == EPERM);
        expect(s, subject_refusal(s, fds[i], BACKEND_READ, BACKEND_WRITE) == EPERM);
        expect(s, s->backend->del(s->state, fds[i], BACKEND_WRITE) == 0);
        subject_rests(s);
    }
}

BACKEND_TEST(backend_set, a_bad_descriptor_is_refused)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_close(s, pair[0]);
    expect(s, subject_refusal(s, -1, 0, BACKEND_READ) == EBADF);
    expect(s, subject_refusal(s, pair[0], 0, BACKEND_READ) == EBADF);
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ) == 0);
    subject_rests(s);
}

/* Some forget such a descriptor by themselves; others have to be told of it, and tell it each time. */
BACKEND_TEST(backend_set, what_is_closed_unasked_fails_alone_or_is_silent)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1);
    subject_close(s, pair[0]);
    for (int i = 0; i < 2; i++) {
        bool told = subject_wait(s, 0) == 1;

        expect(s, s->n <= 1);
        expect(s, told == subject_tells_closed(s));
        if (told)
            expect(s, s->ready[0].fd == pair[0] && s->ready[0].generation == 1 &&
                          s->ready[0].events == BACKEND_FAILED && s->ready[0].error == EBADF);
    }
    expect(s, s->backend->del(s->state, pair[0], BACKEND_READ | BACKEND_WRITE) == 0);
    subject_rests(s);
}

/* -- Memory --------------------------------------------------------------------- */

BACKEND_TEST(backend_set, set_without_memory_changes_nothing)
{
    enum { MANY = 100 };
    int fds[MANY], registered = 0;
    bool taken[MANY];

    subject_many(s, fds, MANY);
    s->allocations_left = 0;
    for (int i = 0; i < MANY; i++) {
        int error = s->backend->set(s->state, fds[i], 1, 0, BACKEND_READ);
        expect(s, error == 0 || error == -ENOMEM);
        taken[i] = error == 0;
        registered += taken[i];
    }
    struct confab_ready ready[MANY];
    expect(s, s->backend->wait(s->state, 0, ready, MANY) == registered);
    s->allocations_left = -1;
    for (int i = 0; i < MANY; i++) {
        subject_set(s, fds[i], 0, taken[i] ? 0 : BACKEND_READ);
        expect(s, s->backend->wait(s->state, 0, ready, MANY) == (taken[i] ? --registered : ++registered));
    }
}

BACKEND_TEST(backend_set, memory_is_asked_for_only_where_a_table_grows)
{
    int pair[2], before;

    pair_with_input(s, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_set(s, pair[1], 0, BACKEND_WRITE);
    subject_wait(s, 0);
    before = s->allocations;
    for (int i = 0; i < 100; i++) {
        subject_set(s, pair[0], BACKEND_READ, BACKEND_READ | BACKEND_WRITE | BACKEND_EXCEPT);
        expect(s, subject_wait(s, 0) == 2);
        subject_set(s, pair[0], BACKEND_READ | BACKEND_WRITE | BACKEND_EXCEPT, 0);
        expect(s, s->backend->wake(s->state) == 0);
        expect(s, subject_wait(s, CONFAB_MILLISECOND) == 1);
        expect(s, s->backend->del(s->state, pair[1], BACKEND_WRITE) == 0);
        expect(s, subject_wait(s, 1) == 0);
        subject_set(s, pair[0], 0, BACKEND_READ);
        subject_set(s, pair[1], 0, BACKEND_WRITE);
    }
    expect(s, s->allocations == before);
}
