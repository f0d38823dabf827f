/* What kqueue.c asks of kevent(2), and what it makes of the answers, on any system:
 * fake_kqueue.c keeps a record of the calls, and says what the test has written down. */
#include "backends/backend.h"
#include "fake_kqueue.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ = BACKEND_READ, WRITE = BACKEND_WRITE, FAILED = BACKEND_FAILED };
enum { ADDED = EV_ADD | EV_ENABLE, CAP = 8, GENERATION = 7 };

static const struct confab_backend *const backend = &confab_backend_kqueue;
static void *state;
static int queue_fd, wake_fd;     /* as the calls of open show */
static int allocations_left = -1; /* < 0: any number */
static struct confab_ready ready[FAKE_EVENTS];
static int shown;

static void *allocate(void *data, void *old, size_t n)
{
    (void)data;
    if (n > 0)
        return allocations_left-- == 0 ? NULL : realloc(old, n);
    free(old);
    return NULL;
}

static int open_state(void **made)
{
    const struct confab_backend_options options = { .size = sizeof options, .alloc = allocate };

    return backend->open(made, &options);
}

static void begin(void)
{
    cr_assert_eq(open_state(&state), 0);
    cr_assert_eq(fake_called, 1);
    queue_fd = fake_calls[0].fd;
    wake_fd = (int)fake_calls[0].changes[0].ident;
    fake_forget();
}

static void end(void)
{
    cr_assert(fake_all_replied());
    if (state)
        backend->close(state, false);
}

TestSuite(kqueue, .init = begin, .fini = end, .timeout = 60);

static int some_pipe(int end)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    return ends[end];
}

static void set(int fd, unsigned wanted)
{
    cr_assert_eq(backend->set(state, fd, GENERATION, 0, wanted), 0);
}

/* One wait; returns its first call, after which others may stand. */
static const struct fake_call *wait_for(int64_t timeout_ns, int cap)
{
    fake_forget();
    shown = backend->wait(state, timeout_ns, ready, cap);
    for (int i = 0; i < fake_called; i++) {
        cr_assert_eq(fake_calls[i].fd, queue_fd);
        cr_assert_leq(fake_calls[i].count, fake_calls[i].room, "an answer would have no room");
    }
    return fake_calls;
}

static const struct fake_call *wait_once(void)
{
    const struct fake_call *call = wait_for(-1, CAP);

    cr_assert_eq(fake_called, 1);
    return call;
}

/* The kernel has what was set so far. */
static void hand_over(void)
{
    wait_once();
    fake_forget();
}

static void expect_ready(int i, int fd, unsigned events, int error)
{
    cr_assert_lt(i, shown);
    cr_assert_eq(ready[i].fd, fd);
    cr_assert_eq(ready[i].generation, GENERATION);
    cr_assert_eq(ready[i].events, events);
    cr_assert_eq(ready[i].error, error);
}

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

/* -- What the kernel refuses -------------------------------------------------- */

Test(kqueue, what_is_refused_has_FAILED_alone_and_the_rest_is_looked_for_with_no_wait)
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

Test(kqueue, what_is_refused_is_tried_and_told_again_until_del)
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
Test(kqueue, a_deletion_of_what_is_not_there_is_nothing_and_costs_no_time)
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

Test(kqueue, a_pipe_that_nobody_reads_is_writable_though_it_is_refused)
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

Test(kqueue, one_that_was_closed_has_FAILED)
{
    int fd = some_pipe(1);

    set(fd, WRITE);
    close(fd);
    fake_event(fake_reply(), fd, EVFILT_WRITE, GENERATION, EV_ERROR, EBADF);
    wait_for(-1, CAP);
    cr_assert_eq(shown, 1);
    expect_ready(0, fd, FAILED, EBADF);
}

Test(kqueue, a_file_and_a_bad_descriptor_are_refused_at_once)
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

Test(kqueue, an_interrupted_wait_is_0)
{
    fake_reply()->error = EINTR;
    wait_once();
    cr_assert_eq(shown, 0);
}

/* The kernel had made them, or not: either is found out. */
Test(kqueue, changes_of_a_wait_that_was_interrupted_are_made_sure_of)
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

Test(kqueue, a_wait_that_fails_says_why_and_keeps_the_changes)
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

Test(kqueue, changes_that_have_no_room_for_answers_are_made_before_with_receipts)
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

Test(kqueue, no_more_events_are_asked_for_than_can_be_shown)
{
    const int caps[] = { 1, 2, CAP, FAKE_EVENTS };

    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
        cr_assert_eq(wait_for(-1, caps[i])->room, caps[i]);
}

Test(kqueue, of_more_that_is_refused_than_can_be_shown_each_is_told_in_time)
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

Test(kqueue, changes_behind_a_call_that_was_interrupted_are_made_by_the_next_wait)
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

/* -- del ---------------------------------------------------------------------- */

Test(kqueue, del_deletes_both_filters_before_it_returns)
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

Test(kqueue, del_drops_changes_that_the_kernel_was_not_told_of)
{
    int fd = some_pipe(0);

    set(fd, READ | WRITE);
    cr_assert_eq(backend->del(state, fd, 0), 0);
    cr_assert_eq(fake_called, 0);
    cr_assert_eq(wait_once()->count, 0);
}

Test(kqueue, the_next_owner_of_a_number_is_registered_anew)
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

Test(kqueue, del_deletes_what_an_interrupted_wait_may_have_added)
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

Test(kqueue, del_of_what_is_not_there_is_no_error)
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

Test(kqueue, del_that_is_interrupted_is_made_again)
{
    int fd = some_pipe(0);

    set(fd, READ);
    hand_over();
    fake_reply()->error = EINTR;
    cr_assert_eq(backend->del(state, fd, READ), 0);
    cr_assert_eq(fake_called, 2);
    cr_assert(fake_changed(&fake_calls[1], fd, EVFILT_READ, GENERATION, EV_DELETE | EV_RECEIPT));
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

/* -- A state ------------------------------------------------------------------ */

Test(kqueue, the_queue_is_closed_with_the_state_and_by_an_exec)
{
    cr_assert_eq(fcntl(queue_fd, F_GETFD), FD_CLOEXEC);
    backend->close(state, false);
    state = NULL;
    cr_assert_lt(fcntl(queue_fd, F_GETFD), 0);
}

Test(kqueue, a_child_leaves_the_number_of_the_queue_alone)
{
    backend->close(state, true);
    state = NULL;
    cr_assert_geq(fcntl(queue_fd, F_GETFD), 0);
    cr_assert_lt(fcntl(wake_fd, F_GETFD), 0);
    close(queue_fd);
}

Test(kqueue, an_open_that_fails_leaves_nothing_behind)
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

Test(kqueue, set_without_memory_changes_nothing)
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
