/* test_connect.c: connecting out, over each family, and how it fails; what a
 * chat can be made of. */
#include "support.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the hooks of one chat saw. */
struct end {
    confab_chat *chat;
    int connects, messages, closed, error;
    enum confab_reason reason;
    char message[64];
};

static struct end server;

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->chat = chat;
    end->connects++;
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->messages++;
    snprintf(end->message, sizeof end->message, "%s", confab_chat_message(chat, NULL));
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };

static confab_chat *connect_to(confab_reactor *reactor, const char *address, struct end *end)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };

    end->chat = confab_connect(reactor, address, &ops, &options);
    cr_assert_not_null(end->chat);
    cr_assert_eq(end->connects + end->closed, 0, "a hook was called inside the call");
    return end->chat;
}

static confab_listener *listen_on(confab_reactor *reactor, const char *address)
{
    struct confab_chat_options options = { .size = sizeof options, .data = &server };
    confab_listener *listener = NULL;
    int error = confab_listen(&listener, reactor, address, &ops, &options);

    cr_assert_eq(error, 0, "listen on %s: %s", address, strerror(-error));
    return listener;
}

static bool is_closed(void *data)
{
    return ((struct end *)data)->closed > 0;
}

static void cr_fails(confab_reactor *reactor, const char *address, int error)
{
    struct end end = { 0 };

    connect_to(reactor, address, &end);
    run_until(reactor, is_closed, &end);
    run_quiet(reactor);
    cr_assert_eq(end.connects, 0, "handle_connect was called");
    cr_assert_eq(end.closed, 1);
    cr_assert_eq(end.reason, CONFAB_REASON_CONNECT, "%s: reason %s", address, confab_reason_name(end.reason));
    cr_assert_eq(end.error, error, "%s: %s", address, strerror(end.error));
}

/* Connects to a listener, and a message goes each way. */
static void cr_talks(const char *address, const char *begins)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, address);
    char at[128], text[128];
    struct end client = { 0 };

    snprintf(at, sizeof at, "%s", confab_listener_address(listener));
    cr_assert_eq(strncmp(at, begins, strlen(begins)), 0, "it listens on %s", at);
    connect_to(reactor, at, &client);
    run_until_set(reactor, &client.connects);
    run_until_set(reactor, &server.connects);
    cr_assert_str_eq(confab_chat_peer(client.chat, text), at);
    cr_assert_str_eq(confab_chat_local(server.chat, text), at);
    cr_assert_eq(confab_chat_puts(client.chat, "hello\n"), 0);
    cr_assert_eq(confab_chat_puts(server.chat, "welcome\n"), 0);
    run_until_set(reactor, &client.messages);
    run_until_set(reactor, &server.messages);
    cr_assert_str_eq(server.message, "hello");
    cr_assert_str_eq(client.message, "welcome");
    cr_assert_eq(client.connects + server.connects, 2);
    test_reactor_free(reactor);
    cr_assert_eq(client.closed + server.closed, 2);
}

Test(connect, over_ipv4)
{
    cr_talks("127.0.0.1:0", "127.0.0.1:");
}

Test(connect, over_ipv6)
{
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

    if (probe < 0 || bind(probe, (struct sockaddr *)&sa, sizeof sa) < 0)
        cr_skip_test("there is no IPv6 here");
    close(probe);
    cr_talks("[::1]:0", "[::1]:");
}

Test(connect, over_a_unix_socket)
{
    char address[300];

    snprintf(address, sizeof address, "unix:%s/s", test_folder());
    cr_talks(address, address);
}

/* A port of 127.0.0.1 that nobody listens on. */
static void unused_address(char *text, size_t room)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sa;

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    snprintf(text, room, "127.0.0.1:%d", ntohs(sa.sin_port));
    close(fd);
}

Test(connect, refused_closes_with_CONNECT)
{
    confab_reactor *reactor = test_reactor();
    char address[64];
    int before = test_open_fds();

    unused_address(address, sizeof address);
    cr_fails(reactor, address, ECONNREFUSED);
    cr_assert_eq(test_open_fds(), before);
    test_reactor_free(reactor);
}

