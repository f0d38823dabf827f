/* test_cpython_asyncore.c: what CPython's own tests ask of asyncore (Lib/test/test_asyncore.py), asked of confab: a test
 * here for each method there, whose name it begins with; where confab's answer is meant to differ, a comment
 * says so.  BaseTestAPI there runs over IPv4, IPv6 and unix sockets, with select and with poll: here each of its tests
 * does all families, and runs once for each backend.
 *
 * What does not apply:
 *   HelperFunctionTests.test_readwriteexc, _readwrite, in part: ExitNow, an exception that ends the loop: there are
 *   no exceptions; a handler calls confab_reactor_stop (test_loop.c).
 *   HelperFunctionTests.test_compact_traceback: there are no tracebacks.
 *   DispatcherTests.test_repr: there is no text of an object; state and address are functions.
 *   DispatcherTests.test_log, test_log_info: a dispatcher has no log of its own; the log of the process is tested by
 *   test_log.c.
 *   DispatcherTests.test_strerror: errors are -errno, and strerror(3) is the system's.
 *   FileWrapperTest.test_resource_warning: nothing is collected as garbage; every dispatcher is closed by somebody, at
 *   the latest by confab_reactor_free (test_dispatcher_close.c).
 *   FileWrapperTest.test_recv, _send, _dispatcher, in part: they use a regular file, which here is refused, as it is
 *   always ready (test_dispatcher_io.c); a pipe takes its place. */
#include "core/dispatcher.h"
#include "dispatcher_support.h"
#include <confab/chat.h>
#include <confab/host.h>
#include <fcntl.h>

TestSuite(cpython_asyncore, .timeout = 60);

/* -- HelperFunctionTests, DispatcherTests ---------------------------------- */

/* One that wants all events, and receives nothing by itself. */
static void wanting_pair(struct pair *pair)
{
    pair->seen.leave_unread = true;
    pair_open(pair);
    cr_assert_eq(confab_dispatcher_want(pair->d, CONFAB_READ | CONFAB_WRITE | CONFAB_EXPT), 0);
}

/* An event as the backend would tell it. */
static void happens(struct pair *pair, unsigned event, int error)
{
    pair->d->channel.ops->ready(&pair->d->channel, event, error);
}

/* HelperFunctionTests.test_readwriteexc: there, what a handler raises. */
Test(cpython_asyncore, asyncore_readwriteexc_what_a_handler_fails_with_goes_to_handle_error)
{
    static const unsigned event[] = { BACKEND_READ, BACKEND_WRITE, BACKEND_EXCEPT };
    static const enum told told[] = { READ, WRITE, EXPT };
    static const char *const order[] = { "R!", "W!", "E!" };

    for (int i = 0; i < 3; i++) {
        struct pair pair = { .seen.fail_in = 1u << told[i] };

        wanting_pair(&pair);
        happens(&pair, event[i], 0);
        cr_expect_str_eq(pair.seen.order, order[i]);
        cr_expect_eq(pair.seen.error, -EPROTO);
        pair_close(&pair);
    }
}

/* HelperFunctionTests.test_readwrite */
Test(cpython_asyncore, asyncore_readwrite_calls_the_handler_of_the_event_and_no_other)
{
    static const unsigned event[] = { BACKEND_READ, BACKEND_WRITE, BACKEND_EXCEPT };
    static const char *const order[] = { "R", "W", "E" };

    for (int i = 0; i < 3; i++) {
        struct pair pair = { 0 };

        wanting_pair(&pair);
        happens(&pair, event[i], 0);
        cr_expect_str_eq(pair.seen.order, order[i]);
        pair_close(&pair);
    }
}

/* HelperFunctionTests.test_readwrite: POLLHUP, POLLERR and POLLNVAL.  Here the first two are found by recv, behind
 * the last bytes, and the third is an error first. */
Test(cpython_asyncore, asyncore_readwrite_closes_what_has_hung_up_or_is_broken_or_not_open)
{
    test_needs_descriptors(); /* only they can be shut down both ways by who keeps them open */
    struct seen broken = { 0 };
    struct pair hung_up = { 0 }, not_open = { 0 };
    int fds[2];

    pair_open(&hung_up);
    shutdown(hung_up.far, SHUT_RDWR);
    run_quiet(hung_up.reactor);
    cr_expect_str_eq(hung_up.seen.order, "R.");
    pair_close(&hung_up);

    confab_reactor *reactor = test_reactor();
    test_tcp_pair(fds);
    adopted(reactor, fds[0], &broken);
    test_reset(fds[1]);
    run_until_set(reactor, &broken.times[CLOSE]);
    cr_expect_str_eq(broken.order, "R.");
    test_reactor_free(reactor);

    pair_open(&not_open);
    happens(&not_open, BACKEND_FAILED, EBADF);
    run_quiet(not_open.reactor);
    cr_expect_str_eq(not_open.seen.order, "!.");
    cr_expect_eq(not_open.seen.error, -EBADF);
    pair_close(&not_open);
}

