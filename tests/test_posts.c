/* test_posts.c: calls that are posted to the loop, each with exactly one outcome. */
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static int calls, cancelled;

static void count(confab_reactor *reactor, void *data)
{
    (void)data;
    if (reactor)
        calls++;
    else
        cancelled++;
}

static char order[16];

static void note(confab_reactor *reactor, void *data)
{
    (void)reactor;
    strncat(order, data, 1);
}

Test(posts, run_in_the_order_they_were_made)
{
    confab_reactor *reactor = test_reactor();

    for (const char *c = "abcdefg"; *c; c++)
        confab_reactor_post(reactor, note, (void *)(uintptr_t)c);
    cr_assert_str_eq(order, "", "called inside the call");
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 7);
    cr_assert_str_eq(order, "abcdefg");
    test_reactor_free(reactor);
}

static void post_again(confab_reactor *reactor, void *data)
{
    calls++;
    if (reactor)
        confab_reactor_post(reactor, post_again, data);
}

Test(posts, one_made_by_a_post_runs_in_the_next_turn)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_post(reactor, post_again, NULL);
    for (int i = 1; i <= 5; i++) {
        cr_assert_eq(confab_reactor_run_once(reactor, -1), 1);
        cr_assert_eq(calls, i);
    }
    test_reactor_free(reactor);
}

enum { THREADS = 4, POSTS = 500 };

static void *post_many(void *reactor)
{
    for (int i = 0; i < POSTS; i++)
        confab_reactor_post(reactor, count, NULL);
    return NULL;
}

static bool all_called(void *data)
{
    (void)data;
    return calls == THREADS * POSTS;
}

Test(posts, those_of_many_threads_all_run)
{
    confab_reactor *reactor = test_reactor();
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, post_many, reactor), 0);
    run_until(reactor, all_called, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(confab_reactor_run_once(reactor, 0), 0);
    test_reactor_free(reactor);
}

Test(posts, one_that_never_ran_is_called_without_a_reactor)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_post(reactor, count, NULL);
    confab_reactor_post(reactor, count, NULL);
    test_reactor_free(reactor);
    cr_assert_eq(calls, 0);
    cr_assert_eq(cancelled, 2);
}

Test(posts, one_keeps_run_going_until_it_ran)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_post(reactor, count, NULL);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(calls, 1);
    test_reactor_free(reactor);
}

/* Posts to the reactor that it was posted to, which a call with none can still name. */
static int refused;

static void post_at_the_end(confab_reactor *reactor, void *data)
{
    cr_assert_null(reactor);
    cancelled++;
    refused = confab_reactor_post(data, count, NULL);
}

Test(posts, one_made_while_the_reactor_is_freed_by_one_that_never_ran_is_refused)
{
    confab_reactor *reactor = test_reactor();

    confab_reactor_post(reactor, post_at_the_end, reactor);
    test_reactor_free(reactor);
    cr_assert_eq(refused, -ESHUTDOWN);
    cr_assert_eq(cancelled, 1);
    cr_assert_eq(calls, 0);
}
