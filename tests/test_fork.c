/* test_fork.c: after a fork the child has a backend of its own, and neither
 * disturbs the other. */
#include "core/reactor.h"
#include "support.h"
#include "work_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child must not assert, it has no runner to tell: its exit status says where it failed. */
enum {
    GOOD = 0,
    NO_BACKEND,
    NO_ECHO,
    NO_ACCEPT,
    NO_TIMER,
    NO_SIGNAL,
    NO_CANCEL,
    NO_RESULT,
    NO_WORK,
    CHILD_SECONDS = 10
};

static int send_back(confab_chat *chat, const char *data, size_t len)
{
    return confab_chat_push(chat, data, len);
}

static const struct confab_chat_ops echo = { .size = sizeof echo, .collect_incoming_data = send_back };

static confab_chat *echo_on(confab_reactor *reactor, int fd)
{
    confab_chat *chat = confab_chat_new(reactor, fd, &echo, NULL);

    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

/* Whether what is sent comes back; as often as asked. */
static bool echoes(confab_reactor *reactor, int peer, int times)
{
    for (int i = 0; i < times; i++) {
        char got[8] = "";

        if (send(peer, "hello", 5, MSG_NOSIGNAL) != 5)
            return false;
        for (int turns = 0; turns < 100 && !got[0]; turns++) {
            if (confab_reactor_run_once(reactor, 10 * CONFAB_MILLISECOND) < 0)
                return false;
            if (recv(peer, got, sizeof got, MSG_DONTWAIT) > 0 && memcmp(got, "hello", 5) != 0)
                return false;
        }
        if (!got[0])
            return false;
    }
    return true;
}

static void cr_child(pid_t child, int status)
{
    int got = 0;

    cr_assert_eq(waitpid(child, &got, 0), child);
    cr_assert(WIFEXITED(got), "the child was killed by signal %d", WTERMSIG(got));
    cr_assert_eq(WEXITSTATUS(got), status, "the child failed at %d", WEXITSTATUS(got));
}

static pid_t fork_child(void)
{
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0)
        alarm(CHILD_SECONDS);
    return child;
}

Test(fork, the_child_serves_what_it_opens_itself)
{
    confab_reactor *reactor = test_reactor();
    int mine[2], its[2];
    pid_t child;

    test_pair(mine);
    test_pair(its);
    echo_on(reactor, mine[0]);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        confab_reactor_close_all(reactor);
        confab_chat_new(reactor, its[0], &echo, NULL);
        _exit(echoes(reactor, its[1], 100) ? GOOD : NO_ECHO);
    }
    cr_assert(echoes(reactor, mine[1], 100), "the parent does not serve any more");
    cr_child(child, GOOD);
    cr_assert(echoes(reactor, mine[1], 100), "the child took the parent's registration away");
    test_reactor_free(reactor);
}

Test(fork, a_child_that_frees_its_reactor_leaves_the_parent_alone)
{
    confab_reactor *reactor = test_reactor();
    int mine[2];
    pid_t child;

    test_pair(mine);
    echo_on(reactor, mine[0]);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(confab_reactor_free(reactor) ? NO_ECHO : GOOD);
    }
    cr_child(child, GOOD);
    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0, "the child's end was told to the parent");
    cr_assert(echoes(reactor, mine[1], 10));
    test_reactor_free(reactor);
}

Test(fork, the_child_serves_what_was_open_before)
{
    confab_reactor *reactor = test_reactor();
    int mine[2], its[2];
    confab_chat *left;
    pid_t child;

    test_pair(mine);
    test_pair(its);
    echo_on(reactor, mine[0]);
    left = echo_on(reactor, its[0]);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(echoes(reactor, its[1], 100) ? GOOD : NO_ECHO);
    }
    confab_chat_close(left);
    cr_assert(echoes(reactor, mine[1], 100));
    cr_child(child, GOOD);
    test_reactor_free(reactor);
}

