/* test_kqueue_failures.c: what becomes of changes that the kernel refuses, of calls that fail, and of more than a
 * call takes. */
#include "kqueue_support.h"
#include "support.h"
#include <errno.h>
#include <unistd.h>

TestSuite(kqueue_failures, .init = begin, .fini = end, .timeout = 60);

/* -- What the kernel refuses -------------------------------------------------- */

Test(kqueue_failures, what_is_refused_has_FAILED_alone_and_the_rest_is_looked_for_with_no_wait)
{
    int fd = some_pipe(0), other = some_pipe(0);
    struct fake_reply *reply;

    set(fd, READ | WRITE);
    set(other, READ);
    fake_event(fake_reply(), fd, EVFILT_WRITE, GENERATION, EV_ERROR, EINVAL);
    reply = fake_reply();
    fake_event(reply, other, EVFILT_READ, GENERATION, 0, 1);
    fake_event(reply, fd, EVFILT_READ, GENERATION, 0, 1);
    const struct fake_call *call = wait_for(-1, CAP);
    cr_assert_eq(fake_called, 2);
    cr_assert_eq(call[1].count, 0);
    cr_assert_eq(call[1].room, CAP - 1);
    cr_assert(!call[1].forever && call[1].timeout.tv_sec == 0 && call[1].timeout.tv_nsec == 0);
    cr_assert_eq(shown, 2);
    expect_ready(0, fd, FAILED, EINVAL);
    expect_ready(1, other, READ, 0);
}

Test(kqueue_failures, what_is_refused_is_tried_and_told_again_until_del)
{
    int fd = some_pipe(0);

    set(fd, READ);
    for (int i = 0; i < 3; i++) {
        fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_ERROR, ENOMEM);
        cr_assert(fake_changed(wait_for(-1, CAP), fd, EVFILT_READ, GENERATION, ADDED));
        cr_assert_eq(shown, 1);
        expect_ready(0, fd, FAILED, ENOMEM);
    }
    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(wait_once()->count, 0);
    cr_assert_eq(shown, 0);
}

/* No kernel has waited when it brings an answer. */
Test(kqueue_failures, a_deletion_of_what_is_not_there_is_nothing_and_costs_no_time)
{
    int fd = some_pipe(0);
    const int errors[] = { ENOENT, EBADF };

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        set(fd, READ);
        hand_over();
        cr_assert_eq(backend->set(state, fd, GENERATION, READ, 0), 0);
        fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_ERROR, errors[i]);
        const struct fake_call *call = wait_for(5000000007, CAP);
        cr_assert_eq(fake_called, 2);
        cr_assert_eq(call[1].count, 0);
        cr_assert_eq(call[1].timeout.tv_sec, 5);
        cr_assert_eq(call[1].timeout.tv_nsec, 7);
        cr_assert_eq(shown, 0);
        cr_assert_eq(wait_once()->count, 0);
    }
}

Test(kqueue_failures, a_pipe_that_nobody_reads_is_writable_though_it_is_refused)
{
    int fd = some_pipe(1);
    const int errors[] = { EPIPE, EBADF, EPIPE };

    set(fd, WRITE);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        fake_event(fake_reply(), fd, EVFILT_WRITE, GENERATION, EV_ERROR, errors[i]);
        cr_assert(fake_changed(wait_for(-1, CAP), fd, EVFILT_WRITE, GENERATION, ADDED));
        cr_assert_eq(shown, 1);
        expect_ready(0, fd, WRITE, 0);
    }
}

Test(kqueue_failures, one_that_was_closed_has_FAILED)
{
    int fd = some_pipe(1);

    set(fd, WRITE);
    close(fd);
    fake_event(fake_reply(), fd, EVFILT_WRITE, GENERATION, EV_ERROR, EBADF);
    wait_for(-1, CAP);
    cr_assert_eq(shown, 1);
    expect_ready(0, fd, FAILED, EBADF);
}

Test(kqueue_failures, a_file_and_a_bad_descriptor_are_refused_at_once)
{
    int fd = test_file("x", 1);

    cr_assert_eq(backend->set(state, fd, 1, 0, READ), -EPERM);
    cr_assert_eq(backend->set(state, fd, 1, READ, READ), -EPERM);
    cr_assert_eq(backend->set(state, -1, 1, 0, READ), -EBADF);
    close(fd);
    cr_assert_eq(backend->set(state, fd, 1, 0, READ), -EBADF);
    cr_assert_eq(wait_once()->count, 0);
}

/* -- Calls that fail ---------------------------------------------------------- */

Test(kqueue_failures, an_interrupted_wait_is_0)
{
    fake_reply()->error = EINTR;
    wait_once();
    cr_assert_eq(shown, 0);
}