Test(connect, a_missing_socket_file_closes_with_CONNECT)
{
    confab_reactor *reactor = test_reactor();
    char address[300];

    snprintf(address, sizeof address, "unix:%s/none", test_folder());
    cr_fails(reactor, address, ENOENT);
    test_reactor_free(reactor);
}

Test(connect, a_bad_address_closes_with_CONNECT)
{
    static const char *const bad[] = {
        "", "nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:0", "[::1:80", "256.0.0.1:80", "unix:"
    };
    confab_reactor *reactor = test_reactor();

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_fails(reactor, bad[i], EINVAL);
    test_reactor_free(reactor);
}

Test(connect, a_reactor_runs_until_its_failed_connects_are_told)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    connect_to(reactor, "nonsense", &end);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(end.closed, 1);
    test_reactor_free(reactor);
}

enum { ATTEMPTS = 1000, TURNS = 10 };

/* A client that connects again as soon as it has failed. */
static struct {
    char address[300];
    int attempts, failures;
    bool connecting;
} stubborn;

static void attempt(confab_reactor *reactor);

static void try_again(confab_chat *chat, enum confab_reason reason)
{
    cr_assert_not(stubborn.connecting, "called inside confab_connect");
    cr_assert_eq(reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(confab_chat_error(chat), ENOENT);
    stubborn.failures++;
    if (stubborn.attempts < ATTEMPTS)
        attempt(confab_chat_reactor(chat));
}

static void attempt(confab_reactor *reactor)
{
    static const struct confab_chat_ops trying = { .size = sizeof trying,
                                                   .collect_incoming_data = confab_chat_collect,
                                                   .handle_close = try_again };

    stubborn.attempts++;
    stubborn.connecting = true;
    cr_assert_not_null(confab_connect(reactor, stubborn.address, &trying, NULL));
    stubborn.connecting = false;
}

Test(connect, each_of_those_that_fail_at_once_has_a_turn_of_its_own)
{
    confab_reactor *reactor = test_reactor();

    snprintf(stubborn.address, sizeof stubborn.address, "unix:%s/none", test_folder());
    attempt(reactor);
    for (int turns = 1; turns <= TURNS; turns++) {
        cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
        cr_assert_eq(stubborn.failures, turns);
    }
    stubborn.attempts = ATTEMPTS; /* the one that is under way is the last */
    run_quiet(reactor);
    cr_assert_eq(stubborn.failures, TURNS + 1);
    test_reactor_free(reactor);
}

Test(connect, what_is_pushed_meanwhile_leaves_once_connected)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, "127.0.0.1:0");
    struct end client = { 0 };

    connect_to(reactor, confab_listener_address(listener), &client);
    cr_assert_eq(confab_chat_state(client.chat), CONFAB_STATE_CONNECTING);
    cr_assert_eq(confab_chat_puts(client.chat, "early\n"), 0);
    run_until_set(reactor, &server.messages);
    cr_assert_str_eq(server.message, "early");
    cr_assert_eq(confab_chat_state(client.chat), CONFAB_STATE_OPEN);
    cr_assert_eq(client.connects, 1);
    test_reactor_free(reactor);
}

Test(connect, close_when_done_while_connecting_sends_first)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, "127.0.0.1:0");
    struct end client = { 0 };

    connect_to(reactor, confab_listener_address(listener), &client);
    cr_assert_eq(confab_chat_puts(client.chat, "and gone\n"), 0);
    confab_chat_close_when_done(client.chat);
    run_until_set(reactor, &client.closed);
    run_until_set(reactor, &server.closed);
    cr_assert_eq(client.reason, CONFAB_REASON_DONE);
    cr_assert_str_eq(server.message, "and gone");
    cr_assert_eq(server.reason, CONFAB_REASON_PEER_CLOSED);
    test_reactor_free(reactor);
}

