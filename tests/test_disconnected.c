/* test_disconnected.c: each errno that means that a connection has ended, from each call that may learn of it; and
 * descriptors that cannot be waited for. */
#include "dispatcher_support.h"
#include "stub_io.h"
#include <confab/chat.h>
#include <fcntl.h>

TestSuite(disconnected, .timeout = 60);

/* asyncore's list. */
static const int ends[] = { ECONNRESET, ENOTCONN, ESHUTDOWN, ECONNABORTED, EPIPE, EBADF, ETIMEDOUT };

enum { ENDS = sizeof ends / sizeof ends[0], TURNS = 20 };

/* -- Dispatchers --------------------------------------------------------- */

static void stubbed_pair(struct pair *pair)
{
    stub_recv_error = stub_send_error = 0;
    pair_open(pair);
    stub_io(pair->reactor);
}

Test(disconnected, each_errno_ends_a_dispatcher_that_receives)
{
    for (int i = 0; i < ENDS; i++) {
        struct pair pair = { 0 };

        stubbed_pair(&pair);
        test_send(pair.far, "x", 1);
        stub_recv_error = -ends[i];
        run_quiet(pair.reactor);
        cr_expect_str_eq(pair.seen.order, "R.", "%s: %s", strerror(ends[i]), pair.seen.order);
        cr_expect_eq(pair.seen.n, 0);
        pair_close(&pair);
    }
}

Test(disconnected, each_errno_ends_a_dispatcher_that_sends)
{
    for (int i = 0; i < ENDS; i++) {
        struct pair pair = { 0 };

        stubbed_pair(&pair);
        stub_send_error = -ends[i];
        cr_expect(confab_dispatcher_connected(pair.d));
        cr_expect_eq(confab_dispatcher_send(pair.d, "x", 1), -EPIPE, "%s", strerror(ends[i]));
        cr_expect_str_eq(pair.seen.order, "", "nothing is called inside send");
        cr_expect(confab_dispatcher_closing(pair.d));
        cr_expect_not(confab_dispatcher_connected(pair.d));
        run_quiet(pair.reactor);
        cr_expect_str_eq(pair.seen.order, ".", "%s: %s", strerror(ends[i]), pair.seen.order);
        pair_close(&pair);
    }
}

Test(disconnected, each_errno_ends_a_dispatcher_of_datagrams)
{
    test_needs_descriptors();
    for (int i = 0; i < 2 * ENDS; i++) {
        confab_reactor *reactor = test_reactor();
        struct seen seen = { 0 };
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
        confab_dispatcher *d;
        char byte;

        stub_io(reactor);
        stub_recv_error = stub_send_error = -ends[i / 2];
        d = with_socket(reactor, AF_INET, SOCK_DGRAM, &seen);
        if (i % 2)
            cr_expect_eq(confab_dispatcher_sendto(d, "x", 1, (struct sockaddr *)&to, sizeof to), -EPIPE);
        else
            cr_expect_eq(confab_dispatcher_recvfrom(d, &byte, 1, NULL, NULL), 0);
        run_quiet(reactor);
        cr_expect_str_eq(seen.order, ".", "%s", strerror(ends[i / 2]));
        test_reactor_free(reactor);
    }
}

Test(disconnected, another_errno_is_the_callers_and_ends_nothing)
{
    struct pair pair = { 0 };
    char byte;

    stubbed_pair(&pair);
    stub_recv_error = stub_send_error = -ENOBUFS;
    cr_expect_eq(confab_dispatcher_send(pair.d, "x", 1), -ENOBUFS);
    cr_expect_eq(confab_dispatcher_recv(pair.d, &byte, 1), -ENOBUFS);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "");
    cr_expect_not(confab_dispatcher_closing(pair.d));
    pair_close(&pair);
}

Test(disconnected, closing_is_from_the_end_or_the_close_until_it_is_freed)
{
    struct pair pair = { 0 }, closed = { 0 };

    pair_open(&pair);
    cr_expect_not(confab_dispatcher_closing(pair.d));
    confab_dispatcher_close(pair.d);
    cr_expect(confab_dispatcher_closing(pair.d));
    cr_expect_not(confab_dispatcher_connected(pair.d));
    pair_close(&pair);

    pair_open(&closed);
    test_shutdown(closed.far);
    cr_expect_eq(confab_dispatcher_recv(closed.d, closed.seen.bytes, 1), 0);
    cr_expect(confab_dispatcher_closing(closed.d));
    cr_expect_not(confab_dispatcher_connected(closed.d));
    pair_close(&closed);
}

/* -- Chats --------------------------------------------------------------- */

/* What the hooks of a chat saw. */
struct end {
    confab_chat *chat;
    int far, connects, closed, error, expts;
    enum confab_reason reason;
    char urgent;
};

