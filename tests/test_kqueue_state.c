/* test_kqueue_state.c: making and closing a state of kqueue.c, and what del takes out of it. */
#include "kqueue_support.h"
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

TestSuite(kqueue_state, .init = begin, .fini = end, .timeout = 60);

/* -- del ---------------------------------------------------------------------- */

Test(kqueue_state, del_deletes_both_filters_before_it_returns)
{
    int fd = some_pipe(0);

    set(fd, READ | WRITE);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION, READ | WRITE, READ), 0);
    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(fake_called, 1);
    cr_assert_eq(fake_calls[0].fd, queue_fd);
    cr_assert_eq(fake_calls[0].count, 2);
    cr_assert_eq(fake_calls[0].room, 2); /* the one that is refused keeps none from being made */
    cr_assert(fake_changed(&fake_calls[0], fd, EVFILT_READ, GENERATION, EV_DELETE | EV_RECEIPT));
    cr_assert(fake_changed(&fake_calls[0], fd, EVFILT_WRITE, GENERATION, EV_DELETE | EV_RECEIPT));
    cr_assert(!fake_calls[0].forever && fake_calls[0].timeout.tv_sec == 0 &&
              fake_calls[0].timeout.tv_nsec == 0);
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue_state, del_drops_changes_that_the_kernel_was_not_told_of)
{
    int fd = some_pipe(0);

    set(fd, READ | WRITE);
    cr_assert_eq(backend->del(state, fd, 0), 0);
    cr_assert_eq(fake_called, 0);
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue_state, the_next_owner_of_a_number_is_registered_anew)
{
    int fd = some_pipe(0);

    set(fd, READ);
    hand_over();
    cr_assert_eq(backend->del(state, fd, READ), 0);
    set(fd, READ);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 1);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, ADDED));
}

Test(kqueue_state, del_deletes_what_an_interrupted_wait_may_have_added)
{
    int fd = some_pipe(0);

    set(fd, READ);
    fake_reply()->error = EINTR;
    hand_over();
    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(fake_called, 1);
    cr_assert(fake_changed(&fake_calls[0], fd, EVFILT_READ, GENERATION, EV_DELETE | EV_RECEIPT));
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue_state, del_of_what_is_not_there_is_no_error)
{
    int fd = some_pipe(0);
    struct fake_reply *reply;

    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(backend->del(state, -1, READ), 0);
    set(fd, READ | WRITE);
    hand_over();
    reply = fake_reply();
    fake_event(reply, fd, EVFILT_READ, GENERATION, EV_ERROR, ENOENT);
    fake_event(reply, fd, EVFILT_WRITE, GENERATION, EV_ERROR, EBADF);
    cr_assert_eq(backend->del(state, fd, READ | WRITE), 0);
    cr_assert_eq(fake_called, 1);
}

Test(kqueue_state, del_that_is_interrupted_is_made_again)
{
    int fd = some_pipe(0);

    set(fd, READ);
    hand_over();
    fake_reply()->error = EINTR;
    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(fake_called, 2);
    cr_assert(fake_changed(&fake_calls[1], fd, EVFILT_READ, GENERATION, EV_DELETE | EV_RECEIPT));
}

/* -- A state ------------------------------------------------------------------ */

Test(kqueue_state, the_queue_is_closed_with_the_state_and_by_an_exec)
{
    cr_assert_eq(fcntl(queue_fd, F_GETFD), FD_CLOEXEC);
    backend->close(state, false);
    state = NULL;
    cr_assert_lt(fcntl(queue_fd, F_GETFD), 0);
}

Test(kqueue_state, a_child_leaves_the_number_of_the_queue_alone)
{
    backend->close(state, true);
    state = NULL;
    cr_assert_geq(fcntl(queue_fd, F_GETFD), 0);
    cr_assert_lt(fcntl(wake_fd, F_GETFD), 0);
    close(queue_fd);
}

Test(kqueue_state, an_open_that_fails_leaves_nothing_behind)
{
    int before = test_open_fds();
    void *other;

    fake_kqueue_error = ENFILE;
    cr_assert_eq(open_state(&other), -ENFILE);
    fake_kqueue_error = 0;
    fake_event(fake_reply(), 0, EVFILT_READ, 0, EV_ERROR, ENOMEM);
    cr_assert_eq(open_state(&other), -ENOMEM);
    fake_reply()->error = ENOMEM;
    cr_assert_eq(open_state(&other), -ENOMEM);
    cr_assert_eq(test_open_fds(), before);
}

Test(kqueue_state, set_without_memory_changes_nothing)
{
    int fd = some_pipe(0), high = fcntl(fd, F_DUPFD, 900);

    set(fd, READ);
    for (int left = 0; left < 2; left++) {
        allocations_left = left;
        cr_assert_eq(backend->set(state, high, GENERATION, 0, READ), -ENOMEM);
    }
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 1);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, ADDED));
}