Test(connect, close_while_connecting_gets_handle_close_alone)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, "127.0.0.1:0");
    struct end client = { 0 };
    int before = test_open_fds();

    connect_to(reactor, confab_listener_address(listener), &client);
    confab_chat_close(client.chat);
    cr_assert_eq(client.closed, 0);
    confab_listener_close(listener);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(client.connects, 0);
    cr_assert_eq(client.closed, 1);
    cr_assert_eq(client.reason, CONFAB_REASON_CLOSED);
    cr_assert_lt(test_open_fds(), before);
    test_reactor_free(reactor);
}

Test(connect, peer_sockaddr_is_what_it_was_connected_to)
{
    confab_reactor *reactor = test_reactor();
    confab_listener *listener = listen_on(reactor, "127.0.0.1:0");
    struct sockaddr_in sa = { 0 };
    socklen_t len = sizeof sa;
    struct end client = { 0 };
    char text[64];

    connect_to(reactor, confab_listener_address(listener), &client);
    run_until_set(reactor, &client.connects);
    cr_assert_eq(confab_chat_peer_sockaddr(client.chat, (struct sockaddr *)&sa, &len), 0);
    cr_assert_eq(len, sizeof sa);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(sa.sin_port));
    cr_assert_str_eq(text, confab_listener_address(listener));
    test_reactor_free(reactor);
}

Test(connect, a_unix_peer_without_a_name_is_unix)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    char text[128];
    int pair[2];

    test_pair(pair);
    end.chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_str_eq(confab_chat_peer(end.chat, text), "unix:");
    cr_assert_eq(confab_chat_fd(end.chat), pair[0]);
    confab_chat_close(end.chat);
    cr_assert_eq(confab_chat_fd(end.chat), -1);
    test_reactor_free(reactor);
}

static bool fd_is_closed(int fd)
{
    struct stat st;

    return fstat(fd, &st) < 0 && errno == EBADF;
}

/* No chat can be made of these, and the descriptor is closed all the same. */
static void cr_no_chat(confab_reactor *reactor, int fd, const struct confab_chat_ops *with,
                       const struct confab_chat_options *options)
{
    cr_assert_null(confab_chat_new(reactor, fd, with, options));
    run_quiet(reactor);
    cr_assert(fd_is_closed(fd), "the descriptor is still open");
}

static int one_end(void)
{
    int pair[2];

    test_pair(pair);
    close(pair[1]);
    return pair[0];
}

Test(connect, a_chat_cannot_be_made_of_a_file_or_with_bad_ops_or_options)
{
    static const struct confab_chat_ops no_size = { .found_terminator = found_terminator };
    static const struct confab_chat_ops no_collect = { .size = sizeof no_collect,
                                                       .found_terminator = found_terminator };
    static const struct confab_chat_options crossed = { .size = sizeof crossed, .low = 2000, .high = 1000 };
    confab_reactor *reactor = test_reactor();

    cr_no_chat(reactor, test_file("x", 1), &ops, NULL);
    cr_no_chat(reactor, one_end(), &no_size, NULL);
    cr_no_chat(reactor, one_end(), &no_collect, NULL);
    cr_no_chat(reactor, one_end(), &ops, &crossed);
    cr_assert_null(confab_connect(reactor, "127.0.0.1:1", &no_collect, NULL));
    cr_assert_eq(confab_reactor_run(reactor), 0, "something is left of them");
    test_reactor_free(reactor);
}

static char collected[64];

static int append(confab_chat *chat, const char *data, size_t len)
{
    (void)chat;
    strncat(collected, data, len);
    return 0;
}

Test(connect, a_chat_can_be_made_of_a_pipe)
{
    test_needs_descriptors();
    static const struct confab_chat_ops reading = { .size = sizeof reading, .collect_incoming_data = append };
    confab_reactor *reactor = test_reactor();
    int fd[2];

    cr_assert_eq(pipe(fd), 0);
    cr_assert_not_null(confab_chat_new(reactor, fd[0], &reading, NULL));
    cr_assert_eq(write(fd[1], "through a pipe", 14), 14);
    run_quiet(reactor);
    cr_assert_str_eq(collected, "through a pipe");
    close(fd[1]);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}
