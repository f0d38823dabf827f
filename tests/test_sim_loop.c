/* test_sim_loop.c: what a simulation's loop does itself, what it waits for that is
 * real, and what becomes of it after a fork. */
#include "sim_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(sim_loop, .timeout = 60);

static int64_t now(void)
{
    return confab_sim_now(simulated.sim);
}

static void count(confab_reactor *reactor, void *counted)
{
    (void)reactor;
    ++*(int *)counted;
}

static int64_t fired_at;

static void note_time(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    fired_at = now();
}

/* -- Holds: something real is waited for -------------------------------------------- */

static void give_back(confab_reactor *reactor, void *data)
{
    if (reactor)
        confab_reactor_hold(reactor, -1);
    *(int64_t *)data = now();
}

static void *post_from_a_thread(void *given_back)
{
    cr_assert_eq(confab_reactor_post(simulated.reactor, give_back, given_back), 0);
    return NULL;
}

Test(sim_loop, while_a_hold_is_out_the_clock_does_not_jump)
{
    int64_t given_back = -1;
    pthread_t thread;

    fired_at = -1;
    simulate_with(1, NULL);
    confab_reactor_hold(simulated.reactor, 1);
    cr_assert_neq(confab_call_later(simulated.reactor, 60 * CONFAB_MINUTE, note_time, NULL), 0);
    cr_assert_eq(pthread_create(&thread, NULL, post_from_a_thread, &given_back), 0);
    cr_assert_eq(confab_reactor_run(simulated.reactor), 0);
    pthread_join(thread, NULL);
    cr_assert_geq(given_back, 0);
    cr_assert_lt(given_back, 20 * CONFAB_MINUTE, "it jumped");
    cr_assert_geq(fired_at, 60 * CONFAB_MINUTE);
    simulate_end();
}

Test(sim_loop, while_a_hold_is_out_time_passes_as_it_does_outside)
{
    int later = 0;

    simulate_with(1, NULL);
    confab_reactor_hold(simulated.reactor, 1);
    cr_assert_neq(confab_call_later(simulated.reactor, 5 * CONFAB_MILLISECOND, count, &later), 0);
    advance(50 * CONFAB_MILLISECOND);
    cr_assert_eq(later, 1);
    cr_assert_eq(now(), 50 * CONFAB_MILLISECOND);
    confab_reactor_hold(simulated.reactor, -1);
    simulate_end();
}

Test(sim_loop, a_post_of_another_thread_ends_a_wait_for_nothing)
{
    int64_t given_back = -1;
    pthread_t thread;

    simulate(1, NULL, NULL);
    confab_reactor_hold(simulated.reactor, 1);
    cr_assert_eq(pthread_create(&thread, NULL, post_from_a_thread, &given_back), 0);
    cr_assert_gt(confab_reactor_run_once(simulated.reactor, -1), 0);
    pthread_join(thread, NULL);
    cr_assert_geq(given_back, 0);
    simulate_end();
}

/* -- Work and names run on the loop --------------------------------------------------- */

static struct {
    pthread_t loop;
    int runs, dones, result;
    bool in_loop;
} job;

static int run_job(void *data)
{
    (void)data;
    job.runs++;
    job.in_loop = pthread_equal(pthread_self(), job.loop);
    return 7;
}

static void job_done(confab_chat *owner, int result, void *data)
{
    (void)owner, (void)data;
    job.dones++;
    job.result = result;
}

Test(sim_loop, work_runs_on_the_loop_in_a_following_turn)
{
    int before = test_threads();

    memset(&job, 0, sizeof job);
    job.loop = pthread_self();
    simulate_with(1, NULL);
    cr_assert_eq(confab_work(simulated.reactor, NULL, run_job, job_done, NULL), 0);
    cr_assert_eq(job.runs, 0, "it ran before confab_work returned");
    settle();
    cr_assert_eq(job.runs, 1);
    cr_assert(job.in_loop);
    cr_assert_eq(job.dones, 1);
    cr_assert_eq(job.result, 7);
    cr_assert_eq(test_threads(), before);
    cr_assert_eq(now(), 0);
    simulate_end();
}

static int work_for_a_line(confab_chat *chat)
{
    return confab_work(simulated.reactor, chat, run_job, job_done, NULL);
}

static int jobs_done[9], jobs_count;

static void note_job(confab_chat *owner, int result, void *data)
{
    (void)owner, (void)result;
    jobs_done[jobs_count++] = (int)(intptr_t)data;
}

/* How long nine jobs take that are begun at once. */
static int64_t work_at_length(uint64_t seed)
{
    const struct confab_sim_faults faults = { .size = sizeof faults, .work = CONFAB_SECOND };

    simulate_with(seed, NULL);
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &faults), 0);
    jobs_count = job.runs = 0;
    for (int i = 0; i < 9; i++)
        cr_assert_eq(confab_work(simulated.reactor, NULL, run_job, note_job, (void *)(intptr_t)i), 0);
    settle();
    cr_assert_lt(job.runs, 9, "none took any time");
    while (jobs_count < 9)
        advance(CONFAB_MILLISECOND);
    for (int i = 0; i < 9; i++)
        cr_assert_eq(jobs_done[i], i, "number %d was job %d", i, jobs_done[i]);
    int64_t took = now();
    cr_assert_eq(traced(" a job takes "), 9);
    simulate_end();
    return took;
}

Test(sim_loop, work_takes_a_time_that_is_drawn_and_keeps_its_order)
{
    int64_t took = work_at_length(1);

    cr_assert(took > 100 * CONFAB_MILLISECOND && took < CONFAB_SECOND + 10 * CONFAB_MILLISECOND);
    cr_assert_eq(work_at_length(1), took);
    cr_assert_neq(work_at_length(2), took);
}

