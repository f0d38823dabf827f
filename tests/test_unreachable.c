/* test_unreachable.c: how a connect goes, as the system tells it: at once, later, not at all.  The network that
 * cannot be reached is a real one where this process may make a network of its own. */
#include "dispatcher_support.h"
#include "stub_io.h"
#include <confab/chat.h>
#include <sched.h>

TestSuite(unreachable, .timeout = 60);

#ifdef __linux__
/* Moves this process into a network without any interface that is up. */
static bool leave_the_network(void)
{
    return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}
#else
static bool leave_the_network(void)
{
    return false;
}
#endif

/* What the hooks of a chat saw. */
struct end {
    int connects, closed, error;
    enum confab_reason reason;
};

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->connects++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static void chat_to(confab_reactor *reactor, const char *address, struct end *end)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .handle_connect = handle_connect,
                                                .collect_incoming_data = confab_chat_collect,
                                                .handle_close = handle_close };
    struct confab_chat_options options = { .size = sizeof options, .data = end };

    cr_assert_not_null(confab_connect(reactor, address, &ops, &options));
    cr_expect_eq(end->connects + end->closed, 0, "a hook was called inside confab_connect");
}

static void chat_fails(confab_reactor *reactor, const char *address, int error)
{
    struct end end = { 0 };

    chat_to(reactor, address, &end);
    run_until_set(reactor, &end.closed);
    cr_expect_eq(end.connects, 0);
    cr_expect_eq(end.closed, 1);
    cr_expect_eq(end.reason, CONFAB_REASON_CONNECT, "%s", confab_reason_name(end.reason));
    cr_expect_eq(end.error, error, "%s", strerror(end.error));
}

/* -- Unreachable --------------------------------------------------------- */

Test(unreachable, a_chat_closes_with_CONNECT_and_the_errno_in_a_network_that_is_down)
{
    test_needs_descriptors();
    if (!leave_the_network())
        cr_skip("this process may not have a network of its own");
    confab_reactor *reactor = test_reactor();

    chat_fails(reactor, "127.0.0.1:9", ENETUNREACH);
    test_reactor_free(reactor);
}

Test(unreachable, a_dispatchers_connect_returns_the_errno_in_a_network_that_is_down)
{
    test_needs_descriptors();
    if (!leave_the_network())
        cr_skip("this process may not have a network of its own");
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    cr_expect_eq(confab_dispatcher_connect(d, "127.0.0.1:9"), -ENETUNREACH);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "");
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    test_reactor_free(reactor);
}

Test(unreachable, a_chat_closes_with_CONNECT_and_the_errno_that_connect_returns)
{
    static const int errors[] = { ENETUNREACH, EHOSTUNREACH, EACCES, EADDRNOTAVAIL };
    confab_reactor *reactor = test_reactor();

    stub_io(reactor);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        stub_connect_error = -errors[i];
        chat_fails(reactor, "127.0.0.1:9", errors[i]);
    }
    test_reactor_free(reactor);
}

Test(unreachable, a_dispatchers_connect_returns_the_errno_that_connect_returns)
{
    static const int errors[] = { ENETUNREACH, EHOSTUNREACH, EACCES, EADDRNOTAVAIL };
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

    stub_io(reactor);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        stub_connect_error = -errors[i];
        cr_expect_eq(confab_dispatcher_connect(d, "127.0.0.1:9"), -errors[i]);
        cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    }
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "", "and nobody is told again");
    test_reactor_free(reactor);
}

Test(unreachable, a_chat_closes_with_CONNECT_and_the_errno_that_is_learned_later)
{
    static const int errors[] = { ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, ECONNRESET };
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 };
    char text[128];

    stub_io(reactor);
    confab_dispatcher_address(listening(reactor, AF_INET, "127.0.0.1:0", &server), text);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        stub_socket_error = -errors[i];
        chat_fails(reactor, text, errors[i]);
        run_until_set(reactor, &server.times[ACCEPTED]);
        test_close(server.fd);
        server.times[ACCEPTED] = 0;
    }
    test_reactor_free(reactor);
}

Test(unreachable, a_dispatcher_is_told_the_errno_that_is_learned_later)
{
    static const int errors[] = { ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, ECONNRESET };
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 };
    char text[128];

    stub_io(reactor);
    confab_dispatcher_address(listening(reactor, AF_INET, "127.0.0.1:0", &server), text);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct seen seen = { .fail_in = 1u << ERROR };
        confab_dispatcher *d = with_socket(reactor, AF_INET, SOCK_STREAM, &seen);

        stub_socket_error = -errors[i];
        cr_assert_eq(confab_dispatcher_connect(d, text), 0);
        run_until_set(reactor, &seen.times[CLOSE]);
        cr_expect_str_eq(seen.order, "!.");
        cr_expect_eq(seen.error, -errors[i]);
        run_until_set(reactor, &server.times[ACCEPTED]);
        test_close(server.fd);
        server.times[ACCEPTED] = 0;
    }
    test_reactor_free(reactor);
}

/* -- Under way, and at once ---------------------------------------------- */

Test(unreachable, the_first_event_after_connect_asks_the_socket_once)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 }, client = { 0 };
    struct end end = { 0 };
    char text[128];

    stub_io(reactor);
    confab_dispatcher_address(listening(reactor, AF_INET, "127.0.0.1:0", &server), text);
    confab_dispatcher *c = with_socket(reactor, AF_INET, SOCK_STREAM, &client);
    cr_assert_eq(confab_dispatcher_connect(c, text), 0);
    cr_expect(confab_dispatcher_connecting(c));
    cr_expect_eq(stub_socket_errors, 0);
    run_until_set(reactor, &client.times[CONNECT]);
    cr_expect_eq(stub_socket_errors, 1);
    run_until_set(reactor, &server.times[ACCEPTED]);
    test_send(server.fd, "x", 1);
    run_until_set(reactor, &client.times[READ]);
    cr_expect_eq(stub_socket_errors, 1, "the events after it need not ask");
    test_close(server.fd);

    server.times[ACCEPTED] = 0;
    chat_to(reactor, text, &end);
    run_until_set(reactor, &end.connects);
    run_until_set(reactor, &server.times[ACCEPTED]);
    cr_expect_eq(stub_socket_errors, 2);
    test_send(server.fd, "x", 1);
    run_quiet(reactor);
    cr_expect_eq(stub_socket_errors, 2);
    test_close(server.fd);
    test_reactor_free(reactor);
}

Test(unreachable, a_connect_that_is_done_at_once_is_told_in_the_turn)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 }, client = { 0 };
    struct end end = { 0 };
    char text[128];

    stub_io(reactor);
    stub_connect_at_once = true;
    confab_dispatcher_address(listening(reactor, AF_INET, "127.0.0.1:0", &server), text);
    confab_dispatcher *c = with_socket(reactor, AF_INET, SOCK_STREAM, &client);
    cr_assert_eq(confab_dispatcher_connect(c, text), 0);
    cr_expect_str_eq(client.order, "", "no handler runs inside connect");
    cr_expect(confab_dispatcher_connecting(c));
    run_quiet(reactor);
    cr_expect_str_eq(client.order, "C");
    cr_expect(confab_dispatcher_connected(c));
    test_close(server.fd);

    chat_to(reactor, text, &end);
    cr_expect_geq(confab_reactor_run_once(reactor, 0), 1);
    cr_expect_eq(end.connects, 1);
    run_quiet(reactor);
    test_close(server.fd);
    test_reactor_free(reactor);
    cr_expect_eq(end.connects, 1);
}
