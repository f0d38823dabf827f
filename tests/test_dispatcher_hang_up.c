/* test_dispatcher_hang_up.c: what arrived before a hang-up can be read, whatever the connection is made of. */
#include "dispatcher_support.h"
#include "family_support.h"

TestSuite(dispatcher_hang_up, .timeout = 60);

enum { BYTES = 300000, READING = 1000 };

/* A dispatcher that reads little at a time, and what is to come. */
struct reader {
    const char *pattern;
    size_t got;
    int writes, refused, errors, closed, untouched;
    size_t answer; /* sent in handle_read */
};

static void refuse(struct reader *reader, ssize_t n)
{
    cr_assert(n > 0 || n == -EAGAIN || n == -EPIPE, "send: %s", strerror((int)-n));
    reader->refused += n == -EPIPE;
}

static int read_some(confab_dispatcher *d)
{
    struct reader *reader = confab_dispatcher_data(d);
    static char bytes[READING];
    ssize_t n = confab_dispatcher_recv(d, bytes, sizeof bytes);

    cr_assert_geq(n, 0, "recv: %s", strerror((int)-n));
    cr_assert_leq(reader->got + (size_t)n, BYTES);
    cr_assert_eq(memcmp(bytes, reader->pattern + reader->got, (size_t)n), 0, "other bytes than were sent");
    reader->got += (size_t)n;
    if (reader->answer > 0)
        refuse(reader, confab_dispatcher_send(d, reader->pattern, reader->answer));
    return 0;
}

static int write_some(confab_dispatcher *d)
{
    struct reader *reader = confab_dispatcher_data(d);

    reader->writes++;
    refuse(reader, confab_dispatcher_send(d, "x", 1));
    return 0;
}

static int count_error(confab_dispatcher *d, int error)
{
    (void)error;
    ((struct reader *)confab_dispatcher_data(d))->errors++;
    return 0;
}

static void count_close(confab_dispatcher *d)
{
    ((struct reader *)confab_dispatcher_data(d))->closed++;
}

static const struct confab_dispatcher_ops reading = { .size = sizeof reading,
                                                      .handle_read = read_some,
                                                      .handle_write = write_some,
                                                      .handle_error = count_error,
                                                      .handle_close = count_close };

/* Has the peer write all, hang up, and the dispatcher read it. */
static void hang_up(enum family family, struct reader *reader, unsigned wants)
{
    confab_reactor *reactor = test_reactor();
    char *bytes = test_pattern(BYTES);
    int pair[2];

    reader->pattern = bytes;
    if (family_connect(family, pair)) {
        confab_dispatcher *d = confab_dispatcher_new(reactor, &reading, reader);

        cr_assert_eq(confab_dispatcher_adopt(d, pair[0]), 0);
        cr_assert_eq(confab_dispatcher_want(d, wants), 0);
        family_write_and_hang_up(reactor, pair[1], bytes, BYTES);
        run_until_set(reactor, &reader->closed);
        cr_assert_eq(reader->got, BYTES, "%zu bytes over %s", reader->got, family_names[family]);
        cr_assert_eq(reader->errors, 0);
        cr_assert_eq(reader->closed, 1);
    }
    test_reactor_free(reactor);
    free(bytes);
}

Test(dispatcher_hang_up, over_a_unix_socket_loses_nothing)
{
    hang_up(OVER_UNIX, &(struct reader){ 0 }, CONFAB_READ);
}

Test(dispatcher_hang_up, over_tcp_on_ipv4_loses_nothing)
{
    hang_up(OVER_TCP, &(struct reader){ 0 }, CONFAB_READ);
}

Test(dispatcher_hang_up, over_tcp_on_ipv6_loses_nothing)
{
    int pair[2];

    if (!family_connect(OVER_TCP6, pair))
        cr_skip_test("there is no IPv6 here");
    hang_up(OVER_TCP6, &(struct reader){ 0 }, CONFAB_READ);
}

Test(dispatcher_hang_up, of_a_pipe_loses_nothing)
{
    test_needs_descriptors();
    hang_up(OVER_PIPE, &(struct reader){ 0 }, CONFAB_READ);
}

Test(dispatcher_hang_up, of_a_terminal_loses_nothing)
{
    test_needs_descriptors();
    hang_up(OVER_TERMINAL, &(struct reader){ 0 }, CONFAB_READ);
}

/* A unix socket refuses what is sent as soon as its peer is gone. */
Test(dispatcher_hang_up, found_by_handle_write_loses_nothing)
{
    struct reader reader = { 0 };

    hang_up(OVER_UNIX, &reader, CONFAB_READ | CONFAB_WRITE);
    cr_assert_eq(reader.refused, 1, "handle_write was called %d times after it", reader.refused - 1);
}

Test(dispatcher_hang_up, found_by_a_send_in_handle_read_loses_nothing)
{
    struct reader reader = { .answer = 1 };

    hang_up(OVER_UNIX, &reader, CONFAB_READ);
    cr_assert_gt(reader.refused, 1, "there was nothing left to be read");
}

/* Nobody would ever take it. */
Test(dispatcher_hang_up, found_by_a_send_closes_what_wants_nothing_else)
{
    confab_reactor *reactor = test_reactor();
    struct reader reader = { .pattern = "unread" };
    int pair[2];

    test_pair(pair);
    confab_dispatcher *d = confab_dispatcher_new(reactor, &reading, &reader);
    cr_assert_eq(confab_dispatcher_adopt(d, pair[0]), 0);
    cr_assert_eq(confab_dispatcher_want(d, CONFAB_WRITE), 0);
    test_send(pair[1], "unread", 6);
    test_close(pair[1]);
    run_until_set(reactor, &reader.closed);
    cr_assert_eq(reader.got, 0);
    test_reactor_free(reactor);
}

/* One that ended only its receiving side could keep it open for ever. */
Test(dispatcher_hang_up, of_a_peer_that_takes_nothing_more_is_no_reason_to_wait_for_its_end)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct reader reader = { .pattern = "last" };
    int pair[2];

    test_pair(pair);
    confab_dispatcher *d = confab_dispatcher_new(reactor, &reading, &reader);
    cr_assert_eq(confab_dispatcher_adopt(d, pair[0]), 0);
    run_quiet(reactor);
    test_send(pair[1], "last", 4);
    cr_assert_eq(shutdown(pair[1], SHUT_RD), 0);
    cr_assert_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
    run_quiet(reactor);
    cr_assert_eq(reader.got, 4);
    cr_assert_eq(reader.closed, 1);
    test_close(pair[1]);
    test_reactor_free(reactor);
}

static int leave_it(confab_dispatcher *d)
{
    ((struct reader *)confab_dispatcher_data(d))->untouched++;
    return 0;
}

Test(dispatcher_hang_up, found_by_a_send_asks_once_a_handler_that_reads_nothing)
{
    static const struct confab_dispatcher_ops lazy = { .size = sizeof lazy,
                                                       .handle_read = leave_it,
                                                       .handle_close = count_close };
    confab_reactor *reactor = test_reactor();
    struct reader reader = { 0 };
    int pair[2];

    test_pair(pair);
    confab_dispatcher *d = confab_dispatcher_new(reactor, &lazy, &reader);
    cr_assert_eq(confab_dispatcher_adopt(d, pair[0]), 0);
    test_send(pair[1], "unread", 6);
    test_close(pair[1]);
    cr_assert_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
    run_quiet(reactor);
    cr_assert_eq(reader.untouched, 1);
    cr_assert_eq(reader.closed, 1);
    test_reactor_free(reactor);
}
