/* test_poll.c: what poll.c asks of the kernel, and what becomes of its answers: how late a wait may be is settled by
 * the time that is handed over.  The library's own poll.c is here, with a poll that records. */
#include <poll.h>

static int recorded_poll(struct pollfd *polled, nfds_t count, int milliseconds);

#define poll(polled, count, milliseconds) recorded_poll(polled, count, milliseconds)
#include "backends/poll.c"
#undef poll

#include "backend_support.h"

TestSuite(poll, .timeout = 60);

static int asked_for, asked_count,
    answer_error; /* the time of the last call, its descriptors, and what it fails with */

static int recorded_poll(struct pollfd *polled, nfds_t count, int milliseconds)
{
    (void)polled;
    asked_for = milliseconds;
    asked_count = (int)count;
    errno = answer_error;
    return answer_error ? -1 : 0;
}

static struct subject opened(void)
{
    struct subject s = { .backend = &confab_backend_poll, .io = &confab_posix_io, .allocations_left = -1 };

    return s;
}

Test(poll, the_kernel_is_asked_to_wait_no_longer_than_the_time_rounded_up)
{
    struct subject s = opened();

    cr_assert_eq(subject_open(&s, &s.state), 0);
    for (int i = 0; i < SUBJECT_TIMES; i++) {
        cr_assert_eq(poll_wait(s.state, subject_times[i].ns, s.ready, ROOM), 0);
        cr_assert_eq(asked_for, subject_times[i].milliseconds, "%lld ns: %d ms",
                     (long long)subject_times[i].ns, asked_for);
    }
    poll_close(s.state, false);
}

Test(poll, an_interrupted_wait_is_0_and_what_fails_is_said)
{
    struct subject s = opened();

    cr_assert_eq(subject_open(&s, &s.state), 0);
    answer_error = EINTR;
    cr_assert_eq(poll_wait(s.state, -1, s.ready, ROOM), 0);
    answer_error = ENOMEM;
    cr_assert_eq(poll_wait(s.state, -1, s.ready, ROOM), -ENOMEM);
    poll_close(s.state, false);
}

Test(poll, what_nothing_is_wanted_of_is_not_handed_over)
{
    struct subject s = opened();
    int pair[2];

    test_descriptor_pair(pair);
    cr_assert_eq(subject_open(&s, &s.state), 0);
    poll_wait(s.state, 0, s.ready, ROOM);
    cr_assert_eq(asked_count, 1, "the wake");
    for (int i = 0; i < 2; i++)
        cr_assert_eq(poll_set(s.state, pair[i], 1, 0, BACKEND_READ), 0);
    poll_wait(s.state, 0, s.ready, ROOM);
    cr_assert_eq(asked_count, 3);
    cr_assert_eq(poll_set(s.state, pair[0], 1, BACKEND_READ, 0), 0);
    cr_assert_eq(poll_del(s.state, pair[1], BACKEND_READ), 0);
    poll_wait(s.state, 0, s.ready, ROOM);
    cr_assert_eq(asked_count, 1);
    poll_close(s.state, false);
    close(pair[0]);
    close(pair[1]);
}