enum { MANY = 10 };

static confab_reactor *ten_dispatchers(struct seen seen[MANY], int far[MANY])
{
    confab_reactor *reactor = test_reactor();

    for (int i = 0; i < MANY; i++) {
        int fds[2];

        test_pair(fds);
        adopted(reactor, fds[0], &seen[i]);
        far[i] = fds[1];
    }
    return reactor;
}

static void expect_closed(const struct seen seen[MANY], const int far[MANY])
{
    for (int i = 0; i < MANY; i++) {
        char byte;

        cr_assert_str_eq(seen[i].order, ".");
        cr_expect_eq(test_recv(far[i], &byte, 1), -1, "its descriptor is closed");
        test_close(far[i]);
    }
}

/* HelperFunctionTests.test_closeall */
Test(cpython_asyncore, asyncore_closeall_closes_each_and_leaves_nothing)
{
    struct seen seen[MANY] = { 0 };
    int far[MANY];
    confab_reactor *reactor = ten_dispatchers(seen, far);

    confab_reactor_close_all(reactor);
    run_quiet(reactor);
    expect_closed(seen, far);
    cr_expect_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}

/* HelperFunctionTests.test_closeall_default: there is no map that all share; what is left in a reactor goes with it. */
Test(cpython_asyncore, asyncore_closeall_default_a_reactor_that_is_freed_closes_its_own_and_no_other)
{
    struct seen seen[MANY] = { 0 }, others[MANY] = { 0 };
    int far[MANY], others_far[MANY];
    confab_reactor *reactor = ten_dispatchers(seen, far), *other = ten_dispatchers(others, others_far);

    test_reactor_free(reactor);
    expect_closed(seen, far);
    run_quiet(other);
    for (int i = 0; i < MANY; i++)
        cr_expect_str_eq(others[i].order, "");
    test_reactor_free(other);
    expect_closed(others, others_far);
}

/* DispatcherTests.test_basic: there, it wants to read and to write.  Here to read: one that may write is ready to for
 * ever, so it is told when it asks. */
Test(cpython_asyncore, asyncore_basic_wants_to_read_and_to_write_only_when_it_says_so)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R");
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_WRITE), 0);
    cr_expect_eq(confab_reactor_run_once(pair.reactor, 0), 1);
    cr_expect_str_eq(pair.seen.order, "RW");
    pair_close(&pair);
}

/* DispatcherTests.test_unhandled: there, a line of the log each. */
Test(cpython_asyncore, asyncore_unhandled_events_are_nothing_to_one_without_handlers)
{
    static const struct confab_dispatcher_ops none = { .size = sizeof none };
    confab_reactor *reactor = test_reactor();
    struct pair pair = { .reactor = reactor, .d = confab_dispatcher_new(reactor, &none, NULL) };
    char text[128];
    confab_dispatcher *l = confab_dispatcher_new(reactor, &none, NULL);

    cr_assert_eq(confab_dispatcher_create_socket(l, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(l, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_listen(l, 4), 0);
    cr_assert_eq(confab_dispatcher_create_socket(pair.d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_connect(pair.d, confab_dispatcher_address(l, text)), 0);
    while (!confab_dispatcher_connected(pair.d))
        cr_assert_geq(confab_reactor_run_once(reactor, 10 * CONFAB_SECOND), 1);
    cr_assert_eq(confab_dispatcher_want(pair.d, CONFAB_READ | CONFAB_WRITE | CONFAB_EXPT), 0);
    happens(&pair, BACKEND_READ | BACKEND_WRITE | BACKEND_EXCEPT, 0);
    cr_expect(confab_dispatcher_connected(pair.d));
    test_reactor_free(reactor);
}

/* -- DispatcherWithSendTests ----------------------------------------------- */

static void push_and_want_nothing(confab_chat *chat)
{
    confab_chat_suspend(chat); /* as its readable() there, which is False */
    for (int i = 0; i < 2; i++)
        cr_assert_eq(confab_chat_puts(chat, "how much does an anvil weigh?"), 0);
    cr_assert_eq(confab_chat_push(chat, "\n", 1), 0);
}

/* DispatcherWithSendTests.test_send: what is sent waits in memory until it can leave, as a chat's pushes do. */
Test(cpython_asyncore, asyncore_send_of_one_with_send_keeps_what_cannot_leave_yet)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .collect_incoming_data = confab_chat_collect };
    static const char expected[] = "how much does an anvil weigh?how much does an anvil weigh?\n";
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 };
    char text[128];

    confab_dispatcher_address(listening(reactor, AF_INET, "127.0.0.1:0", &server), text);
    confab_chat *chat = confab_connect(reactor, text, &ops, NULL);
    push_and_want_nothing(chat);
    cr_expect_eq(confab_chat_output_size(chat), sizeof expected - 1);
    run_until_set(reactor, &server.times[ACCEPTED]);
    test_expect_bytes(reactor, server.fd, expected, sizeof expected - 1);
    cr_expect_eq(confab_chat_output_size(chat), 0);
    test_close(server.fd);
    test_reactor_free(reactor);
}

