/* stop.c: confab_reactor_stop from other threads ends a loop that sleeps, that works, and one that is not yet
 * running; and it is done with the reactor when that is freed. */
#include "check.h"
#include <confab/reactor.h>
#include <stdatomic.h>

enum { ROUNDS = 300, STOPPERS = 3, FREES = 2000 };

struct loop {
    confab_reactor *reactor;
    atomic_int turns;
};

static void count(confab_reactor *reactor, void *data)
{
    struct loop *loop = data;

    (void)reactor;
    atomic_fetch_add(&loop->turns, 1);
}

static void *stop(void *data)
{
    struct loop *loop = data;

    confab_reactor_stop(loop->reactor);
    return NULL;
}

/* Wherever run is when the stop comes (before its first turn, asleep, at work), it ends. */
static void stop_from_a_thread(struct loop *loop)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t stopper = thread_start(stop, loop);
        check(confab_reactor_run(loop->reactor) == 0, "a stop ends run");
        thread_join(stopper);
    }
}

/* Several stops end one run, or one each: none is left over for ever, none is lost. */
static void stop_from_many_threads(struct loop *loop)
{
    pthread_t stopper[STOPPERS];

    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < STOPPERS; k++)
            stopper[k] = thread_start(stop, loop);
        check(confab_reactor_run(loop->reactor) == 0, "stops end run");
        for (int k = 0; k < STOPPERS; k++)
            thread_join(stopper[k]);
        confab_reactor_stop(loop->reactor);
        check(confab_reactor_run(loop->reactor) == 0, "a stop before run ends the next run");
    }
}

/* The reactor is the owner's to free as soon as run has returned, also while the stop that ended it is on its way out. */
static void free_right_after_a_stop(void)
{
    for (int i = 0; i < FREES; i++) {
        struct loop loop = { 0 };

        check(confab_reactor_new(&loop.reactor, NULL) == 0, "a reactor");
        confab_reactor_hold(loop.reactor, 1);
        pthread_t stopper = thread_start(stop, &loop);
        check(confab_reactor_run(loop.reactor) == 0, "a stop ends run");
        check(confab_reactor_free(loop.reactor) == 0, "the reactor is freed");
        thread_join(stopper);
    }
}

int main(void)
{
    struct loop loop = { 0 };

    check(confab_reactor_new(&loop.reactor, NULL) == 0, "a reactor");
    confab_reactor_hold(loop.reactor, 1);
    stop_from_a_thread(&loop);
    stop_from_many_threads(&loop);

    confab_id timer = confab_call_every(loop.reactor, CONFAB_MILLISECOND, count, &loop);
    stop_from_a_thread(&loop);
    check(confab_call_cancel(loop.reactor, timer) == 0, "the timer lives");
    confab_reactor_hold(loop.reactor, -1);
    check(confab_reactor_free(loop.reactor) == 0, "the reactor is freed");
    free_right_after_a_stop();
    return 0;
}
