/* test_sim_faults_connections.c: each fault of a simulation's connections by itself:
 * what it does, how often, and that the trace tells of it. */
#include "sim_faults_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sim_faults_connections, .timeout = 60);

/* -- Connects ------------------------------------------------------------------------ */

Test(sim_faults_connections, an_interrupted_connect_goes_on_by_itself)
{
    static const char *const addresses[] = { "127.0.0.1:9", "unix:/nowhere/at/all" };
    confab_sim_listener *listener;

    for (int i = 0; i < 2; i++) {
        faults.interrupted = 500;
        begin();
        cr_assert_eq(confab_sim_listen(simulated.sim, addresses[i], &listener), 0);
        for (int k = 0; k < 100; k++)
            cr_assert_not_null(confab_connect(simulated.reactor, addresses[i], &simulated_ops, NULL));
        settle();
        cr_assert_eq(simulated.connects, 100, "%d of %s", simulated.connects, addresses[i]);
        cr_assert_gt(traced(" is interrupted\n"), 20);
        end();
    }
}

Test(sim_faults_connections, a_refused_connect_is_ECONNREFUSED_whoever_listens)
{
    confab_sim_listener *listener;

    faults.refused = 300;
    begin();
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &listener), 0);
    for (int i = 0; i < 120; i++) {
        int before = simulated.closes;

        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL));
        settle();
        if (simulated.closes > before) {
            cr_assert_eq(simulated.reason, CONFAB_REASON_CONNECT);
            cr_assert_eq(simulated.error, ECONNREFUSED);
        }
    }
    cr_assert_eq(simulated.connects + simulated.closes, 120);
    expect_share(simulated.closes, 120, 300);
    cr_assert_eq(traced(" is refused\n"), simulated.closes);
    end();
}

Test(sim_faults_connections, nobody_ever_answers_an_unanswered_connect)
{
    confab_sim_listener *listener;
    confab_sim_end *far;
    int failed;

    faults.unanswered = 300;
    begin();
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &listener), 0);
    for (int i = 0; i < 120; i++)
        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL));
    advance(9 * CONFAB_SECOND);
    cr_assert_eq(simulated.closes, 0);
    failed = 120 - simulated.connects;
    expect_share(failed, 120, 300);
    cr_assert_eq(traced(" is not answered\n"), failed);
    for (int i = 0; i < simulated.connects; i++)
        cr_assert_eq(confab_sim_accept(listener, &far), 0);
    cr_assert_eq(confab_sim_accept(listener, &far), -EAGAIN);
    advance(2 * CONFAB_SECOND); /* the connect time-out */
    cr_assert_eq(simulated.closes, failed);
    cr_assert_eq(simulated.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(simulated.error, ETIMEDOUT);
    end();
}

Test(sim_faults_connections, the_system_gives_an_unanswered_connect_up_in_the_end)
{
    struct confab_chat_options options = { .size = sizeof options };

    options.timeout[CONFAB_TIMEOUT_CONNECT] = CONFAB_OFF;
    faults.unanswered = 900;
    begin();
    for (int i = 0; i < 20; i++)
        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:7", &simulated_ops, &options));
    advance(2 * CONFAB_MINUTE);
    cr_assert_eq(simulated.closes, 0);
    advance(10 * CONFAB_SECOND);
    cr_assert_gt(simulated.closes, 0);
    cr_assert_eq(simulated.error, ETIMEDOUT);
    end();
}

/* -- Connections to the reactor's listeners ---------------------------------------------- */

Test(sim_faults_connections, an_aborted_connection_is_gone_before_it_is_accepted)
{
    int aborted = 0;

    faults.aborted = 300;
    begin();
    for (int i = 0; i < 200; i++) {
        int before = simulated.connects;
        confab_sim_end *far = far_end();

        if (simulated.connects == before) {
            far_expect_result(far, -ECONNRESET);
            aborted++;
        } else {
            far_say(far, "hello\n");
            far_expect(far, "hello\n");
        }
    }
    expect_share(aborted, 200, 300);
    cr_assert_eq(traced(" is aborted\n"), aborted);
    end();
}

Test(sim_faults_connections, without_a_descriptor_nothing_is_accepted_and_the_listener_rests)
{
    int accepted = 0, waiting = 0;

    faults.no_descriptor = 500;
    begin();
    confab_log_set(NULL, NULL, CONFAB_ERROR); /* of which it tells by a warning */
    for (int i = 0; i < 200; i++) {
        int before = simulated.connects;
        confab_sim_end *far = far_end();
        char got[8];
        ssize_t n = confab_sim_recv(far, got, sizeof got);

        accepted += simulated.connects > before;
        waiting += simulated.connects == before && n == -EAGAIN;
        advance(150 * CONFAB_MILLISECOND);
    }
    cr_assert_gt(accepted, 50);
    cr_assert_lt(accepted, 150);
    cr_assert_gt(waiting, 0, "none waited for the listener");
    cr_assert_gt(traced("fault: accept "), 50);
    cr_assert_gt(traced(" -> no descriptor\n"), 50);
    end();
}

Test(sim_faults_connections, without_a_descriptor_a_connect_ends_with_EMFILE)
{
    int failed;

    faults.no_descriptor = 500;
    begin();
    for (int i = 0; i < 120; i++)
        cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:9", &simulated_ops, NULL));
    settle();
    cr_assert_eq(simulated.closes, 120);
    failed = traced("fault: socket -> no descriptor\n");
    expect_share(failed, 120, 500);
    end();
}

/* -- Connections that break -------------------------------------------------------------------- */

Test(sim_faults_connections, a_connection_is_reset_once_so_many_bytes_have_arrived_both_ways)
{
    int reset = 0;

    faults.resets = 500;
    faults.reset_after = 100;
    begin();
    for (int i = 0; i < 200; i++) {
        confab_sim_end *far = far_end();
        int before = simulated.closes, sent = 0;
        char got[16];
        ssize_t n = 0;

        /* Ten bytes each way. */
        for (; sent < 20 && n >= 0; sent++) {
            if (confab_sim_send(far, "012345678\n", 10) < 0)
                break;
            settle();
            n = confab_sim_recv(far, got, sizeof got);
        }
        if (simulated.closes > before) {
            cr_assert_eq(simulated.reason, CONFAB_REASON_RESET);
            cr_assert_eq(simulated.error, ECONNRESET);
            cr_assert_leq(sent, 6, "%d bytes have arrived", 20 * sent);
            reset++;
        }
        confab_sim_close(far);
        settle();
    }
    expect_share(reset, 200, 500);
    cr_assert_eq(traced("fault: the network resets "), reset);
    end();
}

Test(sim_faults_connections, unless_told_it_is_reset_within_4096_bytes)
{
    char line[4097];
    int reset = 0;

    memset(line, 'x', sizeof line);
    line[4096] = '\0';
    faults.resets = 900;
    begin();
    simulated.plan.connect = count_bytes;
    for (int i = 0; i < 100; i++) {
        confab_sim_end *far = far_end();
        int before = simulated.closes;

        confab_sim_send(far, line, 4096);
        settle();
        reset += simulated.closes > before;
        if (i == 0)
            cr_assert_lt(confab_sim_unread(far), 4096);
    }
    expect_share(reset, 101, 900);
    end();
}
