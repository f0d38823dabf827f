/* test_dispatcher_accept.c: dispatchers that accept. */
#include "core/dispatcher.h"
#include "dispatcher_support.h"
#include "stub_io.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(dispatcher_accept, .timeout = 60);

enum { BOUND = 2, WAITING = 5 };

Test(dispatcher_accept, accepts_no_more_in_an_event_than_the_reactor_says)
{
    const struct confab_reactor_options options = { .size = sizeof options, .accepts = BOUND };
    confab_reactor *reactor;
    struct seen server = { 0 };
    char text[128];
    int far[WAITING];

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    confab_dispatcher_address(l, text);
    for (int i = 0; i < WAITING; i++)
        far[i] = test_connect(text);
    cr_expect_geq(confab_reactor_run_once(reactor, 0), 1);
    cr_expect_eq(server.times[ACCEPTED], BOUND);
    run_quiet(reactor);
    cr_expect_eq(server.times[ACCEPTED], WAITING, "the rest in later turns");
    for (int i = 0; i < WAITING; i++)
        close(far[i]);
    test_reactor_free(reactor);
}

Test(dispatcher_accept, closed_in_handle_accepted_accepts_no_more)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .close_in = 1u << ACCEPTED };
    char text[128];
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    int far[2];

    confab_dispatcher_address(l, text);
    far[0] = test_connect(text);
    far[1] = test_connect(text);
    run_quiet(reactor);
    cr_expect_str_eq(server.order, "A.");
    close(far[0]);
    close(far[1]);
    close(server.fd);
    test_reactor_free(reactor);
}

Test(dispatcher_accept, a_listener_is_never_told_to_write)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 };
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);

    cr_expect_eq(confab_dispatcher_want(l, CONFAB_READ | CONFAB_WRITE | CONFAB_EXPT), 0);
    cr_expect_eq(channel_wanted(&l->channel), BACKEND_READ);
    run_quiet(reactor);
    cr_expect_str_eq(server.order, "");
    cr_expect_eq(confab_dispatcher_send(l, "x", 1), -ENOTCONN);
    run_quiet(reactor);
    cr_expect_str_eq(server.order, "", "and goes on listening");
    test_reactor_free(reactor);
}

static void want_nothing(confab_dispatcher *d, enum told told)
{
    if (told == ACCEPTED)
        confab_dispatcher_want(d, 0);
}

Test(dispatcher_accept, that_wants_no_more_accepts_no_more_in_that_event)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .also = want_nothing };
    char text[128];
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    int far[2];

    confab_dispatcher_address(l, text);
    far[0] = test_connect(text);
    far[1] = test_connect(text);
    run_quiet(reactor);
    cr_expect_str_eq(server.order, "A");
    close(far[0]);
    close(far[1]);
    close(server.fd);
    test_reactor_free(reactor);
}

static int own_accept(confab_dispatcher *d)
{
    struct seen *seen = confab_dispatcher_data(d);
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;

    seen->fd = confab_dispatcher_accept(d, (struct sockaddr *)&sa, &len);
    cr_expect_geq(seen->fd, 0);
    cr_expect_eq(sa.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    cr_expect_eq(confab_dispatcher_accept(d, NULL, NULL), -EAGAIN);
    return note(d, ACCEPTED);
}

Test(dispatcher_accept, handle_accept_may_accept_itself)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops, .handle_accept = own_accept };
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, &seen);
    char text[128];

    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(d, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 4), 0);
    int far = test_connect(confab_dispatcher_address(d, text));
    run_until_set(reactor, &seen.times[ACCEPTED]);
    close(far);
    close(seen.fd);
    test_reactor_free(reactor);
}

static bool has_ended(void *far)
{
    char byte;

    return test_recv(*(int *)far, &byte, 1) == -1;
}

Test(dispatcher_accept, without_handle_accepted_a_connection_is_closed)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops };
    confab_reactor *reactor = test_reactor();
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, NULL);
    char text[128];

    cr_assert_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), 0);
    cr_assert_eq(confab_dispatcher_bind(d, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 4), 0);
    int far = test_connect(confab_dispatcher_address(d, text));
    run_until(reactor, has_ended, &far);
    close(far);
    test_reactor_free(reactor);
}

static int lines;
static void count_line(void *data, const struct confab_log_line *line)
{
    (void)data;
    lines++;
    cr_expect_not_null(strstr(line->text, "Too many open files"), "%s", line->text);
}

Test(dispatcher_accept, rests_where_descriptors_are_short)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 };
    char text[128];

    stub_io(reactor);
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    int far = test_connect(confab_dispatcher_address(l, text));

    confab_log_set(count_line, NULL, CONFAB_WARNING);
    stub_short = true;
    run_quiet(reactor);
    cr_expect_eq(lines, 1, "a line a rest, and the loop is quiet");
    cr_expect_eq(stub_accepts, 1);
    cr_expect_str_eq(server.order, "", "it is not an error of the dispatcher");
    stub_short = false;
    stub_pass(100 * CONFAB_MILLISECOND);
    cr_expect_str_eq(server.order, "A");
    close(far);
    close(server.fd);
    test_reactor_free(reactor);
}

Test(dispatcher_accept, another_error_of_accept_is_one_of_the_dispatcher)
{
    confab_reactor *reactor = test_reactor();
    struct seen server = { .fail_in = 1u << ERROR };
    char text[128];

    stub_io(reactor);
    confab_dispatcher *l = listening(reactor, AF_INET, "127.0.0.1:0", &server);
    int far = test_connect(confab_dispatcher_address(l, text));

    stub_accept_error = -EINVAL;
    run_quiet(reactor);
    cr_expect_str_eq(server.order, "!.");
    cr_expect_eq(server.error, -EINVAL);
    close(far);
    test_reactor_free(reactor);
}
