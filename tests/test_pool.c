/* test_pool.c: the threads of a pool: how many, when one cannot be had, and what becomes of jobs that are
 * taken back, skipped, or left behind. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* As where the system has no thread left; and where a thread takes its time to wake up.  How many pools were freed. */
static bool no_thread, no_signal;
static int create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *data);
static int signal_one(pthread_cond_t *condition);
static atomic_int pools_freed;
static void free_pool(void *pool);
#define pthread_create      create
#define pthread_cond_signal signal_one
#define free                free_pool
#include "core/pool.c"
#undef free
#undef pthread_create
#undef pthread_cond_signal

#include "support.h"
#include "work_support.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static int create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *data)
{
    return no_thread ? EAGAIN : pthread_create(thread, attributes, body, data);
}

static int signal_one(pthread_cond_t *condition)
{
    return no_signal ? 0 : pthread_cond_signal(condition);
}

static void free_pool(void *pool)
{
    free(pool);
    atomic_fetch_add(&pools_freed, 1);
}

struct task {
    struct job job;
    struct gate *gate;
    int told;
    bool ran;
    sigset_t blocked;
    atomic_int *dropped;
};

static void task_run(struct job *job)
{
    struct task *task = (struct task *)(void *)job;

    pthread_sigmask(SIG_SETMASK, NULL, &task->blocked);
    if (task->gate)
        gate_pass(task->gate);
}

static void task_done(struct job *job, bool ran)
{
    struct task *task = (struct task *)(void *)job;

    task->told++;
    task->ran = ran;
}

static void task_drop(struct job *job)
{
    struct task *task = (struct task *)(void *)job;
    atomic_int *dropped = task->dropped;

    free(task);
    atomic_store(dropped, 1);
}

#define TASK(at)                                                  \
    {                                                             \
        .job = { .run = task_run, .done = task_done }, .gate = at \
    }

/* Threads that are left behind are waited for at the end of each test: to valgrind one that has not quite ended is a
 * leak. */
static int threads_before;

static void *nothing(void *data)
{
    return data;
}

static void count_threads(void)
{
    pthread_t thread;

    /* ThreadSanitizer starts one of its own along with the first. */
    cr_assert_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    threads_before = test_threads();
}

static void wait_for_threads(void)
{
    test_threads_until(threads_before);
}

TestSuite(pool, .init = count_threads, .fini = wait_for_threads);

/* A reactor whose pool of work has this many threads. */
static struct pool *pool_of(confab_reactor **reactor, unsigned threads)
{
    struct confab_reactor_options options = { .size = sizeof options, .work_threads = threads };

    cr_assert_eq(test_reactor_new(reactor, &options), 0);
    return reactor_work_pool(*reactor);
}

Test(pool, an_idle_thread_is_used_again)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 4);

    for (int i = 0; i < 10; i++) {
        struct task task = TASK(NULL);
        cr_assert_eq(pool_submit(pool, &task.job), 0);
        run_until_set(reactor, &task.told);
        cr_assert(task.ran);
    }
    cr_assert_eq(pool->started, 1);
    test_reactor_free(reactor);
}

Test(pool, it_has_a_thread_for_each_job_up_to_its_bound)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 3);
    struct gate gate = GATE;
    struct task task[5] = { TASK(&gate), TASK(&gate), TASK(&gate), TASK(&gate), TASK(&gate) };

    cr_assert_eq(pool->started, 0);
    for (unsigned i = 0; i < 5; i++) {
        cr_assert_eq(pool_submit(pool, &task[i].job), 0);
        cr_assert_eq(pool->started, i < 3 ? i + 1 : 3);
    }
    cr_assert_eq(pool_count(pool), 5);
    gate_open(&gate);
    for (int i = 0; i < 5; i++)
        run_until_set(reactor, &task[i].told);
    cr_assert_eq(pool_count(pool), 0);
    test_reactor_free(reactor);
}