Test(sim_loop, work_that_is_out_when_its_chat_ends_is_done_without_it)
{
    const struct confab_sim_faults faults = { .size = sizeof faults, .work = CONFAB_SECOND };

    memset(&job, 0, sizeof job);
    simulate(1, &faults, NULL);
    simulated.plan.line = work_for_a_line;
    confab_sim_end *far = far_end();
    far_say(far, "one\ntwo\n");
    cr_assert_eq(job.runs, 0);
    confab_sim_reset(far);
    settle();
    confab_chat_close(simulated.chat);
    advance(2 * CONFAB_SECOND);
    cr_assert_eq(simulated.closes, 1);
    cr_assert_eq(job.runs, 0);
    cr_assert_eq(job.dones, 1);
    cr_assert_eq(job.result, -ECANCELED);
    simulate_end();
}

Test(sim_loop, work_of_a_chat_rests_its_reading_until_it_is_done)
{
    memset(&job, 0, sizeof job);
    job.loop = pthread_self();
    simulate(1, NULL, NULL);
    simulated.plan.line = work_for_a_line;
    far_say(far_end(), "one\ntwo\nthree\n");
    cr_assert_eq(job.dones, 3);
    cr_assert_eq(simulated.lines, 3);
    simulate_end();
}

Test(sim_loop, work_that_was_not_begun_is_cancelled_when_the_simulation_is_freed)
{
    memset(&job, 0, sizeof job);
    simulate_with(1, NULL);
    cr_assert_eq(confab_work(simulated.reactor, NULL, run_job, job_done, NULL), 0);
    simulate_end();
    cr_assert_eq(job.runs, 0);
    cr_assert_eq(job.dones, 1);
    cr_assert_eq(job.result, -ECANCELED);
}

Test(sim_loop, a_name_is_looked_up_on_the_loop)
{
    int before = test_threads();

    simulate(1, NULL, NULL);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "127.0.0.1"), 0);
    cr_assert_not_null(confab_connect(simulated.reactor, "host.example:7", &simulated_ops, NULL));
    cr_assert_eq(traced("resolve"), 0);
    settle();
    cr_assert_eq(simulated.connects, 2);
    cr_assert_eq(traced("resolve host.example -> 1"), 1);
    cr_assert_eq(test_threads(), before);
    simulate_end();
}

/* -- After a fork ----------------------------------------------------------------------- */

enum { GOOD, NO_BACKEND, NO_ECHO, NO_ACCEPT, NO_TIMER, NO_FREE };

static bool echoes(confab_sim_end *end, const char *line)
{
    char got[64] = "";

    return confab_sim_send(end, line, strlen(line)) == (ssize_t)strlen(line) &&
           confab_sim_settle(simulated.sim) > 0 && confab_sim_recv(end, got, sizeof got - 1) > 0 &&
           strcmp(got, line) == 0;
}

/* A child must not assert: its exit status says where it failed. */
static int in_the_child(confab_sim_end *end, const int *later)
{
    confab_sim_end *other;

    if (confab_reactor_after_fork(simulated.reactor))
        return NO_BACKEND;
    if (!echoes(end, "hello\n") || !echoes(end, "again\n"))
        return NO_ECHO;
    if (confab_sim_connect(simulated.sim, simulated.address, NULL, &other) || !echoes(other, "new\n"))
        return NO_ACCEPT;
    if (confab_sim_advance(simulated.sim, CONFAB_SECOND + CONFAB_MILLISECOND) <= 0 || !*later)
        return NO_TIMER;
    return confab_sim_free(simulated.sim) ? NO_FREE : GOOD;
}

Test(sim_loop, after_a_fork_the_child_has_the_connections_and_so_has_the_parent)
{
    int later = 0, status;

    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    cr_assert_neq(confab_call_later(simulated.reactor, CONFAB_SECOND, count, &later), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        _exit(in_the_child(end, &later));
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "the child was killed");
    cr_assert_eq(WEXITSTATUS(status), GOOD, "the child failed at %d", WEXITSTATUS(status));
    cr_assert(echoes(end, "here\n"));
    advance(CONFAB_SECOND + CONFAB_MILLISECOND);
    cr_assert_eq(later, 1);
    simulate_end();
}

Test(sim_loop, a_backend_that_is_built_anew_keeps_the_connections)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    cr_assert_eq(confab_reactor_after_fork(simulated.reactor), 0);
    cr_assert(echoes(end, "hello\n"));
    simulate_end();
}

static int no_answer(confab_chat *chat)
{
    (void)chat;
    return 0;
}

Test(sim_loop, a_reactor_of_the_backend_sim_has_a_network_of_its_own_and_keeps_it)
{
    struct confab_reactor_options options = { .size = sizeof options, .backend = "sim" };
    confab_reactor *reactor;
    confab_listener *listener;

    memset(&simulated, 0, sizeof simulated);
    cr_assert_eq(confab_reactor_new(&reactor, &options), 0);
    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:7", &simulated_ops, NULL), 0);
    cr_assert_not_null(confab_connect(reactor, "127.0.0.1:7", &simulated_ops, NULL));
    run_quiet(reactor);
    cr_assert_eq(simulated.connects, 2);
    cr_assert_eq(confab_reactor_after_fork(reactor), 0);
    simulated.plan.line = no_answer;
    confab_chat_puts(simulated.chat, "hello\n");
    run_quiet(reactor);
    cr_assert_eq(simulated.lines, 1);
    cr_assert_eq(simulated.closes, 0);
    cr_assert_eq(confab_reactor_free(reactor), 0);
}
