/* test_sim_network.c: who reaches a listener in the simulated network, and by which address. */
#include "core/sim.h"
#include "sim_support.h"
#include "support.h"
#include <confab/dispatcher.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(sim_network, .timeout = 60);

static int connect_to(const char *address, const char *from, confab_sim_end **end)
{
    return confab_sim_connect(simulated.sim, address, from, end);
}

static void check_address(const char *address, const char *shown)
{
    char text[128];

    simulate_with(1, NULL);
    simulate_listen(address, NULL);
    confab_sim_end *end = far_end();
    far_say(end, "hello\n");
    far_expect(end, "hello\n");
    confab_chat_peer(simulated.chat, text);
    cr_assert_eq(strncmp(text, shown, strlen(shown)), 0, "%s: the peer is %s", address, text);
    simulate_end();
}

Test(sim_network, a_far_end_reaches_a_listener_by_the_address_that_it_shows)
{
    check_address("7", "127.0.0.1:");
    check_address("0", "127.0.0.1:");
    check_address("192.0.2.1:7", "127.0.0.1:");
    check_address("[::1]:7", "[::1]:");
    check_address("[2001:db8::1]:7", "[::1]:");
    check_address("*:7", "127.0.0.1:");
    check_address("*:0", "127.0.0.1:");
    check_address("unix:/nowhere/at/all", "unix:");
}

Test(sim_network, a_listener_for_every_interface_takes_both_families)
{
    static const char *const addresses[] = { "127.0.0.1:7", "192.0.2.1:7", "[::1]:7", "[2001:db8::1]:7" };
    confab_sim_end *end;

    simulate_with(1, NULL);
    simulate_listen("*:7", NULL);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        cr_assert_eq(connect_to(addresses[i], NULL, &end), 0, "%s", addresses[i]);
    settle();
    cr_assert_eq(simulated.connects, 4);
    simulate_end();
}

/* By sockets that are bound and nothing else; they go with the network. */
static void take_all_ports(void)
{
    static bool seen[UINT16_MAX + 1];
    struct sim_network *network = simulated.sim->network;
    const struct sockaddr_in any = { .sin_family = AF_INET };

    for (int i = 0; i < 16384; i++) {
        struct sim_socket *socket = sim_socket_new(network, AF_INET);
        struct sockaddr_in four;

        cr_assert_not_null(socket);
        cr_assert_eq(sim_bind(socket, (const struct sockaddr *)&any, sizeof any), 0);
        memcpy(&four, &socket->local, sizeof four);
        cr_assert(!seen[four.sin_port], "%d is given twice", ntohs(four.sin_port));
        seen[four.sin_port] = true;
    }
}

Test(sim_network, no_port_is_given_twice_and_when_all_are_taken_that_is_EADDRNOTAVAIL)
{
    confab_sim_listener *listener;
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    take_all_ports();
    struct sim_socket *last = simulated.sim->network->sockets;
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), -EADDRNOTAVAIL);
    cr_assert_null(end);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:0", &listener), -EADDRINUSE);
    cr_assert_not_null(confab_connect(simulated.reactor, "127.0.0.1:7", &simulated_ops, NULL));
    settle();
    cr_assert_eq(simulated.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(simulated.error, EADDRNOTAVAIL);
    uint16_t given = ntohs(((const struct sockaddr_in *)&last->local)->sin_port);
    sim_close(last);
    cr_assert_eq(simulated.sim->network->at_port[given - SIM_PORT_FIRST], 0);
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    settle();
    cr_assert_eq(simulated.connects, 1);
    simulate_end();
}

Test(sim_network, a_port_may_be_given_again_at_another_address)
{
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    for (int i = 0; i < 16384; i += 64) {
        cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
        settle();
    }
    simulated.sim->network->port = SIM_PORT_FIRST;
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.9", &end), 0);
    cr_assert_eq(simulated.sim->network->port, SIM_PORT_FIRST + 1);
    simulated.sim->network->port = SIM_PORT_FIRST + 256;
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.9", &end), 0);
    simulated.sim->network->port = SIM_PORT_FIRST;
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    cr_assert_eq(simulated.sim->network->port, SIM_PORT_FIRST + 256 + 1, "the first 256 are its own already");
    simulate_end();
}

