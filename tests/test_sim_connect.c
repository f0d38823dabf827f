/* test_sim_connect.c: the reactor's side of a simulated network connects. */
#include "sim_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

TestSuite(sim_connect, .timeout = 60);

static confab_chat *connect_out(const char *address)
{
    confab_chat *chat = confab_connect(simulated.reactor, address, &simulated_ops, NULL);

    cr_assert_not_null(chat);
    settle();
    return chat;
}

static void check_outbound(const char *address)
{
    confab_sim_listener *listener;
    confab_sim_end *end;

    simulate_with(1, NULL);
    cr_assert_eq(confab_sim_listen(simulated.sim, address, &listener), 0);
    cr_assert_eq(confab_sim_accept(listener, &end), -EAGAIN);
    cr_assert_null(end);
    connect_out(confab_sim_listener_address(listener));
    cr_assert_eq(simulated.connects, 1);
    cr_assert_eq(confab_sim_accept(listener, &end), 0);
    far_say(end, "hello\n");
    far_expect(end, "hello\n");
    confab_sim_close(end);
    settle();
    cr_assert_eq(simulated.closes, 1);
    cr_assert_eq(simulated.reason, CONFAB_REASON_DONE);
    simulate_end();
}

Test(sim_connect, a_chat_connects_to_a_far_listener)
{
    check_outbound("127.0.0.1:7");
    check_outbound("127.0.0.1:0");
    check_outbound("192.0.2.1:0");
    check_outbound("[2001:db8::1]:0");
    check_outbound("unix:/nowhere/at/all");
}

Test(sim_connect, a_far_listener_that_closes_resets_what_waits_and_refuses_what_comes)
{
    confab_sim_listener *listener;
    char address[128];

    simulate_with(1, NULL);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:0", &listener), 0);
    snprintf(address, sizeof address, "%s", confab_sim_listener_address(listener));
    connect_out(address);
    confab_sim_listener_close(listener);
    settle();
    cr_assert_eq(simulated.reason, CONFAB_REASON_RESET);
    cr_assert_eq(simulated.error, ECONNRESET);
    connect_out(address);
    cr_assert_eq(simulated.closes, 2);
    cr_assert_eq(simulated.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(simulated.error, ECONNREFUSED);
    simulate_end();
}

Test(sim_connect, a_chat_and_a_listener_of_one_reactor_find_each_other)
{
    simulate(1, NULL, NULL);
    connect_out("127.0.0.1:7");
    cr_assert_eq(simulated.connects, 2);
    simulate_end();
}

Test(sim_connect, a_connect_to_a_full_backlog_waits_for_its_place)
{
    confab_sim_listener *listener;
    confab_sim_end *end;
    int taken = 0;

    simulate_with(1, NULL);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:7", &listener), 0);
    while (confab_sim_connect(simulated.sim, "127.0.0.1:7", NULL, &end) == 0)
        taken++;
    cr_assert_gt(taken, 0);
    connect_out("127.0.0.1:7");
    cr_assert_eq(simulated.connects, 0);
    cr_assert_eq(confab_sim_accept(listener, &end), 0);
    advance(2 * CONFAB_SECOND);
    cr_assert_eq(simulated.connects, 1);
    simulate_end();
}

Test(sim_connect, a_name_stands_for_the_addresses_that_it_was_given)
{
    confab_sim_listener *listener;

    simulate_with(1, NULL);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "192.0.2.1"), 0);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "2001:db8::1"), 0);
    cr_assert_eq(confab_sim_listen(simulated.sim, "[2001:db8::1]:7", &listener), 0);
    connect_out("host.example:7");
    cr_assert_eq(simulated.connects, 1);
    connect_out("HOST.example:7");
    cr_assert_eq(simulated.connects, 2);
    connect_out("other.example:7");
    cr_assert_eq(simulated.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(simulated.error, EHOSTUNREACH);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "nonsense"), -EINVAL);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "192.0.2.1:7"), -EINVAL);
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", ""), -EINVAL);
    cr_assert_eq(confab_sim_name(simulated.sim, "", "192.0.2.1"), -EINVAL);
    simulate_end();
}

Test(sim_connect, localhost_is_both_loopbacks_and_nothing_else)
{
    static const char *const addresses[] = { "127.0.0.1:7", "[::1]:7" }, *const names[] = { "localhost:7",
                                                                                            "LocalHost:7" };

    for (int i = 0; i < 4; i++) {
        confab_sim_listener *listener;

        simulate_with(1, NULL);
        cr_assert_eq(confab_sim_name(simulated.sim, "localhost", "192.0.2.1"), -EINVAL);
        cr_assert_eq(confab_sim_listen(simulated.sim, addresses[i % 2], &listener), 0);
        connect_out(names[i / 2]);
        cr_assert_eq(simulated.connects, 1, "%s", addresses[i % 2]);
        simulate_end();
    }
}

Test(sim_connect, freed_with_everything_open_nothing_is_left)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND };
    confab_sim_listener *listener;
    confab_sim_end *end;

    simulate(1, &faults, NULL);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &listener), 0);
    far_send(far_end(), "under way\n");
    confab_sim_connect(simulated.sim, "127.0.0.1:7", NULL, &end);
    confab_sim_connect(simulated.sim, "127.0.0.1:9", NULL, &end);
    connect_out("127.0.0.1:9");
    confab_sim_close(far_end());
    simulate_end();
}
