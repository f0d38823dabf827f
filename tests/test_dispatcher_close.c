/* test_dispatcher_close.c: how dispatchers end, each once. */
#include "dispatcher_support.h"
#include <sys/socket.h>
#include <unistd.h>

TestSuite(dispatcher_close, .timeout = 60);

Test(dispatcher_close, close_calls_nothing_before_it_returns)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    confab_dispatcher_close(pair.d);
    cr_expect_str_eq(pair.seen.order, "");
    cr_expect_eq(confab_dispatcher_fd(pair.d), -1);
    cr_expect_eq(confab_dispatcher_state(pair.d), CONFAB_DISPATCHER_CLOSED);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, ".");
    pair_close(&pair);
}

static void close_again(confab_dispatcher *d, enum told told)
{
    (void)told;
    confab_dispatcher_close(d);
    confab_dispatcher_close(d);
}

Test(dispatcher_close, is_closed_once_however_often_it_is_closed)
{
    struct pair pair = { .seen.also = close_again };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R.");
    pair_close(&pair);
}

Test(dispatcher_close, closed_in_a_handler_is_told_nothing_more)
{
    struct pair pair = { .seen.close_in = 1u << READ, .seen.fail_in = 1u << READ };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_READ | CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R.", "neither handle_write nor handle_error");
    pair_close(&pair);
}

Test(dispatcher_close, can_be_closed_in_handle_write)
{
    struct pair pair = { .seen.close_in = 1u << WRITE };

    pair_open(&pair);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "W.");
    pair_close(&pair);
}

Test(dispatcher_close, can_be_closed_in_handle_error)
{
    struct pair pair = { .seen.fail_in = 1u << READ, .seen.close_in = 1u << ERROR };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R!.");
    pair_close(&pair);
}

static void use_closed(confab_dispatcher *d, enum told told)
{
    char buf[128];

    if (told != CLOSE)
        return;
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
    cr_expect_eq(confab_dispatcher_recv(d, buf, sizeof buf), -EBADF);
    cr_expect_eq(confab_dispatcher_sendto(d, "x", 1, NULL, 0), -EPIPE);
    cr_expect_eq(confab_dispatcher_recvfrom(d, buf, sizeof buf, NULL, NULL), -EBADF);
    cr_expect_eq(confab_dispatcher_want(d, CONFAB_READ), -EBADF);
    cr_expect_eq(confab_dispatcher_create_socket(d, AF_INET, SOCK_STREAM), -EBADF);
    cr_expect_eq(confab_dispatcher_set_reuse_addr(d), -EBADF);
    cr_expect_eq(confab_dispatcher_bind(d, "0"), -EBADF);
    cr_expect_eq(confab_dispatcher_listen(d, 1), -EBADF);
    cr_expect_eq(confab_dispatcher_connect(d, "1"), -EBADF);
    cr_expect_eq(confab_dispatcher_accept(d, NULL, NULL), -EBADF);
    cr_expect_eq(confab_dispatcher_adopt(d, dup(0)), -EBADF);
    cr_expect_str_eq(confab_dispatcher_address(d, buf), "-");
}

Test(dispatcher_close, that_is_closed_takes_any_call)
{
    struct pair pair = { .seen.also = use_closed };
    int open = test_open_fds();

    pair_open(&pair);
    confab_dispatcher_close(pair.d);
    run_quiet(pair.reactor);
    cr_expect_eq(pair.seen.times[CLOSE], 1);
    pair_close(&pair);
    cr_expect_eq(test_open_fds(), open, "what adopt refused is closed");
}

Test(dispatcher_close, without_a_descriptor_is_closed_with_the_reactor)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };

    cr_assert_not_null(confab_dispatcher_new(reactor, &noting, &seen));
    test_reactor_free(reactor);
    cr_expect_str_eq(seen.order, ".");
}

static void make_another(confab_dispatcher *d, enum told told)
{
    if (told == CLOSE)
        cr_expect_null(confab_dispatcher_new(confab_dispatcher_reactor(d), &noting, NULL));
}

Test(dispatcher_close, cannot_be_made_while_the_reactor_is_freed)
{
    struct pair pair = { .seen.also = make_another };

    pair_open(&pair);
    pair_close(&pair);
}

Test(dispatcher_close, needs_ops_of_a_size)
{
    static const struct confab_dispatcher_ops none = { 0 };
    confab_reactor *reactor = test_reactor();

    cr_expect_null(confab_dispatcher_new(reactor, NULL, NULL));
    cr_expect_null(confab_dispatcher_new(reactor, &none, NULL));
    test_reactor_free(reactor);
}

Test(dispatcher_close, close_all_closes_each)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    confab_reactor_close_all(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "");
    cr_expect_eq(confab_reactor_run(pair.reactor), 0, "and run has nothing left to do");
    cr_expect_str_eq(pair.seen.order, ".");
    pair_close(&pair);
}

/* -- Two in one turn ----------------------------------------------------- */

struct rivals {
    confab_dispatcher *d[2], *heir;
    struct seen seen[2], heir_seen;
    int heir_far;
};
static struct rivals rivals;

/* The first that is told closes the other one, whose event is in the same
 * batch, and has its descriptor's number taken by a third. */
static void close_rival(confab_dispatcher *d, enum told told)
{
    int fd, fds[2];

    if (told != READ)
        return;
    confab_dispatcher *rival = rivals.d[d == rivals.d[0]];
    fd = confab_dispatcher_fd(rival);
    confab_dispatcher_close(rival);
    test_pair(fds);
    rivals.heir_far = fds[0] == fd ? fds[1] : fds[0];
    cr_assert(fds[0] == fd || fds[1] == fd, "the lowest number is used again");
    rivals.heir = adopted(confab_dispatcher_reactor(d), fd, &rivals.heir_seen);
}

Test(dispatcher_close, an_event_of_one_closed_in_the_same_turn_does_not_reach_its_descriptors_next_owner)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    int far[2];

    for (int i = 0; i < 2; i++) {
        int fds[2];

        test_pair(fds);
        rivals.seen[i].also = close_rival;
        rivals.d[i] = adopted(reactor, fds[0], &rivals.seen[i]);
        far[i] = fds[1];
        test_send(far[i], "x", 1);
    }
    run_quiet(reactor);
    cr_expect_eq(rivals.seen[0].times[READ] + rivals.seen[1].times[READ], 1);
    cr_expect_eq(rivals.seen[0].times[CLOSE] + rivals.seen[1].times[CLOSE], 1);
    cr_expect_str_eq(rivals.heir_seen.order, "", "the stale event is dropped");
    test_send(rivals.heir_far, "y", 1);
    run_until_set(reactor, &rivals.heir_seen.times[READ]);
    cr_expect_str_eq(rivals.heir_seen.bytes, "y");
    close(far[0]);
    close(far[1]);
    close(rivals.heir_far);
    test_reactor_free(reactor);
}
