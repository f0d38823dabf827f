/* test_work.c: confab_work: what runs where, how much at once, in what order, and that each job is done
 * exactly once, whatever ends first. */
#include "core/reactor.h"
#include "support.h"
#include "work_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

enum { THREADS = 2, MANY = 6 };

static const struct confab_chat_ops silent = { .size = sizeof silent,
                                               .collect_incoming_data = confab_chat_collect };

static confab_reactor *reactor_of(unsigned threads)
{
    struct confab_reactor_options options = { .size = sizeof options, .work_threads = threads };
    confab_reactor *reactor;

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    return reactor;
}

/* A chat; *peer is the test's end. */
static confab_chat *chat_on(confab_reactor *reactor, int *peer)
{
    int pair[2];

    test_pair(pair);
    *peer = pair[1];
    confab_chat *chat = confab_chat_new(reactor, pair[0], &silent, NULL);
    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

static void start(confab_reactor *reactor, confab_chat *owner, struct errand *errand)
{
    cr_assert_eq(errand_start(reactor, owner, errand), 0);
}

static void expect(const struct errand *errand, int runs, confab_chat *owner, int result)
{
    cr_assert_eq(errand->runs, runs);
    cr_assert_eq(errand->told, 1);
    cr_assert_eq(errand->owner, owner);
    cr_assert_eq(errand->got, result, "%d", errand->got);
}

Test(work, it_runs_in_another_thread_and_its_done_on_the_loop_with_the_result)
{
    confab_reactor *reactor = test_reactor();
    struct errand errand = { .result = 42 };

    start(reactor, NULL, &errand);
    run_until_set(reactor, &errand.told);
    expect(&errand, 1, NULL, 42);
    cr_assert_not(pthread_equal(errand.thread, pthread_self()));
    test_reactor_free(reactor);
}

static int count_run(void *data)
{
    ++*(int *)data;
    return 0;
}

Test(work, done_may_be_left_out)
{
    confab_reactor *reactor = test_reactor();
    int runs = 0, peer;
    confab_chat *chat = chat_on(reactor, &peer);

    cr_assert_eq(confab_work(reactor, NULL, count_run, NULL, &runs), 0);
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 1);
    cr_assert_eq(confab_work(reactor, chat, count_run, NULL, &runs), 0);
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 1);
    cr_assert_eq(runs, 2);
    test_close(peer);
    test_reactor_free(reactor);
}

/* The loop's own wait, which opens a gate before it sleeps. */
static struct {
    const struct confab_backend *backend;
    struct gate *gate;
    int sleeps;
} asleep;

static int open_and_wait(void *state, int64_t timeout, struct confab_ready *ready, int cap)
{
    if (timeout != 0) {
        asleep.sleeps++;
        gate_open(asleep.gate);
    }
    return asleep.backend->wait(state, timeout, ready, cap);
}

Test(work, run_sleeps_until_a_job_is_done_and_then_ends)
{
    confab_reactor *reactor = test_reactor();
    struct confab_backend watched = *reactor->backend;
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };

    asleep.backend = reactor->backend;
    asleep.gate = &gate;
    watched.wait = open_and_wait;
    reactor->backend = &watched;
    start(reactor, NULL, &errand);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    gate_open(&gate);
    cr_assert_eq(asleep.sleeps, 1, "it did not wait for what is out");
    expect(&errand, 1, NULL, 0);
    test_reactor_free(reactor);
}

Test(work, no_more_jobs_run_at_once_than_there_are_threads)
{
    confab_reactor *reactor = reactor_of(THREADS);
    struct gate gate = GATE;
    struct errand errand[MANY];

    for (int i = 0; i < MANY; i++) {
        errand[i] = (struct errand){ .gate = &gate, .result = i };
        start(reactor, NULL, &errand[i]);
    }
    gate_wait(&gate, THREADS);
    gate_open(&gate);
    for (int i = 0; i < MANY; i++) {
        run_until_set(reactor, &errand[i].told);
        expect(&errand[i], 1, NULL, i);
    }
    cr_assert_leq(gate.most, THREADS);
    test_reactor_free(reactor);
}

Test(work, four_jobs_run_at_once_by_default)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand[4];

    gate.wanted = 4;
    for (int i = 0; i < 4; i++) {
        errand[i] = (struct errand){ .gate = &gate };
        start(reactor, NULL, &errand[i]);
    }
    for (int i = 0; i < 4; i++)
        run_until_set(reactor, &errand[i].told);
    test_reactor_free(reactor);
}

Test(work, jobs_of_two_chats_run_at_the_same_time)
{
    confab_reactor *reactor = reactor_of(THREADS);
    struct gate gate = GATE;
    struct errand errand[2] = { { .gate = &gate }, { .gate = &gate } };
    int peer[2];

    gate.wanted = 2;
    for (int i = 0; i < 2; i++)
        start(reactor, chat_on(reactor, &peer[i]), &errand[i]);
    for (int i = 0; i < 2; i++) {
        run_until_set(reactor, &errand[i].told);
        test_close(peer[i]);
    }
    test_reactor_free(reactor);
}

