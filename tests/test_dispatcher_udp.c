/* test_dispatcher_udp.c: datagrams: each arrives whole, with where it came from. */
#include "dispatcher_support.h"
#include <stdlib.h>

TestSuite(dispatcher_udp, .timeout = 60);

enum { ROOM = 65536, BIG = 60000 };

/* A dispatcher of a datagram socket. */
struct udp {
    confab_dispatcher *d;
    struct sockaddr_in own, from; /* from: of the last datagram */
    int received, failed;
    bool echoes;
    ssize_t n; /* of the last one */
    char bytes[ROOM];
};

static int receive(confab_dispatcher *d)
{
    struct udp *udp = confab_dispatcher_data(d);
    socklen_t len = sizeof udp->from;

    memset(&udp->from, 0, sizeof udp->from);
    udp->n =
        confab_dispatcher_recvfrom(d, udp->bytes, sizeof udp->bytes, (struct sockaddr *)&udp->from, &len);
    if (udp->n < 0)
        return (int)udp->n;
    cr_expect_eq(len, sizeof udp->from);
    udp->received++;
    if (!udp->echoes)
        return 0;
    return (int)confab_dispatcher_sendto(d, udp->bytes, (size_t)udp->n, (struct sockaddr *)&udp->from, len);
}

static int fail(confab_dispatcher *d, int error)
{
    struct udp *udp = confab_dispatcher_data(d);

    udp->failed = error;
    return 0;
}

static void udp_open(struct udp *udp, confab_reactor *reactor)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops,
                                                      .handle_read = receive,
                                                      .handle_error = fail };
    socklen_t len = sizeof udp->own;

    udp->d = confab_dispatcher_new(reactor, &ops, udp);
    cr_assert_eq(confab_dispatcher_create_socket(udp->d, AF_INET, SOCK_DGRAM), 0);
    cr_assert_eq(confab_dispatcher_bind(udp->d, "127.0.0.1:0"), 0);
    cr_assert_eq(getsockname(confab_dispatcher_fd(udp->d), (struct sockaddr *)&udp->own, &len), 0);
}

static ssize_t udp_send(struct udp *from, const struct udp *to, const void *bytes, size_t len)
{
    return confab_dispatcher_sendto(from->d, bytes, len, (const struct sockaddr *)&to->own, sizeof to->own);
}

static bool from_is(const struct udp *udp, const struct udp *sender)
{
    return udp->from.sin_port == sender->own.sin_port &&
           udp->from.sin_addr.s_addr == sender->own.sin_addr.s_addr;
}

static struct udp server = { .echoes = true }, client, other;

static void echoes(confab_reactor *reactor, const char *bytes, size_t len)
{
    client.received = 0;
    cr_assert_eq(udp_send(&client, &server, bytes, len), (ssize_t)len);
    run_until_set(reactor, &client.received);
    cr_expect_eq(server.n, (ssize_t)len);
    cr_expect(from_is(&server, &client), "the server knows who sent %zu bytes", len);
    cr_expect_eq(client.n, (ssize_t)len);
    cr_expect_eq(memcmp(client.bytes, bytes, len), 0, "other bytes than were sent");
    cr_expect(from_is(&client, &server), "the client knows who answered");
}

Test(dispatcher_udp, echoes_each_size_from_0_to_1400_and_a_big_one)
{
    confab_reactor *reactor = test_reactor();
    char *bytes = test_pattern(BIG);

    udp_open(&server, reactor);
    udp_open(&client, reactor);
    for (size_t len = 0; len <= 1400; len++)
        echoes(reactor, bytes + len, len);
    echoes(reactor, bytes, BIG);
    cr_expect_eq(server.received, 1402, "one datagram is one event, whatever is in it");
    cr_expect_eq(server.failed + client.failed, 0);
    free(bytes);
    test_reactor_free(reactor);
}

Test(dispatcher_udp, each_sender_gets_the_answer_to_its_own)
{
    confab_reactor *reactor = test_reactor();

    udp_open(&server, reactor);
    udp_open(&client, reactor);
    udp_open(&other, reactor);
    cr_assert_eq(udp_send(&client, &server, "one", 3), 3);
    cr_assert_eq(udp_send(&other, &server, "other", 5), 5);
    run_until_set(reactor, &client.received);
    run_until_set(reactor, &other.received);
    cr_expect_str_eq(client.bytes, "one");
    cr_expect_str_eq(other.bytes, "other");
    cr_expect(from_is(&client, &server));
    cr_expect(from_is(&other, &server));
    test_reactor_free(reactor);
}

Test(dispatcher_udp, datagrams_that_wait_come_one_by_one_in_order)
{
    confab_reactor *reactor = test_reactor();
    char number;

    udp_open(&server, reactor);
    udp_open(&client, reactor);
    for (number = 'a'; number <= 'j'; number++)
        cr_assert_eq(udp_send(&server, &client, &number, 1), 1);
    for (number = 'a'; number <= 'j'; number++) {
        client.received = 0;
        run_until_set(reactor, &client.received);
        cr_expect_eq(client.received, 1);
        cr_expect_eq(client.bytes[0], number);
    }
    test_reactor_free(reactor);
}

Test(dispatcher_udp, one_that_is_too_big_is_EMSGSIZE_and_ends_nothing)
{
    static const char bytes[ROOM];
    confab_reactor *reactor = test_reactor();

    udp_open(&server, reactor);
    udp_open(&client, reactor);
    cr_expect_eq(udp_send(&client, &server, bytes, sizeof bytes), -EMSGSIZE);
    cr_assert_eq(udp_send(&client, &server, "small", 5), 5);
    run_until_set(reactor, &client.received);
    cr_expect_str_eq(client.bytes, "small");
    test_reactor_free(reactor);
}

/* The network says so where the peer's machine does; of a socket that is connected to that peer only. */
Test(dispatcher_udp, a_peer_that_is_not_there_is_an_error_and_not_the_end)
{
    confab_reactor *reactor = test_reactor();
    char text[128];

    udp_open(&server, reactor);
    udp_open(&client, reactor);
    cr_assert_eq(confab_dispatcher_connect(client.d, confab_dispatcher_address(server.d, text)), 0);
    cr_expect_eq(confab_dispatcher_send(client.d, "at once", 7), 7,
                 "a datagram can leave before handle_connect");
    run_quiet(reactor);
    cr_expect(confab_dispatcher_connected(client.d));
    confab_dispatcher_close(server.d);
    cr_assert_eq(confab_dispatcher_send(client.d, "x", 1), 1);
    run_until_set(reactor, &client.failed);
    cr_expect_eq(client.failed, -ECONNREFUSED);
    cr_expect(confab_dispatcher_connected(client.d));
    test_reactor_free(reactor);
}
