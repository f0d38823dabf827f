/* test_reactor.c: making, running, stopping and freeing the loop. */
#include "support.h"
#include <confab/chat.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int calls;

static void count(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    calls++;
}

/* A chat that sends back what arrives. */
static int send_back(confab_chat *chat, const char *data, size_t len)
{
    return confab_chat_push(chat, data, len);
}

static void note_close(confab_chat *chat, enum confab_reason reason)
{
    int *closed = confab_chat_data(chat);

    (void)reason;
    if (closed)
        ++*closed;
}

static const struct confab_chat_ops echo = { .size = sizeof echo,
                                             .collect_incoming_data = send_back,
                                             .handle_close = note_close };

static confab_chat *echo_on(confab_reactor *reactor, int fd, int *closed)
{
    struct confab_chat_options options = { .size = sizeof options, .data = closed };
    confab_chat *chat = confab_chat_new(reactor, fd, &echo, &options);

    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

Test(reactor, run_ends_when_nothing_is_left)
{
    confab_reactor *reactor = test_reactor();

    cr_assert_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}

Test(reactor, run_goes_on_while_a_chat_lives)
{
    confab_reactor *reactor = test_reactor();
    int pair[2], closed = 0;

    test_pair(pair);
    echo_on(reactor, pair[0], &closed);
    close(pair[1]);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(closed, 1);
    test_reactor_free(reactor);
}

static void let_go(confab_reactor *reactor, void *data)
{
    (void)data;
    calls++;
    confab_reactor_hold(reactor, -1);
}

static void *post_later(void *reactor)
{
    usleep(20000);
    confab_reactor_post(reactor, let_go, NULL);
    return NULL;
}

Test(reactor, a_hold_keeps_run_going)
{
    confab_reactor *reactor = test_reactor();
    pthread_t thread;

    confab_reactor_hold(reactor, 1);
    cr_assert_eq(pthread_create(&thread, NULL, post_later, reactor), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(calls, 1);
    pthread_join(thread, NULL);
    test_reactor_free(reactor);
}

static void run_inside(confab_reactor *reactor, void *data)
{
    (void)data;
    calls++;
    cr_assert_eq(confab_reactor_run(reactor), -EBUSY);
    cr_assert_eq(confab_reactor_run_once(reactor, 0), -EBUSY);
    cr_assert_eq(confab_reactor_free(reactor), -EBUSY);
}

Test(reactor, run_and_free_inside_run_are_EBUSY)
{
    confab_reactor *reactor = test_reactor();

    cr_assert_eq(confab_reactor_post(reactor, run_inside, NULL), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(calls, 1);
    test_reactor_free(reactor);
}

Test(reactor, run_once_counts_what_it_handled)
{
    confab_reactor *reactor = test_reactor();

    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0);
    confab_reactor_post(reactor, count, NULL);
    confab_reactor_post(reactor, count, NULL);
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 2);
    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0);
    test_reactor_free(reactor);
}

Test(reactor, run_once_sleeps_no_longer_than_it_is_told)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_hold(reactor, 1);
    cr_assert_eq(confab_reactor_run_once(reactor, CONFAB_MILLISECOND), 0);
    confab_reactor_hold(reactor, -1);
    test_reactor_free(reactor);
}

static void stop_inside(confab_reactor *reactor, void *data)
{
    (void)data;
    calls++;
    confab_reactor_stop(reactor);
    cr_assert_eq(confab_reactor_post(reactor, count, NULL), 0);
}

Test(reactor, stop_ends_run_after_the_turn)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_hold(reactor, 1);
    confab_reactor_post(reactor, stop_inside, NULL);
    confab_reactor_post(reactor, count, NULL);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(calls, 2, "the rest of the turn did not run, or the next turn did");
    confab_reactor_hold(reactor, -1);
    test_reactor_free(reactor);
}

Test(reactor, stop_before_run_ends_that_run_only)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_hold(reactor, 1);
    confab_reactor_stop(reactor);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    confab_reactor_post(reactor, let_go, NULL);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(calls, 1);
    test_reactor_free(reactor);
}

static void *stop_from_thread(void *reactor)
{
    usleep(20000);
    confab_reactor_stop(reactor);
    return NULL;
}

