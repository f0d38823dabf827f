/* test_sim.c: a simulation as a whole: what is served in it, how it is made and
 * freed, and that no descriptor is behind it. */
#include "sim_support.h"
#include "support.h"
#include <confab/dispatcher.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(sim, .timeout = 60);

Test(sim, what_is_sent_is_served_and_answered)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();

    cr_assert_eq(simulated.connects, 1);
    far_say(end, "hello\r\nyou\nand");
    far_expect(end, "hello\nyou\n");
    far_expect_result(end, -EAGAIN);
    far_say(end, " you\n");
    far_expect(end, "and you\n");
    cr_assert_eq(simulated.lines, 3);
    simulate_end();
    cr_assert_eq(simulated.closes, 1);
    cr_assert_eq(simulated.reason, CONFAB_REASON_CLOSED);
}

Test(sim, its_reactor_is_of_the_backend_sim_whatever_is_asked_for)
{
    struct confab_reactor_options options = { .size = sizeof options, .backend = "poll" };

    simulate_with(1, &options);
    cr_assert_str_eq(confab_reactor_backend(simulated.reactor), "sim");
    simulate_end();
}

Test(sim, options_and_faults_that_cannot_be_are_EINVAL)
{
    struct confab_reactor_options options = { .size = sizeof options + 1 };
    struct confab_sim_faults good = { .size = sizeof good, .short_reads = 900, .resets = 900 };
    struct confab_sim_faults bad[] = {
        { .size = 0 },
        { .size = sizeof good + 1 },
        { .size = sizeof good, .short_reads = 901 },
        { .size = sizeof good, .short_writes = 901 },
        { .size = sizeof good, .again = 901 },
        { .size = sizeof good, .interrupted = 901 },
        { .size = sizeof good, .aborted = 901 },
        { .size = sizeof good, .no_descriptor = 901 },
        { .size = sizeof good, .refused = 901 },
        { .size = sizeof good, .unanswered = 901 },
        { .size = sizeof good, .resets = 901 },
        { .size = sizeof good, .delay = -1 },
        { .size = sizeof good, .delay = CONFAB_SIM_DELAY_MAX + 1 },
        { .size = sizeof good, .delay = INT64_MAX },
        { .size = sizeof good, .buffer = CONFAB_SIM_BUFFER_MAX + 1 },
        { .size = sizeof good, .buffer = SIZE_MAX },
        { .size = sizeof good, .work = -1 },
        { .size = sizeof good, .work = CONFAB_SIM_DELAY_MAX + 1 },
    };
    confab_sim *sim = (confab_sim *)&options;

    cr_assert_eq(confab_sim_new(&sim, 1, NULL, &options), -EINVAL);
    cr_assert_null(sim);
    simulate(1, NULL, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(confab_sim_new(&sim, 1, &bad[i], NULL), -EINVAL, "number %zu", i);
        cr_assert_null(sim);
        cr_assert_eq(confab_sim_set_faults(simulated.sim, &bad[i]), -EINVAL, "number %zu", i);
    }
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &good), 0);
    simulate_end();
}

Test(sim, faults_of_an_older_caller_are_read_as_far_as_they_go)
{
    struct confab_sim_faults faults = { .size = offsetof(struct confab_sim_faults, again), .again = 5000 };

    simulate(1, NULL, NULL);
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &faults), 0);
    simulate_end();
}

Test(sim, freeing_none_is_no_error)
{
    cr_assert_eq(confab_sim_free(NULL), 0);
}

static int free_inside, settle_inside, deliver_inside, advance_inside;

static int call_from_a_hook(confab_chat *chat)
{
    (void)chat;
    free_inside = confab_sim_free(simulated.sim);
    settle_inside = confab_sim_settle(simulated.sim);
    deliver_inside = confab_sim_deliver(simulated.sim);
    advance_inside = confab_sim_advance(simulated.sim, 1);
    return 0;
}

Test(sim, free_settle_deliver_and_advance_inside_run_are_EBUSY)
{
    simulate(1, NULL, NULL);
    simulated.plan.line = call_from_a_hook;
    far_say(far_end(), "go\n");
    cr_assert_eq(free_inside, -EBUSY);
    cr_assert_eq(settle_inside, -EBUSY);
    cr_assert_eq(deliver_inside, -EBUSY);
    cr_assert_eq(advance_inside, -EBUSY);
    simulate_end();
}

static confab_sim_end *talked_to;
static int64_t seen_now;

