/* test_dispatcher.c: what dispatchers are told, and their end. */
#include "core/dispatcher.h"
#include "dispatcher_support.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(dispatcher, .timeout = 60);

/* A dispatcher on one end of a connected pair; the test has the other. */
struct pair {
    confab_reactor *reactor;
    confab_dispatcher *d;
    int far;
    struct seen seen;
};

static void pair_open(struct pair *pair)
{
    int fds[2];

    pair->reactor = test_reactor();
    test_pair(fds);
    pair->d = adopted(pair->reactor, fds[0], &pair->seen);
    pair->far = fds[1];
}

static void pair_close(struct pair *pair)
{
    close(pair->far);
    test_reactor_free(pair->reactor);
    cr_expect_eq(pair->seen.times[CLOSE], 1, "handle_close was called %d times", pair->seen.times[CLOSE]);
}

Test(dispatcher, is_told_of_what_it_can_read)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    test_send(pair.far, "hello", 5);
    run_until_set(pair.reactor, &pair.seen.times[READ]);
    cr_expect_str_eq(pair.seen.bytes, "hello");
    cr_expect_str_eq(pair.seen.order, "R");
    pair_close(&pair);
}

static void echo(confab_dispatcher *d, enum told told)
{
    struct seen *seen = confab_dispatcher_data(d);

    if (told == READ)
        cr_expect_eq(confab_dispatcher_send(d, seen->bytes, seen->n), (ssize_t)seen->n);
}

Test(dispatcher, can_echo)
{
    struct pair pair = { .seen.also = echo };

    pair_open(&pair);
    test_send(pair.far, "again", 5);
    test_expect_bytes(pair.reactor, pair.far, "again", 5);
    pair_close(&pair);
}

Test(dispatcher, wants_nothing_but_reading_at_first)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "");
    pair_close(&pair);
}

Test(dispatcher, that_wants_nothing_is_told_nothing)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    cr_expect_eq(confab_dispatcher_want(pair.d, 0), 0);
    test_send(pair.far, "x", 1);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "");
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_READ), 0);
    run_until_set(pair.reactor, &pair.seen.times[READ]);
    pair_close(&pair);
}

Test(dispatcher, cannot_want_what_there_is_not)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    cr_expect_eq(confab_dispatcher_want(pair.d, 8), -EINVAL);
    pair_close(&pair);
}

static void write_once(confab_dispatcher *d, enum told told)
{
    if (told == WRITE)
        confab_dispatcher_want(d, CONFAB_READ);
}

Test(dispatcher, reads_before_it_writes)
{
    struct pair pair = { .seen.also = write_once };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_READ | CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "RW");
    pair_close(&pair);
}

static void want_no_more(confab_dispatcher *d, enum told told)
{
    if (told == READ)
        confab_dispatcher_want(d, CONFAB_READ);
}

Test(dispatcher, what_a_handler_no_longer_wants_is_not_told_in_the_same_event)
{
    struct pair pair = { .seen.also = want_no_more };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_READ | CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R");
    pair_close(&pair);
}

/* -- Errors -------------------------------------------------------------- */

Test(dispatcher, what_a_handler_returns_goes_to_handle_error)
{
    struct pair pair = { .seen.fail_in = 1u << READ };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_until_set(pair.reactor, &pair.seen.times[ERROR]);
    cr_expect_eq(pair.seen.error, -EPROTO);
    cr_expect_str_eq(pair.seen.order, "R!", "it goes on where handle_error returns 0");
    cr_expect_eq(confab_dispatcher_state(pair.d), CONFAB_DISPATCHER_CONNECTED);
    pair_close(&pair);
}

Test(dispatcher, handle_error_closes_by_returning_it)
{
    struct pair pair = { .seen.fail_in = 1u << READ | 1u << ERROR };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_until_set(pair.reactor, &pair.seen.times[CLOSE]);
    cr_expect_str_eq(pair.seen.order, "R!.");
    pair_close(&pair);
}

Test(dispatcher, without_handle_error_an_error_closes)
{
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops,
                                                      .handle_read = note_read,
                                                      .handle_close = note_close };
    struct seen seen = { .fail_in = 1u << READ };
    confab_reactor *reactor = test_reactor();
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, &seen);
    int fds[2];

    test_pair(fds);
    cr_assert_eq(confab_dispatcher_adopt(d, fds[0]), 0);
    test_send(fds[1], "x", 1);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "R.");
    close(fds[1]);
    test_reactor_free(reactor);
}

Test(dispatcher, that_cannot_be_watched_is_told_and_closed)
{
    struct pair pair = { 0 };

    pair_open(&pair);
    pair.d->channel.ops->ready(&pair.d->channel, BACKEND_FAILED, ENOSPC);
    cr_expect_eq(pair.seen.error, -ENOSPC);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "!.");
    pair_close(&pair);
}

/* -- The end ------------------------------------------------------------- */

Test(dispatcher, close_calls_nothing_before_it_returns)
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

Test(dispatcher, is_closed_once_however_often_it_is_closed)
{
    struct pair pair = { .seen.also = close_again };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R.");
    pair_close(&pair);
}

Test(dispatcher, closed_in_a_handler_is_told_nothing_more)
{
    struct pair pair = { .seen.close_in = 1u << READ, .seen.fail_in = 1u << READ };

    pair_open(&pair);
    test_send(pair.far, "x", 1);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_READ | CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "R.", "neither handle_write nor handle_error");
    pair_close(&pair);
}

Test(dispatcher, can_be_closed_in_handle_write)
{
    struct pair pair = { .seen.close_in = 1u << WRITE };

    pair_open(&pair);
    cr_expect_eq(confab_dispatcher_want(pair.d, CONFAB_WRITE), 0);
    run_quiet(pair.reactor);
    cr_expect_str_eq(pair.seen.order, "W.");
    pair_close(&pair);
}

Test(dispatcher, can_be_closed_in_handle_error)
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

Test(dispatcher, that_is_closed_takes_any_call)
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

Test(dispatcher, without_a_descriptor_is_closed_with_the_reactor)
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

Test(dispatcher, cannot_be_made_while_the_reactor_is_freed)
{
    struct pair pair = { .seen.also = make_another };

    pair_open(&pair);
    pair_close(&pair);
}

Test(dispatcher, needs_ops_of_a_size)
{
    static const struct confab_dispatcher_ops none = { 0 };
    confab_reactor *reactor = test_reactor();

    cr_expect_null(confab_dispatcher_new(reactor, NULL, NULL));
    cr_expect_null(confab_dispatcher_new(reactor, &none, NULL));
    test_reactor_free(reactor);
}

Test(dispatcher, close_all_closes_each)
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

Test(dispatcher, an_event_of_one_closed_in_the_same_turn_does_not_reach_its_descriptors_next_owner)
{
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
