/* test_adopt.c: dispatchers and chats of sockets that somebody else made: not connected yet, connecting, broken. */
#include "core/chat.h"
#include "dispatcher_support.h"
#include "stub_io.h"
#include <fcntl.h>
#include <poll.h>

TestSuite(adopt, .timeout = 60);

/* -- Sockets in each condition ------------------------------------------- */

static int nonblocking_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static bool ready(int fd, short events, int milliseconds)
{
    return poll(&(struct pollfd){ .fd = fd, .events = events }, 1, milliseconds) == 1;
}

static struct sockaddr_in own_address(int fd)
{
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    return sa;
}

/* A connect that stays under way for as long as the listener's backlog is full. */
struct slow {
    int listener, before, fd, far;
    char address[64];
};

static void slow_begin(struct slow *slow)
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    slow->far = -1;
    slow->listener = nonblocking_socket();
    cr_assert_eq(bind(slow->listener, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(listen(slow->listener, 0), 0);
    sa = own_address(slow->listener);
    snprintf(slow->address, sizeof slow->address, "127.0.0.1:%u", ntohs(sa.sin_port));
    slow->before = test_connect(slow->address);
    cr_assert(ready(slow->listener, POLLIN, 10000));
    slow->fd = nonblocking_socket();
    cr_assert_eq(connect(slow->fd, (struct sockaddr *)&sa, sizeof sa), -1);
    cr_assert_eq(errno, EINPROGRESS);
    if (ready(slow->fd, POLLOUT, 0))
        cr_skip("a backlog of this system is never full");
}

/* Makes room: the system tries again within a second or so. */
static void slow_go_on(struct slow *slow)
{
    int fd = accept(slow->listener, NULL, NULL);

    cr_assert_geq(fd, 0);
    close(fd);
}

static void slow_end(struct slow *slow)
{
    close(slow->before);
    close(slow->listener);
    if (slow->far >= 0)
        close(slow->far);
}

/* One whose connect was refused, which nobody has been told. */
static int refused_socket(void)
{
    int probe = nonblocking_socket(), fd = nonblocking_socket();
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    cr_assert_eq(bind(probe, (struct sockaddr *)&sa, sizeof sa), 0);
    sa = own_address(probe);
    close(probe);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), -1);
    if (errno != EINPROGRESS)
        cr_skip("this system tells at once");
    cr_assert(ready(fd, POLLOUT, 10000));
    return fd;
}

/* One whose connection was reset when bytes of it waited to be received. */
static int broken_socket(const char *last)
{
    const struct linger now = { .l_onoff = 1 };
    int fds[2];

    test_tcp_pair(fds);
    test_send(fds[1], last, strlen(last));
    cr_assert(ready(fds[0], POLLIN, 10000));
    setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fds[1]);
    cr_assert(ready(fds[0], POLLHUP, 10000));
    return fds[0];
}

/* -- Dispatchers --------------------------------------------------------- */

Test(adopt, a_dispatcher_of_a_socket_that_is_not_connected_is_NEW_and_can_connect)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .fd = -1 }, client = { 0 };
    char text[128];
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    confab_dispatcher *d = adopted(reactor, socket(AF_INET, SOCK_STREAM, 0), &client);

    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    cr_expect_not(confab_dispatcher_connected(d));
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -ENOTCONN);
    run_quiet(reactor);
    cr_expect_str_eq(client.order, "", "it is told nothing, and does not make the loop spin");
    cr_assert_eq(confab_dispatcher_connect(d, confab_dispatcher_address(l, text)), 0);
    run_until_set(reactor, &client.times[CONNECT]);
    run_until_set(reactor, &server.times[ACCEPTED]);
    close(server.fd);
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_socket_that_is_only_bound_is_NEW_and_can_listen)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .fd = -1 };
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[128];

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    confab_dispatcher *d = adopted(reactor, fd, &seen);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    cr_assert_eq(confab_dispatcher_listen(d, 4), 0);
    int far = test_connect(confab_dispatcher_address(d, text));
    run_until_set(reactor, &seen.times[ACCEPTED]);
    close(far);
    close(seen.fd);
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_unix_socket_that_is_not_connected_is_NEW)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = adopted(reactor, socket(AF_UNIX, SOCK_STREAM, 0), &seen);

    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "");
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_datagram_socket_without_a_peer_is_NEW_and_receives)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), far = socket(AF_INET, SOCK_DGRAM, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    sa = own_address(fd);
    confab_dispatcher *d = adopted(reactor, fd, &seen);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    cr_assert_eq(sendto(far, "udp", 3, 0, (struct sockaddr *)&sa, sizeof sa), 3);
    run_until_set(reactor, &seen.times[READ]);
    cr_expect_str_eq(seen.bytes, "udp");
    close(far);
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_connect_under_way_is_CONNECTING_and_then_told)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    struct slow slow;
    char text[128];

    slow_begin(&slow);
    confab_dispatcher *d = adopted(reactor, slow.fd, &seen);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_CONNECTING);
    cr_expect(confab_dispatcher_connecting(d));
    cr_expect_eq(confab_dispatcher_connect(d, slow.address), -EALREADY);
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EAGAIN);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "");
    slow_go_on(&slow);
    run_until_set(reactor, &seen.times[CONNECT]);
    cr_expect(confab_dispatcher_connected(d));
    cr_expect_str_eq(seen.order, "C");
    cr_expect_str_eq(confab_dispatcher_address(d, text), slow.address);
    slow_end(&slow);
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_connect_that_has_failed_is_told_how)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .fail_in = 1u << ERROR };
    confab_dispatcher *d = adopted(reactor, refused_socket(), &seen);

    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_CONNECTING);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "!.");
    cr_expect_eq(seen.error, -ECONNREFUSED);
    test_reactor_free(reactor);
}

