/* test_kqueue.c: what kqueue.c asks of kevent(2), and what it shows of the answers, on any system:
 * fake_kqueue.c keeps a record of the calls, and says what the test has written down. */
#include "kqueue_support.h"
#include <errno.h>
#include <poll.h>

TestSuite(kqueue, .init = begin, .fini = end, .timeout = 60);

/* -- What the kernel is told -------------------------------------------------- */

Test(kqueue, changes_are_made_by_the_call_that_waits)
{
    int fd = some_pipe(0), other = some_pipe(0);

    set(fd, READ | WRITE);
    set(other, READ);
    cr_assert_eq(fake_called, 0);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 3);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, ADDED));
    cr_assert(fake_changed(call, fd, EVFILT_WRITE, GENERATION, ADDED));
    cr_assert(fake_changed(call, other, EVFILT_READ, GENERATION, ADDED));
    cr_assert(call->forever);
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue, what_is_wanted_to_and_fro_is_told_once)
{
    int fd = some_pipe(0);

    set(fd, READ);
    set(fd, READ | WRITE);
    set(fd, WRITE);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 1);
    cr_assert(fake_changed(call, fd, EVFILT_WRITE, GENERATION, ADDED));
}

Test(kqueue, what_is_wanted_no_more_is_deleted)
{
    int fd = some_pipe(0);

    set(fd, READ | WRITE);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION, READ | WRITE, READ), 0);
    cr_assert(fake_changed(wait_once(), fd, EVFILT_WRITE, GENERATION, EV_DELETE));
    cr_assert_eq(backend->set(state, fd, GENERATION, READ, 0), 0);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 1);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, EV_DELETE));
}

Test(kqueue, except_alone_registers_nothing)
{
    int fd = some_pipe(0);

    set(fd, BACKEND_EXCEPT);
    cr_assert_eq(wait_once()->count, 0);
    cr_assert_eq(backend->set(state, fd, GENERATION, BACKEND_EXCEPT, BACKEND_EXCEPT | READ), 0);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 1);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION, ADDED));
}

Test(kqueue, a_whole_generation_fits)
{
    int fd = some_pipe(0);
    struct fake_reply *reply = fake_reply();

    cr_assert_eq(backend->set(state, fd, UINT32_MAX, 0, READ), 0);
    fake_event(reply, fd, EVFILT_READ, UINT32_MAX, 0, 1);
    cr_assert(fake_changed(wait_once(), fd, EVFILT_READ, UINT32_MAX, ADDED));
    cr_assert_eq(shown, 1);
    cr_assert_eq(ready[0].generation, UINT32_MAX);
}

Test(kqueue, under_a_new_generation_all_is_added_anew)
{
    int fd = some_pipe(0);

    set(fd, READ | WRITE);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION + 1, READ | WRITE, READ), 0);
    const struct fake_call *call = wait_once();
    cr_assert_eq(call->count, 2);
    cr_assert(fake_changed(call, fd, EVFILT_READ, GENERATION + 1, ADDED));
    cr_assert(fake_changed(call, fd, EVFILT_WRITE, GENERATION + 1, EV_DELETE));
}

Test(kqueue, what_the_kernel_should_have_and_has_not_is_added_at_once)
{
    int fd = some_pipe(0);

    set(fd, READ);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION, READ, READ | WRITE), 0);
    fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_ERROR, ENOENT);
    const struct fake_call *call = wait_for(-1, CAP);
    cr_assert_eq(call[0].count, 2);
    cr_assert(fake_changed(&call[0], fd, EVFILT_READ, GENERATION, EV_ENABLE));
    cr_assert_eq(fake_called, 3);
    cr_assert_eq(call[1].count, 1);
    cr_assert(fake_changed(&call[1], fd, EVFILT_READ, GENERATION, ADDED | EV_RECEIPT));
    cr_assert_eq(call[2].count, 0); /* looks for events, for which the first had no time */
    cr_assert(call[2].forever);
    cr_assert_eq(shown, 0);
}

Test(kqueue, what_is_added_at_once_is_added_again_where_that_was_interrupted)
{
    int fd = some_pipe(0);

    set(fd, READ);
    hand_over();
    cr_assert_eq(backend->set(state, fd, GENERATION, READ, READ | WRITE), 0);
    fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_ERROR, ENOENT);
    fake_reply()->error = EINTR;
    const struct fake_call *call = wait_for(-1, CAP);
    cr_assert_eq(fake_called, 4);
    cr_assert(fake_changed(&call[2], fd, EVFILT_READ, GENERATION, ADDED | EV_RECEIPT));
    cr_assert_eq(shown, 0);
}

