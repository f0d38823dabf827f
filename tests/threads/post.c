/* post.c: what many threads post reaches the loop: all of it, each thread's in its order,
 * while the loop sleeps and while it works; and what comes too late is called without a reactor. */
#include "check.h"
#include <confab/reactor.h>

enum { THREADS = 4, POSTS = 5000, CALLS = 300, LATE = 100 };

struct poster {
    confab_reactor *reactor;
    int posted, seen;
    struct test *test;
};

/* One post: which of its thread's it is. */
struct item {
    struct poster *poster;
    int number;
};

/* A thread that posts, and waits until the loop has run what it posted. */
struct caller {
    confab_reactor *reactor;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    int calls, answers;
    struct test *test;
};

/* Touched by the loop's thread only. */
struct test {
    int running, ticks;
    pthread_t loop;
};

static void arrive(confab_reactor *reactor, void *data)
{
    struct item *item = data;
    struct poster *poster = item->poster;

    check(reactor == poster->reactor, "a post gets the reactor that it was posted to");
    check(pthread_equal(pthread_self(), poster->test->loop), "a post runs in the loop's thread");
    check(item->number == poster->seen, "a thread's posts run in order, none is lost, none runs twice");
    poster->seen++;
    free(item);
}

static void leave(confab_reactor *reactor, void *data)
{
    struct test *test = data;

    if (--test->running == 0)
        confab_reactor_stop(reactor);
}

static void *post_many(void *data)
{
    struct poster *poster = data;

    for (; poster->posted < POSTS; poster->posted++) {
        struct item *item = malloc(sizeof *item);
        check(item != NULL, "there is memory");
        *item = (struct item){ .poster = poster, .number = poster->posted };
        check(confab_reactor_post(poster->reactor, arrive, item) == 0, "a post is taken");
    }
    check(confab_reactor_post(poster->reactor, leave, poster->test) == 0, "a post is taken");
    return NULL;
}

static void answer(confab_reactor *reactor, void *data)
{
    struct caller *caller = data;

    (void)reactor;
    pthread_mutex_lock(&caller->lock);
    caller->answers++;
    pthread_cond_signal(&caller->answered);
    pthread_mutex_unlock(&caller->lock);
}

/* Nothing else need go on then: a wake-up that is lost leaves the loop and in the end each caller asleep for ever. */
static void *call_and_wait(void *data)
{
    struct caller *caller = data;

    while (caller->calls < CALLS) {
        check(confab_reactor_post(caller->reactor, answer, caller) == 0, "a post is taken");
        caller->calls++;
        pthread_mutex_lock(&caller->lock);
        while (caller->answers < caller->calls)
            pthread_cond_wait(&caller->answered, &caller->lock);
        pthread_mutex_unlock(&caller->lock);
    }
    check(confab_reactor_post(caller->reactor, leave, caller->test) == 0, "a post is taken");
    return NULL;
}

/* Between two calls it sleeps for ever. */
static void while_it_sleeps(confab_reactor *reactor, struct test *test, int callers)
{
    struct caller caller[THREADS];
    pthread_t thread[THREADS];

    test->running = callers;
    for (int i = 0; i < callers; i++) {
        caller[i] = (struct caller){ .reactor = reactor, .test = test };
        pthread_mutex_init(&caller[i].lock, NULL);
        pthread_cond_init(&caller[i].answered, NULL);
        thread[i] = thread_start(call_and_wait, &caller[i]);
    }
    check(confab_reactor_run(reactor) == 0, "run ends");
    for (int i = 0; i < callers; i++) {
        thread_join(thread[i]);
        check(caller[i].answers == CALLS, "each call was answered once");
    }
}

static void tick(confab_reactor *reactor, void *data)
{
    struct test *test = data;

    (void)reactor;
    test->ticks++;
}

static void count_late(confab_reactor *reactor, void *data)
{
    check(reactor == NULL, "what was posted after the last turn is called without a reactor");
    ++*(int *)data;
}

int main(void)
{
    struct test test = { .loop = pthread_self() };
    struct poster poster[THREADS] = { 0 };
    pthread_t thread[THREADS];
    confab_reactor *reactor;
    int late = 0;

    check(confab_reactor_new(&reactor, NULL) == 0, "a reactor");
    confab_reactor_hold(reactor, 1);

    while_it_sleeps(reactor, &test, 1);
    while_it_sleeps(reactor, &test, THREADS);

    /* While it works. */
    test.running = THREADS;
    confab_id ticking = confab_call_every(reactor, CONFAB_MILLISECOND, tick, &test);
    for (int i = 0; i < THREADS; i++) {
        poster[i] = (struct poster){ .reactor = reactor, .test = &test };
        thread[i] = thread_start(post_many, &poster[i]);
    }
    check(confab_reactor_run(reactor) == 0, "run ends");
    for (int i = 0; i < THREADS; i++) {
        thread_join(thread[i]);
        check(poster[i].seen == POSTS, "all that a thread posted has run");
    }
    check(confab_call_cancel(reactor, ticking) == 0, "the timer ran until the end");

    for (int i = 0; i < LATE; i++)
        check(confab_reactor_post(reactor, count_late, &late) == 0, "a post is taken");
    check(confab_reactor_free(reactor) == 0, "the reactor is freed");
    check(late == LATE, "each late post was called");
    return 0;
}
