/* test_dispatcher_socket.c: dispatchers with sockets of their own, and connecting. */
#include "dispatcher_support.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(dispatcher_socket, .timeout = 60);

static void connects_over(int family, const char *address)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .fd = -1 }, client = { 0 };
    char text[128], peer[128];
    confab_dispatcher *l = listening(reactor, family, address, &server);
    confab_dispatcher *c = with_socket(reactor, family, SOCK_STREAM, &client);

    cr_expect(confab_dispatcher_accepting(l));
    confab_dispatcher_address(l, text);
    cr_assert_eq(confab_dispatcher_connect(c, text), 0);
    cr_expect_eq(confab_dispatcher_state(c), CONFAB_DISPATCHER_CONNECTING);
    cr_expect_str_eq(client.order, "", "no handler runs inside connect");
    run_until_set(reactor, &client.times[CONNECT]);
    run_until_set(reactor, &server.times[ACCEPTED]);
    cr_expect_eq(confab_dispatcher_state(c), CONFAB_DISPATCHER_CONNECTED);
    cr_expect_str_eq(confab_dispatcher_address(c, peer), text, "the peer's address");

    cr_expect_eq(confab_dispatcher_send(c, "ping", 4), 4);
    test_expect_bytes(reactor, server.fd, "ping", 4);
    test_send(server.fd, "pong", 4);
    run_until_set(reactor, &client.times[READ]);
    cr_expect_str_eq(client.bytes, "pong");
    cr_expect_str_eq(client.order, "CR");
    close(server.fd);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, connects_and_accepts_over_ipv4)
{
    connects_over(AF_INET, "127.0.0.1:0");
}

Test(dispatcher_socket, connects_and_accepts_over_ipv6)
{
    if (!has_six())
        cr_skip("there is no IPv6 here");
    connects_over(AF_INET6, "[::1]:0");
}

Test(dispatcher_socket, connects_and_accepts_over_unix)
{
    char address[300];

    snprintf(address, sizeof address, "unix:%s/s", test_folder());
    connects_over(AF_UNIX, address);
}

Test(dispatcher_socket, binds_every_interface_as_its_family_can)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen[2] = { 0 };
    char text[128];
    confab_dispatcher *four = listening(reactor, AF_INET, "*:0", &seen[0]);

    cr_expect_eq(strncmp(confab_dispatcher_address(four, text), "0.0.0.0:", 8), 0, "%s", text);
    if (has_six()) {
        confab_dispatcher *both = listening(reactor, AF_INET6, "*:0", &seen[1]);

        confab_dispatcher_address(both, text);
        close(test_connect(strrchr(text, ':'))); /* over IPv4 */
        run_until_set(reactor, &seen[1].times[ACCEPTED]);
        close(seen[1].fd);
    }
    test_reactor_free(reactor);
}

Test(dispatcher_socket, an_address_of_another_family_is_refused)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 }, six_seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    if (has_six()) {
        confab_dispatcher *six = with_socket(reactor, AF_INET6, SOCK_STREAM, &six_seen);
        cr_expect_eq(confab_dispatcher_bind(six, "127.0.0.1:0"), -EAFNOSUPPORT);
    }
    cr_expect_eq(confab_dispatcher_bind(d, "unix:/nowhere"), -EAFNOSUPPORT);
    cr_expect_eq(confab_dispatcher_bind(d, "nonsense"), -EINVAL);
    cr_expect_eq(confab_dispatcher_connect(d, "nonsense"), -EINVAL);
    cr_expect_eq(confab_dispatcher_connect(d, "*:80"), -EINVAL);
    cr_expect_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), -EISCONN);
    test_reactor_free(reactor);
    cr_expect_str_eq(seen.order, ".");
}

Test(dispatcher_socket, without_a_descriptor_can_do_nothing)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = confab_dispatcher_new(reactor, &noting, &seen);

    cr_expect_eq(confab_dispatcher_connect(d, "127.0.0.1:1"), -EBADF);
    cr_expect_eq(confab_dispatcher_listen(d, 1), -EBADF);
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EBADF);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, a_new_stream_socket_is_told_nothing)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    cr_expect_eq(confab_dispatcher_want(d, CONFAB_READ | CONFAB_WRITE), 0);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "");
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -ENOTCONN);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "", "and that is not the end of a connection");
    test_reactor_free(reactor);
}

/* -- Connecting ---------------------------------------------------------- */

Test(dispatcher_socket, a_connect_under_way_cannot_send_yet)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 }, client = { 0 };
    char text[128], byte;
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    confab_dispatcher *c = with_socket(reactor, AF_INET, SOCK_STREAM, &client);

    cr_assert_eq(confab_dispatcher_connect(c, confab_dispatcher_address(l, text)), 0);
    cr_expect_eq(confab_dispatcher_send(c, "x", 1), -EAGAIN);
    cr_expect_eq(confab_dispatcher_recv(c, &byte, 1), -EAGAIN);
    cr_expect_eq(confab_dispatcher_connect(c, text), -EALREADY);
    run_until_set(reactor, &client.times[CONNECT]);
    cr_expect_eq(confab_dispatcher_connect(c, text), -EISCONN);
    run_until_set(reactor, &server.times[ACCEPTED]);
    close(server.fd);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, a_refused_connect_goes_to_handle_error_and_closes)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .fail_in = 1u << ERROR };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    cr_assert_eq(confab_dispatcher_connect(d, deserted()), 0);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "!.");
    cr_expect_eq(seen.error, -ECONNREFUSED);
    test_reactor_free(reactor);
    cr_expect_eq(seen.times[CLOSE], 1);
}

Test(dispatcher_socket, may_be_kept_after_a_refused_connect)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    char text[128], to[128];

    snprintf(to, sizeof to, "%s", deserted());
    cr_assert_eq(confab_dispatcher_connect(d, to), 0);
    run_until_set(reactor, &seen.times[ERROR]);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "!", "and is told nothing more");
    cr_expect_str_eq(confab_dispatcher_address(d, text), to, "whom it could not reach");
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, a_failure_known_at_once_is_returned_and_not_told)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_UNIX, SOCK_STREAM, &seen);
    char address[300];

    snprintf(address, sizeof address, "unix:%s/nobody", test_folder());
    cr_expect_eq(confab_dispatcher_connect(d, address), -ENOENT);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "");
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, can_be_closed_in_handle_connect)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 }, client = { .close_in = 1u << CONNECT };
    char text[128];
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    confab_dispatcher *c = with_socket(reactor, AF_INET, SOCK_STREAM, &client);

    cr_expect_eq(confab_dispatcher_want(c, CONFAB_READ | CONFAB_WRITE), 0);
    cr_assert_eq(confab_dispatcher_connect(c, confab_dispatcher_address(l, text)), 0);
    run_until_set(reactor, &client.times[CLOSE]);
    cr_expect_str_eq(client.order, "C.");
    run_until_set(reactor, &server.times[ACCEPTED]);
    close(server.fd);
    test_reactor_free(reactor);
}

Test(dispatcher_socket, closed_while_connected_at_once_is_not_told_of_it)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .fd = -1 }, client = { 0 };
    char address[300];

    snprintf(address, sizeof address, "unix:%s/s", test_folder());
    listening(reactor, AF_UNIX, address, &server);
    confab_dispatcher *c = with_socket(reactor, AF_UNIX, SOCK_STREAM, &client);
    cr_assert_eq(confab_dispatcher_connect(c, address), 0);
    confab_dispatcher_close(c);
    run_quiet(reactor);
    cr_expect_str_eq(client.order, ".");
    close(server.fd);
    test_reactor_free(reactor);
}