/* The first idle thread may not have come for its job yet when the second one is asked for. */
Test(pool, two_jobs_that_are_asked_for_at_once_do_not_share_one_idle_thread)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 2);
    struct gate gate = GATE;
    struct task before = TASK(NULL), task[2] = { TASK(&gate), TASK(&gate) };

    gate.wanted = 2;
    cr_assert_eq(pool_submit(pool, &before.job), 0);
    run_until_set(reactor, &before.told);
    no_signal = true;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pool_submit(pool, &task[i].job), 0);
    cr_assert_eq(pool->started, 2);
    pthread_cond_signal(&pool->wanted);
    for (int i = 0; i < 2; i++)
        run_until_set(reactor, &task[i].told);
    test_reactor_free(reactor);
}

Test(pool, signals_go_to_other_threads_but_faults)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 1);
    struct task task = TASK(NULL);
    sigset_t mine;

    cr_assert_eq(pool_submit(pool, &task.job), 0);
    run_until_set(reactor, &task.told);
    cr_assert_eq(sigismember(&task.blocked, SIGTERM), 1);
    cr_assert_eq(sigismember(&task.blocked, SIGCHLD), 1);
    cr_assert_eq(sigismember(&task.blocked, SIGSEGV), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    cr_assert_eq(sigismember(&mine, SIGTERM), 0, "they stayed blocked in the loop's thread");
    test_reactor_free(reactor);
}

/* -- Without threads --------------------------------------------------------------- */

Test(pool, without_a_thread_nothing_is_taken)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 4);
    struct task task = TASK(NULL);
    struct errand errand = { 0 };

    no_thread = true;
    cr_assert_eq(pool_submit(pool, &task.job), -EAGAIN);
    cr_assert_eq(errand_start(reactor, NULL, &errand), -EAGAIN);
    cr_assert_eq(pool_count(pool), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(task.told + errand.told, 0);
    no_thread = false;
    cr_assert_eq(pool_submit(pool, &task.job), 0);
    run_until_set(reactor, &task.told);
    test_reactor_free(reactor);
}

Test(pool, where_one_more_cannot_be_had_the_job_waits_for_those_there_are)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 4);
    struct gate gate = GATE;
    struct task first = TASK(&gate), second = TASK(NULL);

    cr_assert_eq(pool_submit(pool, &first.job), 0);
    no_thread = true;
    cr_assert_eq(pool_submit(pool, &second.job), 0);
    gate_open(&gate);
    run_until_set(reactor, &second.told);
    cr_assert(first.ran && second.ran);
    test_reactor_free(reactor);
}

static int answer(confab_chat *chat, const char *data, size_t len)
{
    return confab_chat_push(chat, data, len);
}

static const struct confab_chat_ops echo = { .size = sizeof echo, .collect_incoming_data = answer };

Test(pool, a_chat_whose_work_is_refused_reads_on)
{
    confab_reactor *reactor = test_reactor();
    struct errand errand = { 0 };
    int pair[2];

    test_pair(pair);
    confab_chat *chat = confab_chat_new(reactor, pair[0], &echo, NULL);
    run_quiet(reactor);
    no_thread = true;
    cr_assert_eq(errand_start(reactor, chat, &errand), -EAGAIN);
    test_send(pair[1], "hello", 5);
    run_quiet(reactor);
    test_expect(pair[1], "hello");
    close(pair[1]);
    test_reactor_free(reactor);
    cr_assert_eq(errand.told, 0);
}

/* A child of a fork has no thread, and a done may be the first to want one. */
static void work_once_more(confab_chat *chat, struct errand *errand)
{
    cr_assert_eq(errand_start(confab_chat_reactor(chat), chat, errand->next), 0);
}

Test(pool, what_was_held_and_finds_no_thread_in_the_end_is_cancelled)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct errand second = { 0 }, first = { .gate = &gate, .then = work_once_more, .next = &second };
    int pair[2];

    test_pair(pair);
    confab_chat *chat = confab_chat_new(reactor, pair[0], &echo, NULL);
    run_quiet(reactor);
    cr_assert_eq(errand_start(reactor, chat, &first), 0);
    gate_wait(&gate, 1);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        no_thread = true;
        alarm(10);
        if (confab_reactor_after_fork(reactor))
            _exit(1);
        confab_reactor_run_once(reactor, -1);
        confab_reactor_run_once(reactor, -1);
        _exit(first.got == -ECANCELED && second.got == -ECANCELED && second.owner == chat ? 0 : 2);
    }
    gate_open(&gate);
    run_until_set(reactor, &second.told);
    cr_assert_eq(second.runs, 1);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "the child failed: %x", status);
    close(pair[1]);
    test_reactor_free(reactor);
}