/* With two threads: a second job of the chat that had begun would hold the one that the other needs. */
Test(work, of_a_chats_jobs_one_is_out_at_a_time)
{
    confab_reactor *reactor = reactor_of(THREADS);
    struct gate gate = GATE;
    struct errand errand[3] = { { .gate = &gate }, { .gate = &gate }, { .gate = &gate } }, other = { 0 };
    int peer;
    confab_chat *chat = chat_on(reactor, &peer);

    for (int i = 0; i < 3; i++)
        start(reactor, chat, &errand[i]);
    start(reactor, NULL, &other);
    run_until_set(reactor, &other.told);
    cr_assert_eq(errand[0].told + errand[1].told + errand[2].told, 0);
    gate_open(&gate);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(errand[i].told, 0, "it is done before the one that was asked for before it");
        run_until_set(reactor, &errand[i].told);
        expect(&errand[i], 1, chat, 0);
    }
    cr_assert_eq(gate.most, 1);
    test_close(peer);
    test_reactor_free(reactor);
}

/* Gives a next one that is not to begin yet every chance to. */
static void linger(confab_chat *chat, struct errand *errand)
{
    (void)chat;
    for (int i = 0; i < 1000; i++)
        sched_yield();
    pthread_mutex_lock(&errand->gate->lock);
    cr_assert_eq(errand->gate->begun, 1, "the next one began before the done of this one had returned");
    pthread_mutex_unlock(&errand->gate->lock);
}

Test(work, the_next_begins_when_the_done_of_the_one_before_has_returned)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand[2] = { { .gate = &gate, .then = linger }, { .gate = &gate } };
    int peer;
    confab_chat *chat = chat_on(reactor, &peer);

    gate_open(&gate);
    for (int i = 0; i < 2; i++)
        start(reactor, chat, &errand[i]);
    for (int i = 0; i < 2; i++)
        run_until_set(reactor, &errand[i].told);
    test_close(peer);
    test_reactor_free(reactor);
}

Test(work, jobs_of_an_owner_that_closes_before_they_begin_are_not_run)
{
    confab_reactor *reactor = reactor_of(1);
    struct gate gate = GATE;
    struct errand other = { .gate = &gate }, queued = { 0 }, held = { 0 };
    int peer;
    confab_chat *chat = chat_on(reactor, &peer);

    start(reactor, NULL, &other);
    gate_wait(&gate, 1);
    start(reactor, chat, &queued);
    start(reactor, chat, &held);
    confab_chat_close(chat);
    cr_assert_eq(queued.told + held.told, 0, "done was called by confab_chat_close");
    confab_reactor_run_once(reactor, -1);
    expect(&queued, 0, NULL, -ECANCELED);
    expect(&held, 0, NULL, -ECANCELED);
    cr_assert_eq(other.told, 0);
    gate_open(&gate);
    run_until_set(reactor, &other.told);
    test_close(peer);
    test_reactor_free(reactor);
}

Test(work, one_that_runs_when_its_owner_closes_is_done_without_it)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate, .result = 7 }, held = { 0 };
    int peer;
    confab_chat *chat = chat_on(reactor, &peer);

    start(reactor, chat, &errand);
    start(reactor, chat, &held);
    gate_wait(&gate, 1);
    confab_chat_close(chat);
    run_until_set(reactor, &held.told);
    cr_assert_eq(errand.told, 0);
    gate_open(&gate);
    run_until_set(reactor, &errand.told);
    expect(&errand, 1, NULL, 7);
    expect(&held, 0, NULL, -ECANCELED);
    test_close(peer);
    test_reactor_free(reactor);
}

Test(work, what_cannot_be_done_is_refused)
{
    confab_reactor *reactor = test_reactor(), *other = test_reactor();
    struct errand errand = { 0 };
    int peer;
    confab_chat *chat = chat_on(reactor, &peer);

    cr_assert_eq(confab_work(reactor, NULL, NULL, errand_done, &errand), -EINVAL);
    cr_assert_eq(confab_work(NULL, NULL, errand_run, errand_done, &errand), -EINVAL);
    cr_assert_eq(confab_work(other, chat, errand_run, errand_done, &errand), -EINVAL);
    confab_chat_close(chat);
    cr_assert_eq(errand_start(reactor, chat, &errand), -EPIPE);
    run_quiet(reactor);
    test_close(peer);
    test_reactor_free(reactor);
    test_reactor_free(other);
    cr_assert_eq(errand.runs + errand.told, 0);
}

/* -- The end of the reactor --------------------------------------------------- */

static confab_reactor *freed;

Test(work, what_has_finished_and_was_not_told_of_keeps_its_result_when_the_reactor_is_freed)
{
    confab_reactor *reactor = reactor_of(1);
    struct gate gate = GATE;
    struct errand first = { .result = 7 }, second = { .gate = &gate };

    start(reactor, NULL, &first);
    start(reactor, NULL, &second);
    gate_wait(&gate, 1); /* by the one thread: so the first is finished */
    gate_open(&gate);
    test_reactor_free(reactor);
    expect(&first, 1, NULL, 7);
}

static void come_back(confab_reactor *reactor, void *data)
{
    cr_assert_null(reactor);
    gate_open(data);
}

static int post_and_wait(void *data)
{
    struct errand *errand = data;

    cr_assert_eq(confab_reactor_post(freed, come_back, errand->gate), 0);
    return errand_run(data);
}

Test(work, a_job_that_waits_for_what_it_posted_does_not_keep_the_reactor_from_being_freed)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand errand = { .gate = &gate };

    freed = reactor;
    cr_assert_eq(confab_work(reactor, NULL, post_and_wait, errand_done, &errand), 0);
    gate_wait(&gate, 1);
    test_reactor_free(reactor);
    expect(&errand, 1, NULL, 0);
}