/* The kernel had made them, or not: either is found out. */
Test(kqueue_failures, changes_of_a_wait_that_was_interrupted_are_made_sure_of)
{
    int fd = some_pipe(0), other = some_pipe(0);

    set(fd, READ);
    set(other, WRITE);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION, READ, WRITE), 0);
    fake_reply()->error = EINTR;
    cr_assert_eq(wait_once()->count, 2);
    cr_assert_eq(shown, 0);

    fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_ERROR, ENOENT);
    const struct fake_call *call = wait_for(-1, CAP);
    cr_assert_eq(call->count, 2);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, EV_DELETE));
    cr_assert(fake_changed(call, fd, EVFILT_WRITE, GENERATION, EV_ENABLE));
    cr_assert_eq(fake_called, 2);
    cr_assert_eq(shown, 0);
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue_failures, a_wait_that_fails_says_why_and_keeps_the_changes)
{
    int fd = some_pipe(0);

    set(fd, READ);
    fake_reply()->error = ENOMEM;
    wait_once();
    cr_assert_eq(shown, -ENOMEM);
    cr_assert_eq(wait_once()->count, 1);
    cr_assert_eq(shown, 0);
}

/* -- More than a call takes --------------------------------------------------- */

enum { MANY = 300 };

static void set_many(int fds[MANY], unsigned wanted)
{
    int fd = some_pipe(0);

    for (int i = 0; i < MANY; i++) {
        fds[i] = dup(fd);
        set(fds[i], wanted);
    }
}

/* How often these changes were made by the calls of the last wait. */
static int times_changed(int fd, int filter, unsigned flags)
{
    int times = 0;

    for (int i = 0; i < fake_called; i++)
        times += fake_changed(&fake_calls[i], fd, filter, GENERATION, flags) +
                 fake_changed(&fake_calls[i], fd, filter, GENERATION, flags | EV_RECEIPT);
    return times;
}

Test(kqueue_failures, changes_that_have_no_room_for_answers_are_made_before_with_receipts)
{
    int fds[MANY];

    set_many(fds, READ | WRITE);
    const struct fake_call *call = wait_for(-1, CAP);
    cr_assert_gt(fake_called, 2);
    for (int i = 0; i < fake_called - 1; i++) {
        cr_assert_eq(call[i].room, call[i].count);
        for (int k = 0; k < call[i].count; k++)
            cr_assert(call[i].changes[k].flags & EV_RECEIPT);
    }
    cr_assert_eq(call[fake_called - 1].room, CAP);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(times_changed(fds[i], EVFILT_READ, ADDED), 1);
        cr_assert_eq(times_changed(fds[i], EVFILT_WRITE, ADDED), 1);
    }
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue_failures, no_more_events_are_asked_for_than_can_be_shown)
{
    const int caps[] = { 1, 2, CAP, FAKE_EVENTS };

    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
        cr_assert_eq(wait_for(-1, caps[i])->room, caps[i]);
}

Test(kqueue_failures, of_more_that_is_refused_than_can_be_shown_each_is_told_in_time)
{
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = some_pipe(0);
        set(fds[i], READ);
    }
    for (int i = 0; i < 3; i++) {
        struct fake_reply *reply = fake_reply();
        for (int k = i; k < 3; k++)
            fake_event(reply, fds[k], EVFILT_READ, GENERATION, EV_ERROR, EINVAL);
        wait_for(-1, 1);
        cr_assert_eq(shown, 1);
        expect_ready(0, fds[i], FAILED, EINVAL);
        cr_assert_eq(backend->del(state, fds[i], READ), 0);
    }
    wait_for(-1, 1);
    cr_assert_eq(shown, 0);
}

Test(kqueue_failures, changes_behind_a_call_that_was_interrupted_are_made_by_the_next_wait)
{
    int fds[MANY];

    set_many(fds, READ);
    fake_event(fake_reply(), fds[0], EVFILT_READ, GENERATION, EV_ERROR, EINVAL);
    fake_reply()->error = EINTR;
    wait_for(-1, CAP);
    cr_assert_eq(fake_called, 2);
    cr_assert_eq(shown, 1);
    expect_ready(0, fds[0], FAILED, EINVAL);
    int done = fake_calls[0].count;
    cr_assert_gt(done, 1);
    cr_assert_lt(done, MANY);

    wait_for(-1, CAP);
    cr_assert_eq(times_changed(fds[0], EVFILT_READ, ADDED), 1);
    for (int i = 1; i < MANY; i++)
        cr_assert_eq(times_changed(fds[i], EVFILT_READ, ADDED) +
                         times_changed(fds[i], EVFILT_READ, EV_ENABLE),
                     i >= done);
}
