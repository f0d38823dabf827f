/* test_epoll.c: what epoll.c asks of the kernel, and what becomes of its answers: how late a wait may be is settled
 * by the time that is handed over.  The library's own epoll.c is here, with calls that record. */
#include <sys/epoll.h>

static int recorded_wait(int fd, struct epoll_event *events, int max, int milliseconds);
static int recorded_ctl(int fd, int op, int target, struct epoll_event *event);

#define epoll_wait(fd, events, max, milliseconds) recorded_wait(fd, events, max, milliseconds)
#define epoll_ctl(fd, op, target, event)          recorded_ctl(fd, op, target, event)
#include "backends/epoll.c"
#undef epoll_wait
#undef epoll_ctl

#include "backend_support.h"

TestSuite(epoll, .timeout = 60);

enum { CALLS = 8 };

static int asked_for, asked_room,
    answer_error; /* the time and the room of the last wait; what it fails with */
static int calls, ops[CALLS],
    errors[CALLS]; /* of epoll_ctl: how many there were; each, and what it is to fail with */

static int recorded_wait(int fd, struct epoll_event *events, int max, int milliseconds)
{
    (void)fd, (void)events;
    asked_for = milliseconds;
    asked_room = max;
    errno = answer_error;
    return answer_error ? -1 : 0;
}

static int recorded_ctl(int fd, int op, int target, struct epoll_event *event)
{
    (void)fd, (void)target, (void)event;
    cr_assert_lt(calls, CALLS);
    ops[calls] = op;
    errno = errors[calls++];
    return errno ? -1 : 0;
}

static struct subject s = { .backend = &confab_backend_epoll,
                            .io = &confab_posix_io,
                            .allocations_left = -1 };

static void begin(void)
{
    cr_assert_eq(subject_open(&s, &s.state), 0);
    calls = 0;
}

static void end(void)
{
    epoll_close(s.state, false);
}

Test(epoll, open_that_the_kernel_refuses_in_the_end_leaves_nothing_behind)
{
    int before = test_open_fds();

    errors[0] = ENOSPC;
    cr_assert_eq(subject_open(&s, &s.state), -ENOSPC);
    cr_assert_eq(test_open_fds(), before);
    cr_assert_eq(s.blocks, 0);
}

Test(epoll, the_kernel_is_asked_to_wait_no_longer_than_the_time_rounded_up, .init = begin, .fini = end)
{
    for (int i = 0; i < SUBJECT_TIMES; i++) {
        cr_assert_eq(epoll_wait_ready(s.state, subject_times[i].ns, s.ready, ROOM), 0);
        cr_assert_eq(asked_for, subject_times[i].milliseconds, "%lld ns: %d ms",
                     (long long)subject_times[i].ns, asked_for);
        cr_assert_eq(asked_room, ROOM);
    }
}

Test(epoll, no_more_is_asked_for_than_a_state_has_room_for, .init = begin, .fini = end)
{
    epoll_wait_ready(s.state, 0, s.ready, 100000);
    cr_assert_eq(asked_room, EVENTS_MAX);
}

Test(epoll, an_interrupted_wait_is_0_and_what_fails_is_said, .init = begin, .fini = end)
{
    answer_error = EINTR;
    cr_assert_eq(epoll_wait_ready(s.state, -1, s.ready, ROOM), 0);
    answer_error = EBADF;
    cr_assert_eq(epoll_wait_ready(s.state, -1, s.ready, ROOM), -EBADF);
}

Test(epoll, del_reaches_the_kernel_at_once, .init = begin, .fini = end)
{
    cr_assert_eq(epoll_set(s.state, 0, 1, 0, BACKEND_READ), 0);
    cr_assert_eq(epoll_del(s.state, 0, BACKEND_READ), 0);
    cr_assert_eq(calls, 2);
    cr_assert_eq(ops[1], EPOLL_CTL_DEL);
    cr_assert_eq(epoll_del(s.state, 0, 0), 0);
    cr_assert_eq(calls, 2, "what is not armed costs no call");
}

/* What it says of a descriptor that it does not know, or no more, is no error; all else is one. */
Test(epoll, what_the_kernel_says_of_a_change_is_mended_or_returned, .init = begin, .fini = end)
{
    errors[0] = ENOENT;
    cr_assert_eq(epoll_set(s.state, 0, 1, BACKEND_READ, BACKEND_WRITE), 0);
    cr_assert(calls == 2 && ops[0] == EPOLL_CTL_MOD && ops[1] == EPOLL_CTL_ADD);
    errors[2] = EEXIST;
    cr_assert_eq(epoll_set(s.state, 0, 1, 0, BACKEND_WRITE), 0);
    cr_assert(calls == 4 && ops[2] == EPOLL_CTL_ADD && ops[3] == EPOLL_CTL_MOD);
    errors[4] = ENOSPC;
    cr_assert_eq(epoll_set(s.state, 0, 1, 0, BACKEND_WRITE), -ENOSPC);
    errors[5] = ENOMEM;
    cr_assert_eq(epoll_set(s.state, 0, 1, BACKEND_WRITE, BACKEND_READ), -ENOMEM);
    errors[6] = ENOENT;
    cr_assert_eq(epoll_set(s.state, 0, 1, BACKEND_READ, 0), 0);
    errors[7] = ENOMEM;
    cr_assert_eq(epoll_del(s.state, 0, BACKEND_READ), -ENOMEM);
}
