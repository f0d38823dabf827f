/* test_reactor_lost.c: a descriptor that was closed behind the reactor's back, and a backend that is built anew. */
#include "core/reactor.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS_OF_REPAIR = 50, DESCRIPTORS = 64 };

/* A chat that sends back what arrives. */
static int send_back(confab_chat *chat, const char *data, size_t len)
{
    return confab_chat_push(chat, data, len);
}

static confab_id last_closed;

static void note_close(confab_chat *chat, enum confab_reason reason)
{
    int *closed = confab_chat_data(chat);

    (void)reason;
    last_closed = confab_chat_id(chat);
    if (closed)
        ++*closed;
}

static const struct confab_chat_ops echo = { .size = sizeof echo,
                                             .collect_incoming_data = send_back,
                                             .handle_close = note_close };

static confab_chat *echo_on(confab_reactor *reactor, int fd, int *closed)
{
    struct confab_chat_options options = { .size = sizeof options, .data = closed };
    confab_chat *chat = confab_chat_new(reactor, fd, &echo, &options);

    cr_assert_not_null(chat);
    run_quiet(reactor);
    return chat;
}

static void cr_echoes(confab_reactor *reactor, int peer)
{
    test_send(peer, "hello", 5);
    run_quiet(reactor);
    test_expect(peer, "hello");
}

/* Turns until nothing happens any more; each turn looks at the kernel once. */
static int turns_until_quiet(confab_reactor *reactor)
{
    int turns = 0, quiet = 0;

    for (; turns <= TURNS_OF_REPAIR && quiet < 3; turns++) {
        int n = confab_reactor_run_once(reactor, 0);
        cr_assert_geq(n, 0, "run_once: %s", strerror(-n));
        quiet = n ? 0 : quiet + 1;
    }
    return turns;
}

static void drop_log(void *data, const struct confab_log_line *line)
{
    (void)line;
    ++*(int *)data;
}

/* The connection lives on in a copy of its descriptor, so the kernel may tell of it for ever. */
Test(reactor_lost, a_descriptor_closed_behind_its_back_does_not_make_it_spin)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    int lost[2], sound[2], closed = 0, lines = 0, copy;

    confab_log_set(drop_log, &lines, CONFAB_WARNING);
    test_pair(lost);
    test_pair(sound);
    echo_on(reactor, lost[0], &closed);
    echo_on(reactor, sound[0], NULL);
    copy = dup(lost[0]);
    close(lost[0]);
    test_send(lost[1], "x", 1);
    cr_assert_leq(turns_until_quiet(reactor), TURNS_OF_REPAIR, "it spins");
    cr_assert_eq(closed, 1);
    cr_assert_leq(lines, 1);
    cr_echoes(reactor, sound[1]);
    close(copy);
    test_reactor_free(reactor);
}

static int calls;

static void count(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
    calls++;
}

static void post_and_lose(confab_chat *chat, enum confab_reason reason)
{
    confab_reactor *reactor = confab_chat_reactor(chat);

    (void)reason;
    cr_assert_eq(confab_reactor_post(reactor, count, NULL), 0);
    reactor->lost = true;
}

Test(reactor_lost, a_new_backend_does_not_sleep_over_what_woke_the_old_one)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .collect_incoming_data = send_back,
                                                .handle_close = post_and_lose };
    confab_reactor *reactor = test_reactor();
    int64_t start;
    int pair[2];

    test_pair(pair);
    confab_chat_close(confab_chat_new(reactor, pair[0], &ops, NULL));
    cr_assert_geq(confab_reactor_run_once(reactor, 0), 0);
    cr_assert_eq(calls, 0);
    start = confab_reactor_now(reactor);
    cr_assert_eq(confab_reactor_run_once(reactor, 5 * CONFAB_SECOND), 1);
    cr_assert_lt(confab_reactor_now(reactor) - start, 5 * CONFAB_SECOND, "it slept");
    cr_assert_eq(calls, 1);
    test_reactor_free(reactor);
}

/* Takes every descriptor that this process may still have; returns how many those are. */
static int take_descriptors(int taken[DESCRIPTORS])
{
    struct rlimit limit;
    int n = 0;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = DESCRIPTORS;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while ((taken[n] = dup(0)) >= 0)
        n++;
    cr_assert_eq(errno, EMFILE);
    return n;
}

static void stop_it(confab_reactor *reactor, void *data)
{
    (void)data;
    confab_reactor_stop(reactor);
}

Test(reactor_lost, a_backend_that_cannot_be_built_anew_for_want_of_descriptors_is_mended_later)
{
    confab_reactor *reactor = test_reactor();
    int pair[2], taken[DESCRIPTORS], n;

    test_pair(pair);
    echo_on(reactor, pair[0], NULL);
    n = take_descriptors(taken);
    reactor_give_spare(reactor);
    taken[n++] = dup(0);
    reactor->lost = true;
    cr_assert_neq(confab_call_later(reactor, 10 * CONFAB_MILLISECOND, stop_it, NULL), 0);
    cr_assert_eq(confab_reactor_run(reactor), 0, "run ended by itself");
    cr_assert(reactor->lost, "there was a descriptor left");
    cr_echoes(reactor, pair[1]);
    while (n > 0)
        close(taken[--n]);
    run_quiet(reactor);
    cr_assert_not(reactor->lost);
    cr_echoes(reactor, pair[1]);
    test_reactor_free(reactor);
}

Test(reactor_lost, a_backend_is_built_anew_with_the_descriptor_that_is_kept_spare)
{
    test_needs_descriptors();
    int before = test_open_fds();
    confab_reactor *reactor = test_reactor();
    int pair[2], taken[DESCRIPTORS], n;
    int needs = test_open_fds() - before - 1; /* the backend; the one is the spare */

    test_pair(pair);
    echo_on(reactor, pair[0], NULL);
    n = take_descriptors(taken);
    while (--needs > 0)
        close(taken[--n]);
    reactor->lost = true;
    run_quiet(reactor);
    cr_assert_not(reactor->lost);
    cr_echoes(reactor, pair[1]);
    while (n > 0)
        close(taken[--n]);
    test_reactor_free(reactor);
}

Test(reactor_lost, a_number_that_was_closed_behind_its_back_can_be_used_again)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    int lost[2], next[2], closed = 0, lines = 0;
    confab_id id;

    confab_log_set(drop_log, &lines, CONFAB_WARNING);
    test_pair(lost);
    id = confab_chat_id(echo_on(reactor, lost[0], &closed));
    test_pair(next);
    cr_assert_eq(dup2(next[0], lost[0]), lost[0]);
    close(next[0]);
    echo_on(reactor, lost[0], NULL);
    cr_assert_eq(closed, 1);
    cr_assert_eq(last_closed, id);
    cr_assert_eq(lines, 1, "it was not logged once: %d", lines);
    cr_echoes(reactor, next[1]);
    cr_assert_leq(turns_until_quiet(reactor), TURNS_OF_REPAIR, "it spins");
    cr_echoes(reactor, next[1]);
    test_reactor_free(reactor);
    cr_assert_eq(closed, 1);
}