/* -- The turn -------------------------------------------------------------------------- */

static struct {
    struct pool *pool;
    struct task *again;
} submitted;

/* Has one more finished before it returns. */
static void submit_another(struct job *job, bool ran)
{
    struct task *again = submitted.again;

    task_done(job, ran);
    cr_assert_eq(pool_submit(submitted.pool, &again->job), 0);
    while (atomic_load(&again->job.state) != JOB_RAN)
        sched_yield();
}

Test(pool, a_turn_tells_of_what_had_finished_when_it_began)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 2);
    struct task task = TASK(NULL), again = TASK(NULL);

    task.job.done = submit_another;
    submitted.pool = pool;
    submitted.again = &again;
    cr_assert_eq(pool_submit(pool, &task.job), 0);
    run_until_set(reactor, &task.told);
    cr_assert_eq(again.told, 0);
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 1);
    cr_assert_eq(again.told, 1);
    test_reactor_free(reactor);
}

/* -- Taken back, skipped ------------------------------------------------------------------- */

Test(pool, only_one_that_has_not_begun_can_be_taken_back)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 1);
    struct gate gate = GATE;
    struct task first = TASK(&gate), queued = TASK(NULL), last = TASK(NULL);

    cr_assert_eq(pool_submit(pool, &first.job), 0);
    gate_wait(&gate, 1);
    cr_assert_eq(pool_submit(pool, &queued.job), 0);
    cr_assert_eq(pool_submit(pool, &last.job), 0);
    cr_assert_not(pool_cancel(pool, &first.job), "it runs");
    cr_assert(pool_cancel(pool, &queued.job));
    cr_assert_eq(pool_count(pool), 2);
    gate_open(&gate);
    while (atomic_load(&last.job.state) != JOB_RAN)
        sched_yield();
    cr_assert_not(pool_cancel(pool, &last.job), "it is finished");
    run_until_set(reactor, &last.told);
    cr_assert_eq(first.told, 1);
    cr_assert_eq(queued.told, 0);
    test_reactor_free(reactor);
}

Test(pool, one_that_is_skipped_is_done_in_the_turn_without_having_run)
{
    confab_reactor *reactor;
    struct pool *pool = pool_of(&reactor, 1);
    struct gate gate = GATE;
    struct task first = TASK(&gate), queued = TASK(NULL), held = TASK(NULL);

    cr_assert_eq(pool_submit(pool, &first.job), 0);
    gate_wait(&gate, 1);
    cr_assert_eq(pool_submit(pool, &queued.job), 0);
    pool_hold(pool, &held.job);
    pool_skip(pool, &first.job);
    pool_skip(pool, &queued.job);
    pool_skip(pool, &held.job);
    cr_assert_eq(first.told + queued.told + held.told, 0);
    cr_assert_eq(confab_reactor_run_once(reactor, -1), 2);
    cr_assert_eq(queued.told + held.told, 2);
    cr_assert_not(queued.ran || held.ran);
    gate_open(&gate);
    run_until_set(reactor, &first.told);
    cr_assert(first.ran);
    test_reactor_free(reactor);
}

/* -- The end of the reactor --------------------------------------------------- */

static confab_reactor *freed;

static void work_again(confab_chat *chat, struct errand *errand)
{
    (void)chat;
    cr_assert_eq(errand_start(freed, NULL, errand), -ESHUTDOWN);
}

/* Ends only when nothing else can begin any more. */
static int run_until_closed(void *data)
{
    struct pool *pool = freed->work_pool;
    int result = errand_run(data);

    for (bool closed = false; !closed;) {
        sched_yield();
        pthread_mutex_lock(&pool->lock);
        closed = pool->closed;
        pthread_mutex_unlock(&pool->lock);
    }
    return result;
}

static void expect(const struct errand *errand, int runs, int result)
{
    cr_assert_eq(errand->runs, runs);
    cr_assert_eq(errand->told, 1);
    cr_assert_null(errand->owner);
    cr_assert_eq(errand->got, result, "%d", errand->got);
}