Test(sim_network, a_listener_for_every_interface_of_ipv6_leaves_ipv4_to_another)
{
    char peer[128];

    simulate_with(1, NULL);
    simulate_listen("[::]:7", NULL);
    confab_sim_end *end;
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), -ECONNREFUSED);
    simulate_listen("0.0.0.0:7", NULL);
    cr_assert_eq(connect_to("192.0.2.1:7", NULL, &end), 0);
    settle();
    cr_assert_str_eq(confab_chat_local(simulated.chat, peer), "192.0.2.1:7");
    cr_assert_eq(connect_to("[2001:db8::1]:7", NULL, &end), 0);
    settle();
    cr_assert_str_eq(confab_chat_local(simulated.chat, peer), "[2001:db8::1]:7");
    simulate_end();
}

Test(sim_network, a_listener_for_every_interface_knows_its_ipv4_peers_by_their_address)
{
    char peer[128];
    confab_sim_end *end;

    simulate_with(1, NULL);
    simulate_listen("*:7", NULL);
    cr_assert_eq(connect_to("192.0.2.1:7", "192.0.2.7:4000", &end), 0);
    settle();
    cr_assert_str_eq(confab_chat_peer(simulated.chat, peer), "192.0.2.7:4000");
    cr_assert_str_eq(confab_chat_local(simulated.chat, peer), "192.0.2.1:7");
    simulate_end();
}

Test(sim_network, an_end_comes_from_where_it_is_told_to)
{
    char peer[128];
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.7:4000", &end), 0);
    settle();
    cr_assert_str_eq(confab_chat_peer(simulated.chat, peer), "192.0.2.7:4000");
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.7:4000", &end), -EADDRINUSE);
    cr_assert_null(end);
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.8", &end), 0);
    settle();
    confab_chat_peer(simulated.chat, peer);
    cr_assert_eq(strncmp(peer, "192.0.2.8:", 10), 0, "%s", peer);
    simulate_listen("[2001:db8::1]:7", NULL);
    cr_assert_eq(connect_to("[2001:db8::1]:7", "2001:db8::9", &end), 0);
    settle();
    confab_chat_peer(simulated.chat, peer);
    cr_assert_eq(strncmp(peer, "[2001:db8::9]:", 14), 0, "%s", peer);
    cr_assert_eq(connect_to("[2001:db8::1]:7", "[2001:db8::9]:99", &end), 0);
    settle();
    cr_assert_str_eq(confab_chat_peer(simulated.chat, peer), "[2001:db8::9]:99");
    simulate_end();
}

Test(sim_network, an_address_that_cannot_be_read_is_EINVAL)
{
    confab_sim_listener *listener;
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    cr_assert_eq(connect_to("nonsense", NULL, &end), -EINVAL);
    cr_assert_null(end);
    cr_assert_eq(connect_to("127.0.0.1:0", NULL, &end), -EINVAL);
    cr_assert_eq(connect_to("127.0.0.1:7", "nonsense", &end), -EINVAL);
    cr_assert_eq(connect_to("127.0.0.1:7", "::1", &end), -EINVAL, "of another family");
    cr_assert_eq(confab_sim_listen(simulated.sim, "nonsense", &listener), -EINVAL);
    cr_assert_null(listener);
    simulate_end();
}

Test(sim_network, where_nobody_listens_a_far_end_is_refused)
{
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    cr_assert_eq(connect_to("127.0.0.1:8", NULL, &end), -ECONNREFUSED);
    cr_assert_null(end);
    cr_assert_eq(connect_to("127.0.0.2:7", NULL, &end), -ECONNREFUSED);
    cr_assert_eq(connect_to("[::1]:7", NULL, &end), -ECONNREFUSED);
    cr_assert_eq(connect_to("unix:/nowhere/at/all", NULL, &end), -ECONNREFUSED);
    confab_listener_close(simulated.listener);
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), -ECONNREFUSED);
    simulate_end();
}

Test(sim_network, an_end_is_open_before_it_is_accepted)
{
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    confab_listener_pause(simulated.listener, true);
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    far_say(end, "hello\n");
    cr_assert_eq(simulated.connects, 0);
    far_expect_result(end, -EAGAIN);
    confab_listener_pause(simulated.listener, false);
    settle();
    far_expect(end, "hello\n");
    simulate_end();
}