static int talk_from_a_hook(confab_chat *chat)
{
    char got[8];

    cr_assert_eq(confab_sim_send(talked_to, "more\n", 5), 5);
    cr_assert_eq(confab_sim_recv(talked_to, got, sizeof got), -EAGAIN);
    cr_assert_eq(confab_sim_set_faults(simulated.sim, NULL), 0);
    seen_now = confab_sim_now(simulated.sim);
    simulated.plan.line = NULL;
    return confab_chat_puts(chat, "first\n");
}

Test(sim, a_hook_may_send_receive_change_the_faults_and_ask_the_time)
{
    simulate(1, NULL, NULL);
    talked_to = far_end();
    advance(CONFAB_SECOND);
    simulated.plan.line = talk_from_a_hook;
    far_say(talked_to, "go\n");
    far_expect(talked_to, "first\nmore\n");
    cr_assert_eq(seen_now, CONFAB_SECOND);
    simulate_end();
}

/* -- No descriptor is behind it --------------------------------------------- */

Test(sim, a_chat_has_no_descriptor_to_show)
{
    int before = test_open_fds();

    simulate(1, NULL, NULL);
    int made = test_open_fds();
    far_end();
    cr_assert_not_null(simulated.chat);
    cr_assert_eq(confab_chat_fd(simulated.chat), -1);
    cr_assert_eq(test_open_fds(), made, "a connection has a descriptor");
    simulate_end();
    cr_assert_eq(test_open_fds(), before);
}

Test(sim, a_dispatcher_has_no_descriptor_to_show)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops };

    simulate(1, NULL, NULL);
    confab_dispatcher *d = confab_dispatcher_new(simulated.reactor, &ops, NULL);
    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_fd(d), -1);
    simulate_end();
}

Test(sim, a_real_descriptor_is_refused_and_closed)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops };
    confab_listener *listener;
    int before, pair[2];

    simulate(1, NULL, NULL);
    before = test_open_fds();
    test_pair(pair);
    cr_assert_null(confab_chat_new(simulated.reactor, pair[0], &simulated_ops, NULL));
    cr_assert_eq(test_open_fds(), before + 1);
    cr_assert_neq(confab_listener_adopt(&listener, simulated.reactor, pair[1], &simulated_ops, NULL), 0);
    cr_assert_eq(test_open_fds(), before);
    test_pair(pair);
    confab_dispatcher *d = confab_dispatcher_new(simulated.reactor, &ops, NULL);
    cr_assert_eq(confab_dispatcher_adopt(d, pair[0]), -EPERM);
    close(pair[1]);
    cr_assert_eq(test_open_fds(), before);
    cr_assert_eq(confab_dispatcher_adopt(d, 1000), -EBADF);
    simulate_end();
}

Test(sim, a_file_is_sent_through_it)
{
    enum { LEN = 300000 };
    char *bytes = test_pattern(LEN), *got = malloc(LEN);
    size_t all = 0;
    int before;

    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    before = test_open_fds();
    cr_assert_eq(confab_chat_push_file(simulated.chat, test_file(bytes, LEN), 1000, -1), 0);
    confab_chat_close_when_done(simulated.chat);
    for (ssize_t n = 1; n != 0; all += (size_t)n) {
        settle();
        n = confab_sim_recv(end, got + all, LEN - all);
        cr_assert_geq(n, 0);
    }
    cr_assert_eq(all, LEN - 1000);
    cr_assert_eq(memcmp(got, bytes + 1000, all), 0);
    cr_assert_gt(traced("sendfile"), 1);
    cr_assert_eq(test_open_fds(), before, "the file is still open");
    simulate_end();
    free(bytes);
    free(got);
}

/* -- Handles --------------------------------------------------------------------- */

/* The first handle is the spare one of the reactor. */
static void expect_listener(int fd)
{
    char words[32];

    snprintf(words, sizeof words, "listen %d -> 0", fd);
    simulate(1, NULL, NULL);
    cr_assert_eq(traced(words), 1, "%s", confab_sim_trace(simulated.sim, NULL));
    simulate_end();
}

Test(sim, handles_are_low_where_the_process_has_few_descriptors)
{
    expect_listener(1025);
}

Test(sim, handles_are_out_of_the_way_of_a_process_with_many_descriptors)
{
    int fd = dup2(0, 512);

    cr_assert_eq(fd, 512);
    expect_listener(32769);
    close(fd);
}