Test(pool, a_reactor_that_is_freed_waits_for_what_runs_and_cancels_the_rest)
{
    struct gate gate = GATE;
    struct errand running[2] = { { .gate = &gate, .result = 7, .then = work_again },
                                 { .gate = &gate, .result = 8 } };
    struct errand queued = { .then = work_again }, held = { 0 };
    int pair[2];

    pool_of(&freed, 2);
    test_pair(pair);
    confab_chat *chat = confab_chat_new(freed, pair[0], &echo, NULL);
    gate_open(&gate);
    cr_assert_eq(confab_work(freed, NULL, run_until_closed, errand_done, &running[0]), 0);
    cr_assert_eq(confab_work(freed, chat, run_until_closed, errand_done, &running[1]), 0);
    gate_wait(&gate, 2);
    cr_assert_eq(errand_start(freed, NULL, &queued), 0);
    cr_assert_eq(errand_start(freed, chat, &held), 0);
    test_reactor_free(freed);
    expect(&running[0], 1, 7);
    expect(&running[1], 1, 8);
    expect(&queued, 0, -ECANCELED);
    expect(&held, 0, -ECANCELED);
    close(pair[1]);
}

/* -- A pool that is not waited for ------------------------------------------------------------ */

/* They look at it once more when what they run is done. */
Test(pool, the_last_of_the_threads_that_are_left_behind_frees_it)
{
    enum { LEFT = 2 };
    confab_reactor *reactor = test_reactor();
    struct pool *pool = reactor_names_pool(reactor);
    struct gate gate[LEFT] = { GATE, GATE };
    atomic_int dropped[LEFT] = { 0 };

    for (int i = 0; i < LEFT; i++) {
        struct task *task = calloc(1, sizeof *task);
        cr_assert_not_null(task);
        *task = (struct task){ .job = { .run = task_run, .done = task_done, .drop = task_drop },
                               .gate = &gate[i],
                               .dropped = &dropped[i] };
        cr_assert_eq(pool_submit(pool, &task->job), 0);
        gate_wait(&gate[i], 1);
    }
    test_reactor_free(reactor);
    cr_assert_eq(atomic_load(&pools_freed), 0, "it was freed under two threads");
    cr_assert_eq(atomic_load(&pool->refs), LEFT);
    gate_open(&gate[0]);
    while (atomic_load(&pool->refs) == LEFT)
        sched_yield();
    cr_assert_eq(atomic_load(&pools_freed), 0, "it was freed under a thread");
    gate_open(&gate[1]);
    while (!atomic_load(&pools_freed))
        sched_yield();
    cr_assert(atomic_load(&dropped[0]) && atomic_load(&dropped[1]));
}

Test(pool, one_that_is_not_waited_for_leaves_behind_what_runs)
{
    confab_reactor *reactor = test_reactor();
    struct pool *pool = reactor_names_pool(reactor);
    struct gate gate = GATE;
    struct task *running = calloc(1, sizeof *running), before = TASK(NULL), queued[4];
    atomic_int dropped = 0;

    cr_assert_not_null(running);
    *running = (struct task){ .job = { .run = task_run, .done = task_done, .drop = task_drop },
                              .gate = &gate,
                              .dropped = &dropped };
    cr_assert_eq(pool_submit(pool, &running->job), 0);
    gate_wait(&gate, 1);
    cr_assert_eq(pool_submit(pool, &before.job), 0); /* so that a thread is idle too */
    run_until_set(reactor, &before.told);
    for (int i = 0; i < 4; i++) {
        queued[i] = (struct task)TASK(NULL);
        pool_hold(pool, &queued[i].job);
    }
    test_reactor_free(reactor);
    for (int i = 0; i < 4; i++)
        cr_assert(queued[i].told == 1 && !queued[i].ran);
    cr_assert_eq(atomic_load(&dropped), 0);
    gate_open(&gate);
    while (!atomic_load(&dropped))
        sched_yield();
}

Test(pool, names_that_are_being_resolved_do_not_keep_run_going)
{
    confab_reactor *reactor = test_reactor();
    struct gate gate = GATE;
    struct task task = TASK(&gate);

    cr_assert_eq(pool_submit(reactor_names_pool(reactor), &task.job), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(task.told, 0);
    gate_open(&gate);
    run_until_set(reactor, &task.told);
    test_reactor_free(reactor);
}