/* -- What is shown ------------------------------------------------------------ */

Test(kqueue, reading_and_writing_are_one_entry)
{
    int fd = some_pipe(0), other = some_pipe(0);
    struct fake_reply *reply = fake_reply();

    set(fd, READ | WRITE);
    set(other, READ);
    fake_event(reply, fd, EVFILT_READ, GENERATION, 0, 1);
    fake_event(reply, other, EVFILT_READ, GENERATION, 0, 1);
    fake_event(reply, fd, EVFILT_WRITE, GENERATION, 0, 1);
    wait_once();
    cr_assert_eq(shown, 2);
    expect_ready(0, fd, READ | WRITE, 0);
    expect_ready(1, other, READ, 0);
}

Test(kqueue, each_wait_has_entries_of_its_own)
{
    int fd = some_pipe(0), other = some_pipe(0);
    struct fake_reply *reply;

    set(fd, READ | WRITE);
    set(other, READ | WRITE);
    reply = fake_reply();
    fake_event(reply, fd, EVFILT_READ, GENERATION, 0, 1);
    fake_event(reply, other, EVFILT_READ, GENERATION, 0, 1);
    wait_once();
    cr_assert_eq(shown, 2);
    reply = fake_reply();
    fake_event(reply, other, EVFILT_WRITE, GENERATION, 0, 1);
    wait_once();
    cr_assert_eq(shown, 1);
    expect_ready(0, other, WRITE, 0);
}

Test(kqueue, the_end_is_readable_whatever_there_is_to_read)
{
    int fd = some_pipe(0);
    const int64_t hints[] = { 0, 1, 4096, -1, INT64_MAX };

    set(fd, READ);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        fake_event(fake_reply(), fd, EVFILT_READ, GENERATION, EV_EOF | EV_ADD | EV_ENABLE | EV_RECEIPT,
                   hints[i]);
        wait_once();
        cr_assert_eq(shown, 1);
        expect_ready(0, fd, READ, 0);
    }
}

Test(kqueue, a_hang_up_of_which_only_writing_tells_is_writable)
{
    int fd = some_pipe(1);

    set(fd, WRITE);
    fake_event(fake_reply(), fd, EVFILT_WRITE, GENERATION, EV_EOF, 0);
    wait_once();
    cr_assert_eq(shown, 1);
    expect_ready(0, fd, WRITE, 0);
}

Test(kqueue, an_event_keeps_the_generation_under_which_it_was_registered)
{
    int fd = some_pipe(0);
    struct fake_reply *reply = fake_reply();

    set(fd, READ | WRITE);
    fake_event(reply, fd, EVFILT_WRITE, GENERATION - 1, 0, 1);
    fake_event(reply, fd, EVFILT_READ, GENERATION, 0, 1);
    wait_once();
    cr_assert_eq(shown, 2);
    cr_assert_eq(ready[0].generation, GENERATION - 1);
    cr_assert_eq(ready[0].events, WRITE);
    expect_ready(1, fd, READ, 0);
}

Test(kqueue, a_wake_ends_the_wait_and_is_not_shown)
{
    struct pollfd polled = { .fd = wake_fd, .events = POLLIN };

    cr_assert_eq(backend->wake(state), 0);
    cr_assert_eq(poll(&polled, 1, 0), 1);
    fake_event(fake_reply(), wake_fd, EVFILT_READ, 0, 0, 8);
    wait_once();
    cr_assert_eq(shown, 0);
    cr_assert_eq(poll(&polled, 1, 0), 0);
}

/* -- Time --------------------------------------------------------------------- */

Test(kqueue, a_time_out_is_told_to_the_nanosecond_and_within_bounds)
{
    const struct fake_call *call;

    cr_assert(wait_for(INT64_MIN, CAP)->forever);
    call = wait_for(0, CAP);
    cr_assert(!call->forever && call->timeout.tv_sec == 0 && call->timeout.tv_nsec == 0);
    call = wait_for(3000000001, CAP);
    cr_assert(call->timeout.tv_sec == 3 && call->timeout.tv_nsec == 1);
    call = wait_for(INT64_MAX, CAP);
    cr_assert(!call->forever && call->timeout.tv_sec >= 86400 && call->timeout.tv_sec <= 100000000);
    cr_assert(call->timeout.tv_nsec >= 0 && call->timeout.tv_nsec < 1000000000);
}
