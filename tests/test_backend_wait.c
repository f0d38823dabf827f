/* The contract of backend.h, kept by every backend of this build: how long a
 * wait lasts, what ends it, and what a fork does to it. */
#include "backend_support.h"
#include "backends/posix.h"
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits without anything being ready; returns how long that took. */
static int64_t time_of_wait(struct subject *s, int64_t timeout)
{
    int64_t start = subject_now();

    expect(s, subject_wait(s, timeout) == 0);
    return subject_now() - start;
}

BACKEND_TEST(backend_wait, a_time_out_is_never_early)
{
    const int64_t times[] = { 1, 999999, CONFAB_MILLISECOND, CONFAB_MILLISECOND + 1, 7700001 };

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        expect(s, time_of_wait(s, times[i]) >= times[i]);
}

Test(backend_wait, milliseconds_are_rounded_up_and_stay_within_an_int)
{
    cr_assert_eq(posix_milliseconds(-1), -1);
    cr_assert_eq(posix_milliseconds(INT64_MIN), -1);
    cr_assert_eq(posix_milliseconds(0), 0);
    cr_assert_eq(posix_milliseconds(1), 1);
    cr_assert_eq(posix_milliseconds(1000000), 1);
    cr_assert_eq(posix_milliseconds(1000001), 2);
    cr_assert_eq(posix_milliseconds((int64_t)INT_MAX * 1000000), INT_MAX);
    cr_assert_eq(posix_milliseconds((int64_t)INT_MAX * 1000000 + 1), INT_MAX);
    cr_assert_eq(posix_milliseconds(INT64_MAX), INT_MAX);
}

/* -- Signals ------------------------------------------------------------------ */

static struct subject *signalled; /* what the handler wakes; NULL: nothing */
static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
    (void)signo;
    alarms++;
    if (signalled)
        signalled->backend->wake(signalled->state);
}

/* SIGALRM after 20 ms and then every 20 ms, so that one comes within any wait. */
static void start_alarms(struct subject *woken)
{
    const struct sigaction action = { .sa_handler = on_alarm };
    const struct itimerval often = { .it_interval.tv_usec = 20000, .it_value.tv_usec = 20000 };

    signalled = woken;
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void stop_alarms(void)
{
    const struct itimerval never = { .it_value.tv_usec = 0 };

    cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}

BACKEND_TEST(backend_wait, an_interrupted_wait_is_0)
{
    start_alarms(NULL);
    expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
    expect(s, time_of_wait(s, -1) < PATIENCE);
    int before = alarms;
    expect(s, time_of_wait(s, INT64_MAX) < PATIENCE);
    expect(s, alarms > before); /* that is what has ended it */
    stop_alarms();
}

BACKEND_TEST(backend_wait, a_signal_handler_can_wake_the_next_wait)
{
    const struct sigaction action = { .sa_handler = on_alarm };

    signalled = s;
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    raise(SIGUSR1);
    expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
}

/* -- Wakes -------------------------------------------------------------------- */

BACKEND_TEST(backend_wait, a_wake_ends_the_next_wait_and_no_other)
{
    for (int i = 0; i < 3; i++) {
        for (int times = 0; times < 100; times++)
            expect(s, s->backend->wake(s->state) == 0);
        expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
        expect(s, time_of_wait(s, 5 * CONFAB_MILLISECOND) >= 5 * CONFAB_MILLISECOND);
    }
}

BACKEND_TEST(backend_wait, a_wake_hides_nothing_that_is_ready)
{
    int pair[2];

    test_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    test_send(pair[1], "x", 1);
    expect(s, s->backend->wake(s->state) == 0);
    expect(s, subject_wait(s, 0) == 1 && subject_entry(s, pair[0]));
    expect(s, subject_wait(s, 0) == 1 && subject_entry(s, pair[0]));
}

Test(backend_wait, many_wakes_cost_one_write)
{
    struct wake wake;
    uint64_t words[16];

    cr_assert_eq(wake_open(&wake), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            cr_assert_eq(wake_send(&wake), 0);
        cr_assert_eq(read(wake.read_fd, words, sizeof words), sizeof words[0]);
        cr_assert_eq(words[0], 1);
        wake_drain(&wake); /* does not block with nothing there */
    }
    wake_close(&wake);
}

Test(backend_wait, a_wake_keeps_errno_and_says_what_went_wrong)
{
    struct wake wake;

    cr_assert_eq(wake_open(&wake), 0);
    wake_close(&wake);
    for (int i = 0; i < 2; i++) {
        errno = ENOTTY;
        cr_assert_eq(wake_send(&wake), -EBADF);
        cr_assert_eq(errno, ENOTTY);
    }
}

enum { ROUNDS = 2000, WAKES = 200000 };

struct waker {
    struct subject *s;
    atomic_int round; /* the wait that is to be woken */
    atomic_int news;  /* what a wake is about */
};

static void *wake_each_round(void *data)
{
    struct waker *waker = data;

    for (int i = 1; i <= ROUNDS; i++) {
        while (atomic_load(&waker->round) < i)
            sched_yield();
        if (i % 8 == 0)
            usleep(100); /* so that some come when the other sleeps; right whenever they come */
        waker->s->backend->wake(waker->s->state);
    }
    return NULL;
}

BACKEND_TEST(backend_wait, another_thread_can_wake_before_and_during_a_wait)
{
    struct waker waker = { .s = s };
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, wake_each_round, &waker), 0);
    for (int i = 1; i <= ROUNDS; i++) {
        atomic_store(&waker.round, i);
        expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

static void *wake_all_the_time(void *data)
{
    struct waker *waker = data;

    for (int i = 1; i <= WAKES; i++) {
        atomic_store_explicit(&waker->news, i, memory_order_relaxed);
        waker->s->backend->wake(waker->s->state);
    }
    return NULL;
}

/* Relaxed on both sides: it is wake and wait that hand the news over. */
BACKEND_TEST(backend_wait, no_wake_is_lost_among_many)
{
    struct waker waker = { .s = s };
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, wake_all_the_time, &waker), 0);
    while (atomic_load_explicit(&waker.news, memory_order_relaxed) < WAKES)
        expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

/* -- Forks -------------------------------------------------------------------- */

static void close_in_child(struct subject *s)
{
    int status;
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        s->backend->close(s->state, true);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

BACKEND_TEST(backend_wait, closing_a_forked_state_leaves_the_parent_alone)
{
    int pair[2];

    test_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    close_in_child(s);
    expect(s, s->backend->wake(s->state) == 0);
    expect(s, time_of_wait(s, PATIENCE) < PATIENCE);
    test_send(pair[1], "x", 1);
    expect(s, subject_wait(s, PATIENCE) == 1 && subject_entry(s, pair[0]));
}