Test(fork, both_accept_from_a_listener_that_they_share)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener;
    pid_t child;
    int peer;

    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", &echo, NULL), 0);
    run_quiet(reactor);
    peer = test_connect(confab_listener_address(listener));
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(echoes(reactor, peer, 10) ? GOOD : NO_ACCEPT);
    }
    cr_child(child, GOOD);
    peer = test_connect(confab_listener_address(listener));
    cr_assert(echoes(reactor, peer, 10));
    test_reactor_free(reactor);
}

static int fired, called, cancelled;

static void fire(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    fired++;
}

static void call(confab_reactor *reactor, void *data)
{
    (void)data;
    if (reactor)
        called++;
    else
        cancelled++;
}

Test(fork, timers_fire_in_both)
{
    confab_reactor *reactor = test_reactor();
    pid_t child;

    confab_call_later(reactor, CONFAB_MILLISECOND, fire, NULL);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(confab_reactor_run(reactor) == 0 && fired == 1 ? GOOD : NO_TIMER);
    }
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(fired, 1);
    cr_child(child, GOOD);
    test_reactor_free(reactor);
}

Test(fork, posts_run_in_the_parent_and_are_cancelled_in_the_child)
{
    confab_reactor *reactor = test_reactor();
    pid_t child;

    cr_assert_eq(confab_reactor_post(reactor, call, NULL), 0);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor) || cancelled != 1)
            _exit(NO_CANCEL);
        confab_reactor_post(reactor, call, NULL);
        confab_reactor_run_once(reactor, CONFAB_SECOND);
        _exit(called == 1 && cancelled == 1 ? GOOD : NO_CANCEL);
    }
    cr_child(child, GOOD);
    run_quiet(reactor);
    cr_assert_eq(called, 1);
    cr_assert_eq(cancelled, 0);
    test_reactor_free(reactor);
}