Test(sim_network, as_many_wait_as_the_backlog_takes)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops };
    confab_sim_end *end;

    simulate_with(1, NULL);
    confab_dispatcher *d = confab_dispatcher_new(simulated.reactor, &ops, NULL);
    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(d, "127.0.0.1:7"), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 3), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), -EAGAIN);
    settle(); /* accepts them */
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    simulate_end();
}

Test(sim_network, those_that_wait_are_reset_when_the_listener_closes)
{
    confab_sim_end *end;

    simulate(1, NULL, NULL);
    confab_listener_pause(simulated.listener, true);
    cr_assert_eq(connect_to("127.0.0.1:7", NULL, &end), 0);
    confab_listener_close(simulated.listener);
    settle();
    far_expect_result(end, -ECONNRESET);
    simulate_end();
}

/* A simulated address is nobody's file. */
Test(sim_network, a_real_file_of_a_unix_address_is_left_alone)
{
    char path[256], address[300];
    struct stat st;

    snprintf(path, sizeof path, "%s/socket", test_folder());
    snprintf(address, sizeof address, "unix:%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(mknod(path, S_IFSOCK | 0600, 0), 0);
    simulate_with(1, NULL);
    simulate_listen(address, NULL);
    confab_listener_close(simulated.listener);
    settle();
    cr_assert_eq(lstat(path, &st), 0, "the file is gone");
    simulate_listen(address, NULL);
    confab_listener *listener;
    cr_assert_eq(confab_listen(&listener, simulated.reactor, address, &simulated_ops, NULL), -EADDRINUSE);
    simulate_end();
    cr_assert_eq(lstat(path, &st), 0, "the file is gone");
    close(fd);
    unlink(path);
}

Test(sim_network, an_address_has_one_listener)
{
    confab_sim_listener *far;
    confab_listener *listener;

    simulate(1, NULL, NULL);
    cr_assert_eq(confab_listen(&listener, simulated.reactor, "127.0.0.1:7", &simulated_ops, NULL),
                 -EADDRINUSE);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:7", &far), -EADDRINUSE);
    cr_assert_null(far);
    confab_listener_close(simulated.listener);
    settle();
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:7", &far), 0);
    simulate_end();
}

static struct sockaddr_storage accepted_from;

static int note_peer(confab_dispatcher *d, int fd, const struct sockaddr *peer, socklen_t len)
{
    (void)d, (void)fd;
    memcpy(&accepted_from, peer, len);
    return 0;
}

Test(sim_network, an_ipv4_peer_of_an_ipv6_socket_has_a_mapped_address)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops, .handle_accepted = note_peer };
    struct sockaddr_in6 six;
    confab_sim_end *end;

    simulate_with(1, NULL);
    confab_dispatcher *d = confab_dispatcher_new(simulated.reactor, &ops, NULL);
    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET6, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(d, "*:7"), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 3), 0);
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.7:4000", &end), 0);
    settle();
    memcpy(&six, &accepted_from, sizeof six);
    cr_assert_eq(six.sin6_family, AF_INET6);
    cr_assert(IN6_IS_ADDR_V4MAPPED(&six.sin6_addr));
    cr_assert_eq(six.sin6_port, htons(4000));
    simulate_end();
}

Test(sim_network, an_end_knows_its_address_and_the_other_ones)
{
    confab_sim_listener *listener;
    confab_sim_end *end;
    char local[128], peer[128];

    simulate(1, NULL, NULL);
    cr_assert_eq(connect_to("127.0.0.1:7", "192.0.2.7:4000", &end), 0);
    cr_assert_str_eq(confab_sim_local(end, local), "192.0.2.7:4000");
    cr_assert_str_eq(confab_sim_peer(end, peer), "127.0.0.1:7");
    cr_assert_eq(confab_sim_listen(simulated.sim, "*:9", &listener), 0);
    confab_chat *chat = confab_connect(simulated.reactor, "192.0.2.1:9", &simulated_ops, NULL);
    settle();
    cr_assert_eq(confab_sim_accept(listener, &end), 0);
    cr_assert_str_eq(confab_sim_local(end, local), "192.0.2.1:9", "the one that was connected to: %s", local);
    cr_assert_str_eq(confab_sim_peer(end, peer), confab_chat_local(chat, local));
    simulate_end();
}
