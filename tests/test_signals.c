/* test_signals.c: signals arrive in the loop, belong to one reactor, and are
 * given back as they were. */
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

struct seen {
    int calls;
    confab_reactor *reactor;
    bool in_loop;
};

static bool looping;

static void note(confab_reactor *reactor, void *data)
{
    struct seen *seen = data;

    seen->calls++;
    seen->reactor = reactor;
    seen->in_loop = looping;
}

static void turn(confab_reactor *reactor)
{
    looping = true;
    run_quiet(reactor);
    looping = false;
}

Test(signals, is_called_on_the_loop)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    raise(SIGUSR1);
    cr_assert_eq(seen.calls, 0, "called in the signal handler");
    turn(reactor);
    cr_assert_eq(seen.calls, 1);
    cr_assert_eq(seen.reactor, reactor);
    cr_assert(seen.in_loop);
    test_reactor_free(reactor);
}

Test(signals, that_come_close_together_are_one_call)
{
    confab_reactor *reactor = test_reactor();
    struct seen one = { 0 }, two = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &one), 0);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR2, note, &two), 0);
    for (int i = 0; i < 5; i++)
        raise(SIGUSR1);
    raise(SIGUSR2);
    turn(reactor);
    cr_assert_eq(one.calls, 1);
    cr_assert_eq(two.calls, 1);
    raise(SIGUSR1);
    turn(reactor);
    cr_assert_eq(one.calls, 2);
    test_reactor_free(reactor);
}

static void note_and_stop(confab_reactor *reactor, void *data)
{
    note(reactor, data);
    confab_reactor_stop(reactor);
}

Test(signals, one_wakes_a_loop_that_sleeps)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    struct itimerval soon = { .it_value.tv_usec = 20000 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGALRM, note_and_stop, &seen), 0);
    confab_reactor_hold(reactor, 1);
    cr_assert_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(seen.calls, 1);
    test_reactor_free(reactor);
}

static void *raise_later(void *signo)
{
    usleep(20000);
    kill(getpid(), *(int *)signo);
    return NULL;
}

Test(signals, one_that_another_thread_takes_wakes_the_loop_too)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int signo = SIGUSR1;
    sigset_t set;
    pthread_t thread;

    cr_assert_eq(confab_reactor_signal(reactor, signo, note_and_stop, &seen), 0);
    cr_assert_eq(pthread_create(&thread, NULL, raise_later, &signo), 0);
    sigemptyset(&set);
    sigaddset(&set, signo);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    confab_reactor_hold(reactor, 1);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(seen.calls, 1);
    pthread_join(thread, NULL);
    test_reactor_free(reactor);
}

static int before;

static void handler_before(int signo)
{
    (void)signo;
    before++;
}

static void set_handler_before(int signo)
{
    struct sigaction action = { .sa_handler = handler_before };

    cr_assert_eq(sigaction(signo, &action, NULL), 0);
}

Test(signals, given_back_does_what_it_did_before)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    set_handler_before(SIGUSR1);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    raise(SIGUSR1);
    cr_assert_eq(before, 0);
    turn(reactor);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, NULL, NULL), 0);
    raise(SIGUSR1);
    turn(reactor);
    cr_assert_eq(before, 1);
    cr_assert_eq(seen.calls, 1);
    test_reactor_free(reactor);
}

Test(signals, are_given_back_when_the_reactor_is_freed)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    set_handler_before(SIGUSR1);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    test_reactor_free(reactor);
    raise(SIGUSR1);
    cr_assert_eq(before, 1);
    cr_assert_eq(seen.calls, 0);
}

Test(signals, one_that_came_before_it_was_given_back_is_not_called)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    raise(SIGUSR1);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, NULL, NULL), 0);
    turn(reactor);
    cr_assert_eq(seen.calls, 0);
    test_reactor_free(reactor);
}

Test(signals, one_belongs_to_one_reactor)
{
    confab_reactor *one = test_reactor(), *two = test_reactor();
    struct seen seen = { 0 }, other = { 0 };

    cr_assert_eq(confab_reactor_signal(one, SIGUSR1, note, &seen), 0);
    cr_assert_eq(confab_reactor_signal(two, SIGUSR1, note, &other), -EBUSY);
    cr_assert_eq(confab_reactor_signal(two, SIGUSR1, NULL, NULL), -EBUSY);
    cr_assert_eq(confab_reactor_signal(two, SIGUSR2, note, &other), 0);
    raise(SIGUSR1);
    turn(two);
    turn(one);
    cr_assert_eq(seen.calls, 1);
    cr_assert_eq(other.calls, 0);
    cr_assert_eq(confab_reactor_signal(one, SIGUSR1, NULL, NULL), 0);
    cr_assert_eq(confab_reactor_signal(two, SIGUSR1, note, &other), 0);
    raise(SIGUSR1);
    turn(two);
    cr_assert_eq(other.calls, 1);
    test_reactor_free(one);
    test_reactor_free(two);
}

Test(signals, registering_again_changes_what_is_called)
{
    confab_reactor *reactor = test_reactor();
    struct seen first = { 0 }, second = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &first), 0);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &second), 0);
    raise(SIGUSR1);
    turn(reactor);
    cr_assert_eq(first.calls, 0);
    cr_assert_eq(second.calls, 1);
    test_reactor_free(reactor);
}

Test(signals, what_sigaction_refuses_is_EINVAL)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGKILL, note, &seen), -EINVAL);
    cr_assert_eq(confab_reactor_signal(reactor, 0, note, &seen), -EINVAL);
    cr_assert_eq(confab_reactor_signal(reactor, -1, note, &seen), -EINVAL);
    cr_assert_eq(confab_reactor_signal(reactor, 10000, note, &seen), -EINVAL);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    test_reactor_free(reactor);
}

Test(signals, a_registration_does_not_keep_run_going)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, note, &seen), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}

static void give_back(confab_reactor *reactor, void *data)
{
    note(reactor, data);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, NULL, NULL), 0);
}

Test(signals, one_may_be_given_back_in_its_own_call)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    set_handler_before(SIGUSR1);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, give_back, &seen), 0);
    raise(SIGUSR1);
    turn(reactor);
    raise(SIGUSR1);
    cr_assert_eq(seen.calls, 1);
    cr_assert_eq(before, 1);
    test_reactor_free(reactor);
}