/* -- FileWrapperTest ------------------------------------------------------- */

/* FileWrapperTest.test_recv */
Test(cpython_asyncore, asyncore_recv_of_a_file_takes_as_much_as_it_is_asked_for)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    char bytes[16] = "";
    int fds[2], fd;

    cr_assert_eq(pipe(fds), 0);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    fd = confab_dispatcher_fd(d);
    cr_assert_eq(write(fds[1], "first, second", 13), 13);
    cr_expect_eq(confab_dispatcher_recv(d, bytes, 5), 5);
    cr_expect_str_eq(bytes, "first");
    cr_expect_eq(confab_dispatcher_recv(d, bytes, 8), 8);
    cr_expect_str_eq(bytes, ", second");
    confab_dispatcher_close(d);
    cr_expect_eq(confab_dispatcher_recv(d, bytes, 1), -EBADF);
    cr_expect_eq(fcntl(fd, F_GETFD), -1, "the descriptor is closed");
    close(fds[1]);
    test_reactor_free(reactor);
}

/* FileWrapperTest.test_send */
Test(cpython_asyncore, asyncore_send_to_a_file_writes_behind_what_was_written)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    char bytes[32] = "";
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(write(fds[1], "before, ", 8), 8);
    confab_dispatcher *d = adopted(reactor, fds[1], &seen);
    cr_expect_eq(confab_dispatcher_send(d, "one, ", 5), 5);
    cr_expect_eq(confab_dispatcher_send(d, "two", 3), 3);
    confab_dispatcher_close(d);
    cr_expect_eq(read(fds[0], bytes, sizeof bytes), 16);
    cr_expect_str_eq(bytes, "before, one, two");
    cr_expect_eq(read(fds[0], bytes, sizeof bytes), 0, "the descriptor is closed");
    close(fds[0]);
    test_reactor_free(reactor);
}

/* FileWrapperTest.test_dispatcher */
Test(cpython_asyncore, asyncore_dispatcher_of_a_file_is_told_to_read_what_is_in_it)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(write(fds[1], "all that is in it", 17), 17);
    adopted(reactor, fds[0], &seen);
    cr_expect_geq(confab_reactor_run_once(reactor, 10 * CONFAB_MILLISECOND), 1);
    cr_expect_geq(confab_reactor_run_once(reactor, 10 * CONFAB_MILLISECOND), 0);
    cr_expect_str_eq(seen.bytes, "all that is in it");
    cr_expect_str_eq(seen.order, "R");
    close(fds[1]);
    test_reactor_free(reactor);
}

static void drop_line(void *data, const struct confab_log_line *line)
{
    (void)data, (void)line;
}

/* FileWrapperTest.test_close_twice: one whose descriptor is closed already. */
Test(cpython_asyncore, asyncore_close_twice_is_one_close_also_where_the_descriptor_has_gone)
{
    test_needs_descriptors();
    struct pair pair = { 0 };

    confab_log_set(drop_line, NULL, CONFAB_WARNING);
    pair_open(&pair);
    cr_assert_eq(close(confab_dispatcher_fd(pair.d)), 0);
    confab_dispatcher_close(pair.d);
    cr_expect_eq(confab_dispatcher_fd(pair.d), -1);
    confab_dispatcher_close(pair.d);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, ".");
    pair_close(&pair);
}

/* -- BaseTestAPI ----------------------------------------------------------- */