static int handle_connect(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->connects++;
    return 0;
}

static int handle_expt(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->expts++;
    cr_expect_eq(recv(confab_chat_fd(chat), &end->urgent, 1, MSG_OOB), 1);
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
    end->chat = NULL;
}

static void chat_on(confab_reactor *reactor, int fd, struct end *end)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .handle_connect = handle_connect,
                                                .collect_incoming_data = confab_chat_collect,
                                                .handle_expt = handle_expt,
                                                .handle_close = handle_close };
    struct confab_chat_options options = { .size = sizeof options, .data = end };

    end->chat = confab_chat_new(reactor, fd, &ops, &options);
    cr_assert_not_null(end->chat);
}

static void chat_open(confab_reactor *reactor, struct end *end)
{
    int fds[2];

    test_tcp_pair(fds);
    end->far = fds[1];
    chat_on(reactor, fds[0], end);
    run_quiet(reactor);
    cr_assert_eq(end->connects, 1);
}

static void expect_reset(struct end *end, int error)
{
    cr_expect_eq(end->closed, 1, "%s: handle_close was called %d times", strerror(error), end->closed);
    cr_expect_eq(end->reason, CONFAB_REASON_RESET, "%s: %s", strerror(error),
                 confab_reason_name(end->reason));
    cr_expect_eq(end->error, error, "%s", strerror(end->error));
    test_close(end->far);
}

Test(disconnected, each_errno_ends_a_chat_that_reads)
{
    confab_reactor *reactor = test_reactor();

    stub_io(reactor);
    for (int i = 0; i < ENDS; i++) {
        struct end end = { 0 };

        stub_recv_error = 0;
        chat_open(reactor, &end);
        test_send(end.far, "x", 1);
        stub_recv_error = -ends[i];
        run_quiet(reactor);
        expect_reset(&end, ends[i]);
    }
    test_reactor_free(reactor);
}

Test(disconnected, each_errno_ends_a_chat_that_writes)
{
    confab_reactor *reactor = test_reactor();
    static const char second[] = "second";

    stub_io(reactor);
    for (int i = 0; i < 2 * ENDS; i++) {
        struct end end = { 0 };

        stub_send_error = 0;
        chat_open(reactor, &end);
        stub_send_error = -ends[i / 2];
        cr_expect_eq(confab_chat_puts(end.chat, "first"), 0);
        if (i % 2) /* two pieces go by another call */
            cr_expect_eq(confab_chat_push_reference(end.chat, second, sizeof second - 1, NULL, NULL), 0);
        cr_expect_eq(end.closed, 0, "a hook was called inside a push");
        run_quiet(reactor);
        expect_reset(&end, ends[i / 2]);
    }
    test_reactor_free(reactor);
}

Test(disconnected, out_of_band_data_goes_to_a_chats_handle_expt)
{
    if (!test_tells_except())
        cr_skip_test("this backend does not tell of out-of-band data");
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    chat_open(reactor, &end);
    cr_assert_eq(send(end.far, "!", 1, MSG_OOB), 1);
    run_until_set(reactor, &end.expts);
    cr_expect_eq(end.urgent, '!');
    run_quiet(reactor);
    cr_expect_eq(end.expts, 1);
    cr_expect_eq(end.closed, 0);
    test_close(end.far);
    test_reactor_free(reactor);
}

/* -- Descriptors that cannot be waited for ------------------------------- */

static int dev_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    cr_assert_geq(fd, 0);
    return fd;
}

/* epoll refuses it, poll calls it ready: either way it ends, and the loop has rest. */
Test(disconnected, a_device_that_cannot_be_waited_for_ends_a_dispatcher)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fd = dev_null(), turns = 0;

    adopted(reactor, fd, &seen);
    while (!seen.times[CLOSE] && turns++ < TURNS)
        cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_eq(seen.times[CLOSE], 1, "it spins");
    if (strcmp(confab_reactor_backend(reactor), "epoll") == 0) {
        cr_expect_str_eq(seen.order, "!.");
        cr_expect_eq(seen.error, -EPERM);
    }
    cr_expect_eq(fcntl(fd, F_GETFD), -1);
    cr_expect_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}

Test(disconnected, a_device_that_cannot_be_waited_for_ends_a_chat)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int turns = 0;

    chat_on(reactor, dev_null(), &end);
    while (!end.closed && turns++ < TURNS)
        cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_eq(end.closed, 1, "it spins");
    if (strcmp(confab_reactor_backend(reactor), "epoll") == 0)
        cr_expect_eq(end.error, EPERM, "%s", strerror(end.error));
    cr_expect_eq(confab_reactor_run(reactor), 0);
    test_reactor_free(reactor);
}
