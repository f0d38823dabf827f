/* test_dispatcher.c: what dispatchers are told, and in which order. */
#include "core/dispatcher.h"
#include "dispatcher_support.h"
#include <sys/socket.h>
#include <unistd.h>

TestSuite(dispatcher, .timeout = 60);

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

Test(dispatcher, ops_of_an_older_header_are_those_that_it_had)
{
    static const struct confab_dispatcher_ops ops = { .size = offsetof(struct confab_dispatcher_ops,
                                                                       handle_write),
                                                      .handle_read = note_read,
                                                      .handle_write = note_write };
    struct seen seen = { 0 };
    confab_reactor *reactor = test_reactor();
    confab_dispatcher *d = confab_dispatcher_new(reactor, &ops, &seen);
    int fds[2];

    test_pair(fds);
    cr_assert_eq(confab_dispatcher_adopt(d, fds[0]), 0);
    cr_assert_eq(confab_dispatcher_want(d, CONFAB_READ | CONFAB_WRITE), 0);
    test_send(fds[1], "x", 1);
    run_until_set(reactor, &seen.times[READ]);
    cr_expect_str_eq(seen.order, "R");
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