/* ThreadSanitizer does not let a child of several threads start one. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { THREADS_AFTER_FORK = 0 };
#else
enum { THREADS_AFTER_FORK = 1 };
#endif

static bool cancelled_with(const struct errand *errand, confab_chat *owner)
{
    return errand->told == 1 && errand->got == -ECANCELED && errand->owner == owner;
}

Test(fork, work_goes_on_in_the_parent_and_is_cancelled_in_the_child)
{
    struct confab_reactor_options options = { .size = sizeof options, .work_threads = 2 };
    struct gate gate = GATE;
    struct errand finished = { .result = 7 }, running[2] = { { .gate = &gate }, { .gate = &gate } };
    struct errand queued = { 0 }, held = { 0 };
    confab_reactor *reactor;
    int pair[2];
    pid_t child;

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    test_pair(pair);
    confab_chat *chat = echo_on(reactor, pair[0]);
    cr_assert_eq(errand_start(reactor, NULL, &finished), 0);
    cr_assert_eq(errand_start(reactor, NULL, &running[0]), 0);
    cr_assert_eq(errand_start(reactor, chat, &running[1]), 0);
    cr_assert_eq(errand_start(reactor, NULL, &queued), 0);
    cr_assert_eq(errand_start(reactor, chat, &held), 0);
    gate_wait(&gate, 2);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        confab_reactor_run_once(reactor, -1);
        if (finished.told != 1 || finished.got != 7)
            _exit(NO_RESULT);
        if (!cancelled_with(&running[0], NULL) || !cancelled_with(&running[1], chat) ||
            !cancelled_with(&queued, NULL) || !cancelled_with(&held, chat))
            _exit(NO_CANCEL);
        _exit(echoes(reactor, pair[1], 10) ? GOOD : NO_ECHO);
    }
    cr_child(child, GOOD);
    gate_open(&gate);
    run_until_set(reactor, &queued.told);
    run_until_set(reactor, &held.told);
    cr_assert_eq(finished.got, 7);
    cr_assert_eq(running[0].runs + running[1].runs + queued.runs + held.runs, 4);
    cr_assert_eq(held.owner, chat);
    cr_assert(echoes(reactor, pair[1], 10));
    test_reactor_free(reactor);
}

Test(fork, the_child_works_with_threads_of_its_own)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate }, again = { .result = 7 };
    pid_t child;

    if (!THREADS_AFTER_FORK)
        cr_skip("the sanitizer has no threads in a child of several threads");
    cr_assert_eq(errand_start(reactor, NULL, &errand), 0);
    gate_wait(&gate, 1);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        if (errand_start(reactor, NULL, &again) || confab_reactor_run(reactor) || again.told != 1 ||
            again.got != 7)
            _exit(NO_WORK);
        _exit(confab_reactor_free(reactor) ? NO_WORK : GOOD);
    }
    cr_child(child, GOOD);
    gate_open(&gate);
    run_until_set(reactor, &errand.told);
    test_reactor_free(reactor);
}

Test(fork, a_child_that_frees_its_reactor_does_not_wait_for_the_parents_work)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };
    pid_t child;

    cr_assert_eq(errand_start(reactor, NULL, &errand), 0);
    gate_wait(&gate, 1);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(confab_reactor_free(reactor) == 0 && cancelled_with(&errand, NULL) ? GOOD : NO_CANCEL);
    }
    cr_child(child, GOOD);
    gate_open(&gate);
    run_until_set(reactor, &errand.told);
    cr_assert_eq(errand.got, 0);
    test_reactor_free(reactor);
}

Test(fork, a_signal_reaches_the_one_it_was_sent_to)
{
    confab_reactor *reactor = test_reactor();
    pid_t child;

    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, fire, NULL), 0);
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        raise(SIGUSR1);
        for (int i = 0; i < 10; i++)
            confab_reactor_run_once(reactor, 0);
        _exit(fired == 1 ? GOOD : NO_SIGNAL);
    }
    cr_child(child, GOOD);
    run_quiet(reactor);
    cr_assert_eq(fired, 0, "the child's signal was told to the parent");
    raise(SIGUSR1);
    run_quiet(reactor);
    cr_assert_eq(fired, 1);
    test_reactor_free(reactor);
}

/* A wake in which the thread that was sent a signal stays until it is let go. */
static struct {
    const struct confab_backend *backend;
    pthread_t thread;
    atomic_bool begun, inside, let_go;
} held;

static int wake_and_stay(void *state)
{
    if (atomic_load(&held.begun) && pthread_equal(pthread_self(), held.thread)) {
        atomic_store(&held.inside, true);
        while (!atomic_load(&held.let_go))
            sched_yield();
    }
    return held.backend->wake(state);
}

static void *take_a_signal(void *data)
{
    (void)data;
    held.thread = pthread_self();
    atomic_store(&held.begun, true);
    pthread_kill(pthread_self(), SIGUSR1);
    return NULL;
}

Test(fork, the_child_does_not_wait_for_a_handler_that_another_thread_was_in)
{
    confab_reactor *reactor = test_reactor();
    struct confab_backend staying = *reactor->backend;
    pthread_t thread;
    pid_t child;

    held.backend = reactor->backend;
    staying.wake = wake_and_stay;
    reactor->backend = &staying;
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR1, fire, NULL), 0);
    cr_assert_eq(confab_reactor_signal(reactor, SIGUSR2, fire, NULL), 0);
    cr_assert_eq(pthread_create(&thread, NULL, take_a_signal, NULL), 0);
    while (!atomic_load(&held.inside))
        sched_yield();
    child = fork_child();
    if (child == 0) {
        if (confab_reactor_after_fork(reactor))
            _exit(NO_BACKEND);
        _exit(confab_reactor_free(reactor) ? NO_SIGNAL : GOOD);
    }
    atomic_store(&held.let_go, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_child(child, GOOD);
    run_quiet(reactor);
    cr_assert_eq(fired, 1);
    test_reactor_free(reactor);
}
