/* test_listener.c: accepting: how many, for whom, and what when it fails. */
#include "listener_support.h"
#include "stub_io.h"
#include <sys/resource.h>

enum { BOUND = 3, WAITING = 7 };

static confab_reactor *reactor;
static confab_listener *listener;

/* A reactor that accepts BOUND connections an event, and a listener. */
static void set_up(void)
{
    const struct confab_reactor_options options = { .size = sizeof options, .accepts = BOUND };

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    stub_io(reactor);
    listener = listen_on(reactor, "127.0.0.1:0");
    confab_log_set(keep_line, NULL, CONFAB_WARNING);
}

static void tear_down(void)
{
    test_reactor_free(reactor);
    cr_expect_eq(ended, opened, "each chat has ended");
}

TestSuite(listener, .init = set_up, .fini = tear_down, .timeout = 60);

static int connect_one(void)
{
    return test_connect(confab_listener_address(listener));
}

static void connect_many(int far[WAITING])
{
    for (int i = 0; i < WAITING; i++)
        far[i] = connect_one();
}

static void close_many(const int far[WAITING])
{
    for (int i = 0; i < WAITING; i++)
        test_close(far[i]);
}

/* How many of these the other side has closed. */
static int count_closed(const int far[WAITING])
{
    char byte;
    int n = 0;

    for (int i = 0; i < WAITING; i++)
        n += test_recv(far[i], &byte, 1) == -1;
    return n;
}

Test(listener, accepts_no_more_in_an_event_than_the_reactor_says)
{
    int far[WAITING];

    connect_many(far);
    cr_expect_eq(opened, 0);
    cr_expect_geq(confab_reactor_run_once(reactor, 0), 1);
    cr_expect_eq(opened, BOUND);
    run_quiet(reactor);
    cr_expect_eq(opened, WAITING, "the rest in later turns");
    close_many(far);
}

Test(listener, paused_lets_connections_wait)
{
    confab_listener_pause(listener, true);
    int far = connect_one();

    run_quiet(reactor);
    cr_expect_eq(opened, 0);
    confab_listener_pause(listener, false);
    run_until_set(reactor, &opened);
    test_close(far);
}

static void pause_it(confab_chat *chat)
{
    (void)chat;
    confab_listener_pause(listener, true);
}

Test(listener, paused_by_a_hook_accepts_no_more_in_that_event)
{
    int far[WAITING];

    on_connect = pause_it;
    connect_many(far);
    run_quiet(reactor);
    cr_expect_eq(opened, 1);
    close_many(far);
}

static void close_it(confab_chat *chat)
{
    (void)chat;
    confab_listener_close(listener);
}

Test(listener, closed_by_a_hook_accepts_no_more_in_that_event)
{
    int far[WAITING];

    on_connect = close_it;
    connect_many(far);
    run_quiet(reactor);
    cr_expect_eq(opened, 1);
    cr_expect_eq(stub_accepts, 1);
    close_many(far);
}

Test(listener, its_chats_go_on_when_it_closes)
{
    int far = connect_one();

    run_until_set(reactor, &opened);
    confab_listener_close(listener);
    confab_listener_close(listener); /* once more does no harm before the turn's end */
    run_quiet(reactor);
    test_send(far, "still", 5);
    test_expect_bytes(reactor, far, "still", 5);
    cr_expect_eq(ended, 0);
    test_close(far);
}

Test(listener, keeps_run_going_until_it_closes)
{
    confab_listener_close(listener);
    cr_expect_eq(confab_reactor_run(reactor), 0);
}

/* -- An owner ------------------------------------------------------------ */

static int room; /* for how many more */

static void owner_opened(confab_service *service, bool inbound)
{
    (void)service;
    cr_expect(inbound);
    room--;
}

static void owner_closed(confab_service *service, bool inbound)
{
    (void)service, (void)inbound;
}

static bool owner_admits(confab_service *service)
{
    (void)service;
    return room > 0;
}

static const struct settings_owner owner = { .opened = owner_opened,
                                             .closed = owner_closed,
                                             .admits = owner_admits };

static confab_listener *listen_owned(confab_listener **list)
{
    confab_listener *owned;
    struct settings *settings;

    cr_assert_eq(settings_new(&settings, &reactor->alloc, reactor->read_buffer, &echoing, NULL, NULL), 0);
    settings->inbound = true;
    settings->owner = &owner;
    cr_assert_eq(listener_open(&owned, reactor, "127.0.0.1:0", settings, list), 0);
    return owned;
}

Test(listener, its_owner_is_asked_for_room)
{
    char expected[128];
    int far[WAITING];

    room = 2;
    confab_listener_close(listener);
    listener = listen_owned(NULL);
    connect_many(far);
    run_quiet(reactor);
    cr_expect_eq(opened, 2);
    cr_expect_eq(count_closed(far), WAITING - 2, "the others are closed at once");

    cr_expect_eq(lines, 1, "the first is told at once, the rest together");
    snprintf(expected, sizeof expected, "%s: no room for more connections; refused: 1",
             confab_listener_address(listener));
    cr_expect_str_eq(last_line, expected);
    confab_listener_close(listener);
    cr_expect_eq(lines, 2, "what was counted is not lost");
    cr_expect_not_null(strstr(last_line, "refused: 4"), "%s", last_line);
    close_many(far);
}

Test(listener, what_was_counted_is_told_a_second_later)
{
    int far[WAITING];

    room = 0;
    confab_listener_close(listener);
    listener = listen_owned(NULL);
    connect_many(far);
    run_quiet(reactor);
    stub_pass(CONFAB_SECOND / 2);
    cr_expect_eq(lines, 1);
    stub_pass(CONFAB_SECOND / 2);
    cr_expect_eq(lines, 2);
    cr_expect_not_null(strstr(last_line, "refused: 6"), "%s", last_line);
    close_many(far);
}