/* A server, a client that connects to it, and the server's side of the connection. */
struct scene {
    int family;
    confab_reactor *reactor;
    confab_dispatcher *l, *c, *h;
    struct seen server, client, handler;
    char where[300], address[128]; /* to bind to; to connect to */
};

static void each_family(void (*check)(struct scene *))
{
    static const int families[] = { AF_INET, AF_INET6, AF_UNIX };

    for (int i = 0; i < 3; i++) {
        struct scene scene = { .family = families[i], .server.fd = -1 };

        if (families[i] == AF_INET6 && !has_six())
            continue;
        snprintf(scene.where, sizeof scene.where, "%s", families[i] == AF_INET ? "127.0.0.1:0" : "[::1]:0");
        if (families[i] == AF_UNIX)
            snprintf(scene.where, sizeof scene.where, "unix:%s/s", test_folder());
        scene.reactor = test_reactor();
        check(&scene);
        test_reactor_free(scene.reactor);
        if (scene.server.fd >= 0 && !scene.h)
            close(scene.server.fd);
    }
}

static void serve(struct scene *scene)
{
    scene->l = listening(scene->reactor, scene->family, scene->where, &scene->server);
    confab_dispatcher_address(scene->l, scene->address);
}

static void connect_client(struct scene *scene)
{
    scene->c = with_socket(scene->reactor, scene->family, SOCK_STREAM, &scene->client);
    cr_assert_eq(confab_dispatcher_connect(scene->c, scene->address), 0);
}

/* Both, until they are connected, and a dispatcher of the server's side. */
static void serve_and_connect(struct scene *scene)
{
    serve(scene);
    connect_client(scene);
    run_until_set(scene->reactor, &scene->client.times[CONNECT]);
    run_until_set(scene->reactor, &scene->server.times[ACCEPTED]);
    scene->h = adopted(scene->reactor, scene->server.fd, &scene->handler);
}

static void check_handle_connect(struct scene *scene)
{
    serve(scene);
    connect_client(scene);
    run_until_set(scene->reactor, &scene->client.times[CONNECT]);
    run_quiet(scene->reactor);
    cr_expect_str_eq(scene->client.order, "C");
}

/* BaseTestAPI.test_handle_connect */
Test(cpython_asyncore, asyncore_handle_connect_is_called_when_connected)
{
    each_family(check_handle_connect);
}

static int accepts;

static int count_accept(confab_dispatcher *d)
{
    struct scene *scene = confab_dispatcher_data(d);

    accepts++;
    scene->server.fd = confab_dispatcher_accept(d, NULL, NULL);
    cr_expect_geq(scene->server.fd, 0);
    return 0;
}

static void check_handle_accept(struct scene *scene)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops, .handle_accept = count_accept };

    accepts = 0;
    scene->l = confab_dispatcher_new(scene->reactor, &ops, scene);
    cr_assert_eq(confab_dispatcher_create_socket(scene->l, scene->family, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(scene->l, scene->where), 0);
    cr_assert_eq(confab_dispatcher_listen(scene->l, 5), 0);
    confab_dispatcher_address(scene->l, scene->address);
    connect_client(scene);
    run_until_set(scene->reactor, &accepts);
    cr_expect_eq(accepts, 1);
}

/* BaseTestAPI.test_handle_accept */
Test(cpython_asyncore, asyncore_handle_accept_is_called_when_a_client_connects)
{
    each_family(check_handle_accept);
}

static void check_handle_accepted(struct scene *scene)
{
    serve(scene);
    connect_client(scene);
    run_until_set(scene->reactor, &scene->server.times[ACCEPTED]);
    run_quiet(scene->reactor);
    cr_expect_str_eq(scene->server.order, "A");
    cr_expect_geq(scene->server.fd, 0);
}

/* BaseTestAPI.test_handle_accepted */
Test(cpython_asyncore, asyncore_handle_accepted_is_called_by_the_default_handle_accept)
{
    each_family(check_handle_accepted);
}

static void check_handle_read(struct scene *scene)
{
    static const char bytes[128];

    serve_and_connect(scene);
    cr_assert_eq(confab_dispatcher_send(scene->h, bytes, sizeof bytes), sizeof bytes);
    run_until_set(scene->reactor, &scene->client.times[READ]);
    cr_expect_str_eq(scene->client.order, "CR");
    cr_expect_eq(scene->client.n, sizeof bytes);
}

/* BaseTestAPI.test_handle_read */
Test(cpython_asyncore, asyncore_handle_read_is_called_when_something_has_come)
{
    each_family(check_handle_read);
}