Test(reactor, stop_from_another_thread_wakes_it)
{
    confab_reactor *reactor = test_reactor();
    pthread_t thread;

    confab_reactor_hold(reactor, 1);
    cr_assert_eq(pthread_create(&thread, NULL, stop_from_thread, reactor), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    pthread_join(thread, NULL);
    test_reactor_free(reactor);
}

static confab_reactor *to_be_stopped;

static void stop_on_signal(int signo)
{
    (void)signo;
    confab_reactor_stop(to_be_stopped);
}

Test(reactor, stop_from_a_signal_handler_wakes_it)
{
    confab_reactor *reactor = test_reactor();
    struct sigaction action = { .sa_handler = stop_on_signal };
    struct itimerval soon = { .it_value.tv_usec = 20000 };

    to_be_stopped = reactor;
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    confab_reactor_hold(reactor, 1);
    cr_assert_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}

Test(reactor, free_closes_all_and_leaves_no_descriptor)
{
    int pair[2], closed = 0, before = test_open_fds();
    confab_reactor *reactor = test_reactor();
    confab_listener *listener;

    test_pair(pair);
    echo_on(reactor, pair[0], &closed);
    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", &echo, NULL), 0);
    test_reactor_free(reactor);
    close(pair[1]);
    cr_assert_eq(closed, 1);
    cr_assert_eq(test_open_fds(), before);
    cr_assert_eq(confab_reactor_free(NULL), 0);
}

static void drop_log(void *data, const struct confab_log_line *line)
{
    (void)line;
    ++*(int *)data;
}

/* Where a copy of the descriptor lives on, the kernel would go on telling of it. */
Test(reactor, a_channel_that_ends_is_deleted_before_its_descriptor_is_closed)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    int pair[2], closed = 0, lines = 0, copy;

    confab_log_set(drop_log, &lines, CONFAB_WARNING);
    test_pair(pair);
    confab_chat *chat = echo_on(reactor, pair[0], &closed);
    copy = dup(pair[0]);
    confab_chat_close(chat);
    run_quiet(reactor);
    cr_assert_eq(closed, 1);
    test_send(pair[1], "x", 1);
    run_quiet(reactor);
    cr_assert_eq(lines, 0, "the backend still has it");
    close(copy);
    test_reactor_free(reactor);
}

Test(reactor, an_unknown_backend_is_ENOENT)
{
    struct confab_reactor_options options = { .size = sizeof options, .backend = "no such" };

    cr_assert_eq(confab_reactor_new(&(confab_reactor *){ NULL }, &options), -ENOENT);
    setenv("CONFAB_BACKEND", "neither this", 1);
    cr_assert_eq(confab_reactor_new(&(confab_reactor *){ NULL }, NULL), -ENOENT);
}

Test(reactor, the_backend_is_the_option_else_the_environment_else_the_first)
{
    struct confab_reactor_options poll = { .size = sizeof poll, .backend = "poll" };
    confab_reactor *reactor;

    unsetenv("CONFAB_BACKEND");
    reactor = test_reactor();
    cr_assert_str_eq(confab_reactor_backend(reactor), confab_backend_name(0));
    test_reactor_free(reactor);
    for (size_t i = 0; confab_backend_name(i); i++) {
        setenv("CONFAB_BACKEND", confab_backend_name(i), 1);
        reactor = test_reactor();
        cr_assert_str_eq(confab_reactor_backend(reactor), confab_backend_name(i));
        test_reactor_free(reactor);
        cr_assert_eq(confab_reactor_new(&reactor, &poll), 0);
        cr_assert_str_eq(confab_reactor_backend(reactor), "poll");
        test_reactor_free(reactor);
    }
}

Test(reactor, options_that_cannot_be_are_refused)
{
    struct confab_reactor_options no_size = { .backend = "poll" };
    struct confab_reactor_options newer = { .size = sizeof newer + 8 };
    struct confab_reactor_options threads = { .size = sizeof threads, .work_threads = 1025 };
    confab_reactor *reactor;

    cr_assert_eq(confab_reactor_new(&reactor, &no_size), -EINVAL);
    cr_assert_eq(confab_reactor_new(&reactor, &newer), -EINVAL);
    cr_assert_eq(confab_reactor_new(&reactor, &threads), -EINVAL);
}

Test(reactor, a_small_read_buffer_delivers_the_same_bytes)
{
    struct confab_reactor_options options = { .size = sizeof options, .read_buffer = 7 };
    char *bytes = test_pattern(10000);
    confab_reactor *reactor;
    int pair[2];

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    test_pair(pair);
    echo_on(reactor, pair[0], NULL);
    test_send(pair[1], bytes, 10000);
    test_expect_bytes(reactor, pair[1], bytes, 10000);
    test_reactor_free(reactor);
    free(bytes);
}