Test(adopt, a_dispatcher_of_a_broken_connection_reads_its_last_bytes)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = adopted(reactor, broken_socket("last"), &seen);

    cr_expect(confab_dispatcher_connected(d));
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "RR.");
    cr_expect_str_eq(seen.bytes, "last");
    test_reactor_free(reactor);
}

/* -- Chats --------------------------------------------------------------- */

/* What the hooks of a chat saw. */
struct end {
    int connects, closed, error;
    enum confab_reason reason;
    char bytes[64];
};

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->connects++;
    return 0;
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    struct end *end = confab_chat_data(chat);

    strncat(end->bytes, data, len);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static confab_chat *chat_on(confab_reactor *reactor, int fd, struct end *end)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .handle_connect = handle_connect,
                                                .collect_incoming_data = collect,
                                                .handle_close = handle_close };
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    confab_chat *chat = confab_chat_new(reactor, fd, &ops, &options);

    cr_assert_not_null(chat);
    return chat;
}

static void expect_no_connection(const struct end *end, int error)
{
    cr_expect_eq(end->connects, 0, "handle_connect was called");
    cr_expect_eq(end->closed, 1);
    cr_expect_eq(end->reason, CONFAB_REASON_CONNECT, "%s", confab_reason_name(end->reason));
    cr_expect_eq(end->error, error, "%s", strerror(end->error));
}

Test(adopt, a_chat_of_a_connect_under_way_is_CONNECTING_and_then_told)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct slow slow;
    char text[128];

    slow_begin(&slow);
    confab_chat *chat = chat_on(reactor, slow.fd, &end);
    cr_expect_eq(confab_chat_state(chat), CONFAB_STATE_CONNECTING);
    cr_expect_eq(confab_chat_puts(chat, "early"), 0);
    run_quiet(reactor);
    cr_expect_eq(end.connects + end.closed, 0);
    slow_go_on(&slow);
    run_until_set(reactor, &end.connects);
    cr_expect_eq(confab_chat_state(chat), CONFAB_STATE_OPEN);
    cr_expect_str_eq(confab_chat_peer(chat, text), slow.address, "%s", text);
    cr_assert(ready(slow.listener, POLLIN, 10000));
    slow.far = accept(slow.listener, NULL, NULL);
    cr_assert_eq(fcntl(slow.far, F_SETFL, O_NONBLOCK), 0);
    test_expect_bytes(reactor, slow.far, "early", 5);
    cr_expect_eq(end.connects, 1);
    slow_end(&slow);
    test_reactor_free(reactor);
}

Test(adopt, a_chat_of_a_connect_under_way_has_its_time_out)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct slow slow;

    stub_io(reactor);
    slow_begin(&slow);
    chat_on(reactor, slow.fd, &end);
    stub_pass(9 * CONFAB_SECOND);
    cr_expect_eq(end.closed, 0);
    stub_pass(CONFAB_SECOND);
    expect_no_connection(&end, ETIMEDOUT);
    slow_end(&slow);
    test_reactor_free(reactor);
}

/* A loop that is busy elsewhere takes none of the time to connect from one that has done so. */
Test(adopt, a_chat_that_is_connected_does_not_time_out_before_its_first_turn)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int pair[2];

    stub_io(reactor);
    test_tcp_pair(pair);
    chat_on(reactor, pair[0], &end);
    stub_now += CONFAB_MINUTE; /* beyond the time-out */
    run_quiet(reactor);
    cr_expect_eq(end.closed, 0);
    cr_expect_eq(end.connects, 1);
    test_send(pair[1], "hello", 5);
    run_quiet(reactor);
    cr_expect_str_eq(end.bytes, "hello");
    test_reactor_free(reactor);
    close(pair[1]);
}

Test(adopt, a_chat_of_a_connect_that_has_failed_closes_with_CONNECT)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    chat_on(reactor, refused_socket(), &end);
    run_until_set(reactor, &end.closed);
    expect_no_connection(&end, ECONNREFUSED);
    test_reactor_free(reactor);
}

Test(adopt, a_chat_of_a_socket_that_is_not_connected_closes_with_CONNECT_and_ENOTCONN)
{
    int before, fds[] = { socket(AF_INET, SOCK_STREAM, 0), socket(AF_UNIX, SOCK_STREAM, 0),
                          socket(AF_INET, SOCK_DGRAM, 0) };
    confab_reactor *reactor = test_reactor();

    before = test_open_fds();
    for (int i = 0; i < 3; i++) {
        struct end end = { 0 };
        confab_chat *chat = chat_on(reactor, fds[i], &end);

        cr_expect_eq(end.closed, 0, "a hook was called inside confab_chat_new");
        cr_expect_eq(confab_chat_fd(chat), -1);
        cr_expect_eq(test_open_fds(), before - 1 - i, "it was given away");
        run_quiet(reactor);
        expect_no_connection(&end, ENOTCONN);
    }
    test_reactor_free(reactor);
}

Test(adopt, a_chat_of_a_broken_connection_is_given_its_last_bytes)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    chat_on(reactor, broken_socket("last"), &end);
    run_until_set(reactor, &end.closed);
    cr_expect_eq(end.connects, 1);
    cr_expect_str_eq(end.bytes, "last");
    cr_expect_eq(end.reason, CONFAB_REASON_RESET);
    cr_expect_eq(end.error, ECONNRESET);
    test_reactor_free(reactor);
}