static void check_handle_write(struct scene *scene)
{
    serve_and_connect(scene);
    cr_assert_eq(confab_dispatcher_want(scene->c, CONFAB_WRITE), 0);
    run_until_set(scene->reactor, &scene->client.times[WRITE]);
    cr_expect_str_eq(scene->client.order, "CW");
}

/* BaseTestAPI.test_handle_write */
Test(cpython_asyncore, asyncore_handle_write_is_called_when_it_may_write)
{
    each_family(check_handle_write);
}

static void check_handle_close(struct scene *scene)
{
    serve_and_connect(scene);
    confab_dispatcher_close(scene->h);
    run_until_set(scene->reactor, &scene->client.times[CLOSE]);
    cr_expect_str_eq(scene->client.order, "CR.");
}

/* BaseTestAPI.test_handle_close */
Test(cpython_asyncore, asyncore_handle_close_is_called_when_the_other_end_closes)
{
    each_family(check_handle_close);
}

static void keep_writing(confab_dispatcher *d, enum told told)
{
    static const char bytes[128];
    ssize_t n;

    if (told != WRITE)
        return;
    n = confab_dispatcher_send(d, bytes, sizeof bytes);
    cr_expect(n > 0 || n == -EAGAIN || n == -EPIPE, "send: %s", strerror((int)-n));
}

static void check_close_after_conn_broken(struct scene *scene)
{
    scene->client.also = keep_writing;
    serve_and_connect(scene);
    scene->handler.close_in = 1u << READ;
    cr_assert_eq(confab_dispatcher_want(scene->c, CONFAB_WRITE), 0);
    run_until_set(scene->reactor, &scene->client.times[CLOSE]);
    run_quiet(scene->reactor);
    cr_expect_eq(scene->client.times[CLOSE], 1);
    cr_expect_eq(scene->client.times[ERROR], 0, "a broken connection is an end, not an error");
}

/* BaseTestAPI.test_handle_close_after_conn_broken */
Test(cpython_asyncore, asyncore_handle_close_after_conn_broken_is_called_once_for_one_that_writes)
{
    each_family(check_close_after_conn_broken);
}

static void take_urgent(confab_dispatcher *d, enum told told)
{
    struct seen *seen = confab_dispatcher_data(d);

    if (told == EXPT)
        cr_expect_eq(recv(confab_dispatcher_fd(d), seen->bytes, 1, MSG_OOB), 1);
}

static void check_handle_expt(struct scene *scene)
{
    if (scene->family == AF_UNIX)
        return; /* there is none, or hardly any */
    scene->client.also = take_urgent;
    serve_and_connect(scene);
    cr_assert_eq(confab_dispatcher_want(scene->c, CONFAB_EXPT), 0);
    cr_assert_eq(send(confab_dispatcher_fd(scene->h), "\364", 1, MSG_OOB), 1);
    run_until_set(scene->reactor, &scene->client.times[EXPT]);
    cr_expect_str_eq(scene->client.order, "CE");
    cr_expect_eq(scene->client.bytes[0], '\364');
}

/* BaseTestAPI.test_handle_expt */
Test(cpython_asyncore, asyncore_handle_expt_is_called_for_out_of_band_data)
{
    if (!test_tells_except())
        cr_skip_test("this backend does not tell of out-of-band data");
    each_family(check_handle_expt);
}

static void check_handle_error(struct scene *scene)
{
    scene->client.fail_in = 1u << WRITE;
    serve_and_connect(scene);
    cr_assert_eq(confab_dispatcher_want(scene->c, CONFAB_WRITE), 0);
    cr_expect_geq(confab_reactor_run_once(scene->reactor, CONFAB_SECOND), 1);
    cr_expect_str_eq(scene->client.order, "CW!");
    cr_expect_eq(scene->client.error, -EPROTO, "handle_error is told what the handler returned");
}

/* BaseTestAPI.test_handle_error */
Test(cpython_asyncore, asyncore_handle_error_is_called_with_what_a_handler_returned)
{
    each_family(check_handle_error);
}

static void expect_attributes(confab_dispatcher *d, bool connected, bool accepting, bool closing)
{
    cr_expect_eq(confab_dispatcher_connected(d), connected);
    cr_expect_eq(confab_dispatcher_accepting(d), accepting);
    cr_expect_eq(confab_dispatcher_closing(d), closing);
    cr_expect_not(confab_dispatcher_connecting(d));
}