Test(listener, is_on_its_owners_list_while_it_lives)
{
    confab_listener *list = NULL;
    confab_listener *first = listen_owned(&list), *second = listen_owned(&list), *third = listen_owned(&list);

    cr_expect_eq(list, third);
    confab_listener_close(second);
    cr_expect_eq(third->next, first);
    confab_listener_close(third);
    cr_expect_eq(list, first);
    confab_listener_close(first);
    cr_expect_null(list);
}

/* -- When accept fails --------------------------------------------------- */

static const int64_t a_rest = 100 * CONFAB_MILLISECOND;

Test(listener, refuses_what_waits_where_there_is_no_descriptor)
{
    char expected[160];
    int far[WAITING];

    connect_many(far);
    stub_short = true;
    run_quiet(reactor);
    cr_expect_eq(count_closed(far), BOUND, "as many as an event may accept");
    cr_expect_eq(opened, 0);
    cr_expect_eq(lines, 1, "once for a rest, which is quiet");
    cr_expect_geq(reactor->spare, 0, "the spare descriptor is there again");
    snprintf(expected, sizeof expected,
             "%s: accept: Too many open files; connections refused: %d; rests of 100 ms: 1",
             confab_listener_address(listener), BOUND);
    cr_expect_str_eq(last_line, expected);

    stub_short = false;
    stub_pass(a_rest);
    cr_expect_eq(opened, WAITING - BOUND, "it listens again");
    close_many(far);
}

Test(listener, takes_a_spare_descriptor_later_where_there_was_none)
{
    int far = connect_one();

    reactor_give_spare(reactor);
    stub_accept_error = -EMFILE;
    run_quiet(reactor);
    cr_expect_eq(stub_accepts, 1, "nothing can be refused");
    stub_accept_error = 0;
    stub_pass(a_rest);
    cr_expect_geq(reactor->spare, 0);
    cr_expect_eq(opened, 1);
    test_close(far);
}

Test(listener, tells_of_several_rests_in_one_line_a_second)
{
    int far[WAITING];

    connect_many(far);
    stub_short = true;
    run_quiet(reactor);
    stub_pass(a_rest);
    stub_pass(a_rest);
    stub_pass(a_rest);
    cr_expect_eq(count_closed(far), WAITING);
    cr_expect_eq(lines, 1);
    stub_pass(CONFAB_SECOND);
    cr_expect_eq(lines, 2);
    cr_expect_not_null(strstr(last_line, "connections refused: 4; rests of 100 ms: 2"), "%s", last_line);
    close_many(far);
}

/* The same with a real limit, where only the order of things is certain. */
Test(listener, survives_a_process_without_descriptors)
{
    test_needs_descriptors();
    struct rlimit before, limit;
    int far = connect_one(), next = dup(0);

    cr_assert_geq(next, 0);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max };
    close(next);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    run_until_set(reactor, &lines);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_expect_eq(opened, 0);
    test_close(far);

    stub_pass(a_rest);
    far = connect_one();
    run_until_set(reactor, &opened);
    test_close(far);
}

Test(listener, rests_where_memory_is_short)
{
    int far = connect_one();

    stub_accept_error = -ENOBUFS;
    run_quiet(reactor);
    cr_expect_eq(stub_accepts, 1, "the spare descriptor is of no help");
    cr_expect_eq(lines, 1);
    cr_expect_not_null(strstr(last_line, strerror(ENOBUFS)), "%s", last_line);
    stub_accept_error = 0;
    stub_pass(a_rest);
    cr_expect_eq(opened, 1);
    test_close(far);
}

Test(listener, does_not_spin_on_an_error_that_stays)
{
    int far = connect_one();

    stub_accept_error = -EINVAL;
    run_quiet(reactor);
    cr_expect_eq(stub_accepts, 1);
    stub_pass(a_rest / 2);
    cr_expect_eq(stub_accepts, 1);
    stub_pass(a_rest / 2);
    cr_expect_eq(stub_accepts, 2, "it tries again after a rest");
    cr_expect_eq(lines, 1);
    test_close(far);
}

Test(listener, stays_paused_when_its_rest_is_over)
{
    int far = connect_one();

    stub_accept_error = -ENOMEM;
    run_quiet(reactor);
    cr_expect_eq(stub_accepts, 1);
    stub_accept_error = 0;
    confab_listener_pause(listener, true);
    stub_pass(a_rest);
    cr_expect_eq(opened, 0);
    confab_listener_pause(listener, false);
    run_quiet(reactor);
    cr_expect_eq(opened, 1);
    test_close(far);
}

Test(listener, resuming_does_not_end_a_rest)
{
    int far = connect_one();

    stub_accept_error = -ENOMEM;
    run_quiet(reactor);
    confab_listener_pause(listener, true);
    confab_listener_pause(listener, false);
    run_quiet(reactor);
    cr_expect_eq(stub_accepts, 1);
    test_close(far);
}

Test(listener, that_cannot_be_watched_tries_again_later)
{
    int far = connect_one();

    reactor->now = stub_now;
    listener->channel.ops->ready(&listener->channel, BACKEND_FAILED, ENOSPC);
    run_quiet(reactor);
    cr_expect_eq(opened, 0);
    cr_expect_eq(lines, 1);
    stub_pass(a_rest);
    cr_expect_eq(opened, 1);
    test_close(far);
}