static void check_connection_attributes(struct scene *scene)
{
    char text[128];

    serve(scene);
    connect_client(scene);
    expect_attributes(scene->l, false, true, false);
    cr_expect_not(confab_dispatcher_accepting(scene->c));
    cr_expect(confab_dispatcher_connecting(scene->c), "also where it is connected at once");
    run_until_set(scene->reactor, &scene->client.times[CONNECT]);
    run_until_set(scene->reactor, &scene->server.times[ACCEPTED]);
    expect_attributes(scene->l, false, true, false);
    expect_attributes(scene->c, true, false, false);
    cr_expect_str_eq(confab_dispatcher_address(scene->l, text), scene->address);
    cr_expect_str_eq(confab_dispatcher_address(scene->c, text), scene->address);
    confab_dispatcher_close(scene->c);
    expect_attributes(scene->l, false, true, false);
    expect_attributes(scene->c, false, false, true);
    confab_dispatcher_close(scene->l);
    expect_attributes(scene->l, false, false, true);
}

/* BaseTestAPI.test_connection_attributes */
Test(cpython_asyncore, asyncore_connection_attributes_follow_what_becomes_of_it)
{
    each_family(check_connection_attributes);
}

static int number_of(confab_dispatcher *d, int option)
{
    int value = -1;
    socklen_t len = sizeof value;

    cr_assert_eq(getsockopt(confab_dispatcher_fd(d), SOL_SOCKET, option, &value, &len), 0);
    return value;
}

static void check_create_socket(struct scene *scene)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    int fd;

    scene->c = with_socket(scene->reactor, scene->family, SOCK_STREAM, &scene->client);
    fd = confab_dispatcher_fd(scene->c);
    cr_expect_eq(number_of(scene->c, SO_TYPE), SOCK_STREAM);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    cr_expect_eq(own.ss_family, scene->family);
    cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* BaseTestAPI.test_create_socket */
Test(cpython_asyncore, asyncore_create_socket_makes_one_that_neither_blocks_nor_is_inherited)
{
    test_needs_descriptors();
    each_family(check_create_socket);
}

static void check_bind(struct scene *scene)
{
    serve(scene);
    scene->c = with_socket(scene->reactor, scene->family, SOCK_STREAM, &scene->client);
    cr_expect_eq(confab_dispatcher_bind(scene->c, scene->address), -EADDRINUSE);
}

/* BaseTestAPI.test_bind */
Test(cpython_asyncore, asyncore_bind_of_an_address_in_use_is_refused)
{
    each_family(check_bind);
}

static void check_set_reuse_addr(struct scene *scene)
{
    if (scene->family == AF_UNIX)
        return; /* means nothing to it */
    scene->c = with_socket(scene->reactor, scene->family, SOCK_STREAM, &scene->client);
    cr_expect_eq(number_of(scene->c, SO_REUSEADDR), 0);
    cr_expect_eq(confab_dispatcher_set_reuse_addr(scene->c), 0);
    cr_expect_neq(number_of(scene->c, SO_REUSEADDR), 0);
}

/* BaseTestAPI.test_set_reuse_addr */
Test(cpython_asyncore, asyncore_set_reuse_addr_sets_it_and_nothing_else_does)
{
    test_needs_descriptors();
    each_family(check_set_reuse_addr);
}

static void check_quick_connect(struct scene *scene)
{
    const struct linger now = { .l_onoff = 1 };
    int far;

    if (scene->family == AF_UNIX)
        return; /* cannot reset */
    serve(scene);
    far = test_connect(scene->address);
    setsockopt(far, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(far); /* before it was accepted */
    run_quiet(scene->reactor);
    cr_expect_eq(scene->server.times[ERROR] + scene->server.times[CLOSE], 0);
    if (scene->server.times[ACCEPTED]) { /* the system may pass it over */
        scene->h = adopted(scene->reactor, scene->server.fd, &scene->handler);
        run_quiet(scene->reactor);
        confab_dispatcher_close(scene->h);
        run_quiet(scene->reactor);
        cr_expect_eq(scene->handler.times[CLOSE], 1);
    }
    scene->server.times[ACCEPTED] = 0;
    far = test_connect(scene->address);
    run_until_set(scene->reactor, &scene->server.times[ACCEPTED]);
    close(far);
    close(scene->server.fd);
    scene->server.fd = -1;
}

/* BaseTestAPI.test_quick_connect */
Test(cpython_asyncore, asyncore_quick_connect_one_that_resets_at_once_does_no_harm_to_the_server)
{
    each_family(check_quick_connect);
}
