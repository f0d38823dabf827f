/* test_laws.c: the six laws of the library, each by tests named for it:
 * 1. no public function runs a hook, a producer or a release before it returns;
 * 2. after every call into a plugin the library looks again;
 * 3. what a peer controls is bounded in each turn;
 * 4. whoever is given something with a release releases it exactly once;
 * 5. reactors share nothing;
 * 6. a hook that returns negative closes its chat with reason HOOK. */
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum hook { CONNECT, COLLECT, FOUND, AT_EOF, DRAIN, SENT, TOO_LONG, HOOKS };

/* A chat, its peer, and what its hooks saw and are to do. */
struct end {
    confab_chat *chat;
    struct end *other;
    int peer;
    int called[HOOKS], closed, error;
    enum confab_reason reason;
    enum hook at; /* the hook in which act is called, the first time */
    int (*act)(confab_chat *chat);
};

static _Thread_local int inside; /* a public function is being called */
static _Thread_local int broken; /* a hook, a producer or a release ran meanwhile */

static void called_back(void)
{
    broken += inside;
}

static int hook(confab_chat *chat, enum hook which)
{
    struct end *end = confab_chat_data(chat);

    called_back();
    cr_assert_eq(end->closed, 0, "hook %d was called after handle_close", (int)which);
    if (end->called[which]++ == 0 && end->act && end->at == which)
        return end->act(chat);
    return 0;
}

static int handle_connect(confab_chat *chat)
{
    confab_chat_set_terminator_line(chat);
    return hook(chat, CONNECT);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    confab_chat_collect(chat, data, len);
    return hook(chat, COLLECT);
}

static int found_terminator(confab_chat *chat)
{
    return hook(chat, FOUND);
}

static int handle_eof(confab_chat *chat)
{
    return hook(chat, AT_EOF);
}

static int handle_drain(confab_chat *chat)
{
    return hook(chat, DRAIN);
}

static int handle_sent(confab_chat *chat)
{
    return hook(chat, SENT);
}

static int handle_too_long(confab_chat *chat)
{
    confab_chat_skip_message(chat);
    return hook(chat, TOO_LONG);
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    called_back();
    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .session_size = 64,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = collect,
                                            .found_terminator = found_terminator,
                                            .handle_eof = handle_eof,
                                            .handle_drain = handle_drain,
                                            .handle_sent = handle_sent,
                                            .handle_too_long = handle_too_long,
                                            .handle_close = handle_close };

/* Small marks, so that each hook can be brought about. */
static void make_end(struct end *end, confab_reactor *reactor)
{
    struct confab_chat_options options = {
        .size = sizeof options, .low = 100, .high = 1000, .max_message = 1000, .data = end
    };
    int pair[2], narrow = 4096;

    test_pair(pair);
    test_buffer_size(pair[0], SO_SNDBUF, narrow);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(end->chat);
}

static void open_end(struct end *end, confab_reactor *reactor)
{
    make_end(end, reactor);
    run_quiet(reactor);
}

static char much[100000];

/* Has every hook called, as far as the chat lives. */
static void exercise(confab_reactor *reactor, struct end *end)
{
    static char bytes[sizeof much];
    static char longer[2000];

    run_quiet(reactor);
    test_send_some(end->peer, "one\ntwo\n", 8);
    run_quiet(reactor);
    if (!end->closed)
        confab_chat_push_reference(end->chat, much, sizeof much, NULL, NULL);
    run_quiet(reactor);
    for (int i = 0; i < 1000 && test_recv(end->peer, bytes, sizeof bytes) > 0; i++)
        run_quiet(reactor);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\n';
    test_send_some(end->peer, longer, sizeof longer);
    run_quiet(reactor);
    test_shutdown(end->peer);
    run_quiet(reactor);
}

static void count_release(void *counter)
{
    called_back();
    ++*(int *)counter;
}

static ssize_t no_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    (void)self, (void)chat, (void)want, (void)bytes;
    called_back();
    return 0;
}

static const struct confab_producer_ops empty = { .size = sizeof empty,
                                                  .more = no_more,
                                                  .release = count_release };

static void count_call(confab_reactor *reactor, void *counter)
{
    (void)reactor;
    count_release(counter);
}

static void count_timer(confab_chat *chat, void *counter)
{
    (void)chat;
    count_release(counter);
}

/* Everything that one may do to a chat, but closing; two things of it are released. */
static void call_all(confab_chat *chat, int *released)
{
    struct confab_chat_options options = { .size = sizeof options, .high = 2000 };
    struct confab_chat_stats stats = { .size = sizeof stats };
    confab_reactor *reactor = confab_chat_reactor(chat);
    char text[128];

    confab_chat_set_terminator(chat, "#", 1);
    confab_chat_set_terminator_after(chat, "ab", 2, 1);
    confab_chat_set_terminator_none(chat);
    confab_chat_set_terminator_count(chat, 0);
    confab_chat_set_terminator_line(chat);
    confab_chat_get_terminator(chat, NULL, NULL);
    confab_chat_skip_message(chat);
    confab_chat_push(chat, "a", 1);
    confab_chat_puts(chat, "b");
    confab_chat_printf(chat, "%1000d", 1);
    confab_chat_push_reference(chat, much, 10, count_release, released);
    confab_chat_push_buffer(chat, confab_buffer_new("c", 1));
    confab_chat_push_with_producer(chat, &empty, released);
    confab_chat_push_file(chat, test_file("d", 1), 0, -1);
    confab_chat_resume_output(chat);
    confab_chat_suspend(chat);
    confab_chat_resume(chat);
    confab_chat_pace(chat, NULL);
    confab_chat_pace(chat, chat);
    confab_chat_set_options(chat, &options);
    confab_chat_set_timeout(chat, CONFAB_TIMEOUT_LIFETIME, 1);
    confab_chat_set_timeout(chat, CONFAB_TIMEOUT_LIFETIME, 0);
    confab_call_cancel(reactor, confab_chat_call_later(chat, 0, count_timer, released));
    confab_chat_get_stats(chat, &stats);
    confab_chat_peer(chat, text);
    confab_chat_local(chat, text);
    memset(confab_chat_session(chat), 1, 64);
    confab_chat_discard_buffers(chat);
}

static void close_all_ways(confab_chat *chat)
{
    confab_chat_shutdown(chat);
    confab_chat_close_when_done(chat);
    confab_chat_close(chat);
    confab_chat_abort(chat);
}

Test(laws, law_1_no_public_function_calls_back_before_it_returns)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 }, nowhere = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &nowhere };
    int released = 0, posted = 0;

    inside = 1;
    make_end(&end, reactor);
    cr_assert_not_null(confab_connect(reactor, "nonsense", &ops, &options));
    confab_reactor_post(reactor, count_call, &posted);
    inside = 0;
    run_until_set(reactor, &nowhere.closed);
    run_until_set(reactor, &posted);
    test_send(end.peer, "a\nb\n", 4);
    inside = 1;
    call_all(end.chat, &released);
    close_all_ways(end.chat);
    call_all(end.chat, &released);
    confab_reactor_close_all(reactor);
    inside = 0;
    cr_assert_eq(broken, 0);
    run_quiet(reactor);
    cr_assert_eq(released, 4);
    cr_assert_eq(end.closed, 1);
    test_reactor_free(reactor);
}

static int released_late;

static int close_and_go_on(confab_chat *chat)
{
    confab_chat_close(chat);
    call_all(chat, &released_late);
    cr_assert_eq(confab_chat_push(chat, "x", 1), -EPIPE);
    return 0;
}

Test(laws, law_2_a_hook_may_close_its_chat_and_go_on_calling_it)
{
    confab_reactor *reactor = test_reactor();

    for (enum hook at = CONNECT; at < HOOKS; at++) {
        struct end end = { .at = at, .act = close_and_go_on };
        released_late = 0;
        make_end(&end, reactor);
        exercise(reactor, &end);
        cr_assert_eq(end.called[at], 1, "hook %d was called %d times", (int)at, end.called[at]);
        cr_assert_eq(end.closed, 1);
        cr_assert_eq(end.reason, CONFAB_REASON_CLOSED);
        cr_assert_eq(released_late, 2);
        test_close(end.peer);
    }
    test_reactor_free(reactor);
}

static void go_on_after_close(confab_chat *chat, enum confab_reason reason)
{
    handle_close(chat, reason);
    call_all(chat, &released_late);
    close_all_ways(chat);
    cr_assert_eq(confab_chat_push(chat, "x", 1), -EPIPE);
    cr_assert_eq(confab_chat_state(chat), CONFAB_STATE_CLOSED);
    cr_assert_eq(confab_chat_fd(chat), -1);
    cr_assert_null(confab_chat_find(confab_chat_reactor(chat), confab_chat_id(chat)));
}

Test(laws, law_2_a_chat_takes_any_call_in_handle_close)
{
    confab_reactor *reactor = test_reactor();
    struct confab_chat_ops last = ops;
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    int pair[2];

    last.handle_close = go_on_after_close;
    test_pair(pair);
    end.chat = confab_chat_new(reactor, pair[0], &last, &options);
    run_quiet(reactor);
    confab_chat_close(end.chat);
    run_quiet(reactor);
    cr_assert_eq(end.closed, 1);
    cr_assert_eq(released_late, 2);
    test_reactor_free(reactor);
}

static int close_other(confab_chat *chat)
{
    confab_chat *other = ((struct end *)confab_chat_data(chat))->other->chat;

    confab_chat_close(other);
    call_all(other, &released_late);
    return 0;
}

Test(laws, law_2_a_hook_may_close_another_chat_that_is_ready_too)
{
    confab_reactor *reactor = test_reactor();
    struct end one = { .at = FOUND, .act = close_other }, two = { .at = FOUND, .act = close_other };

    one.other = &two;
    two.other = &one;
    open_end(&one, reactor);
    open_end(&two, reactor);
    test_send(one.peer, "1\n", 2);
    test_send(two.peer, "2\n", 2);
    run_quiet(reactor);
    cr_assert_eq(one.called[FOUND] + two.called[FOUND], 1);
    cr_assert_eq(one.closed + two.closed, 1);
    cr_assert_eq(released_late, 2);
    test_reactor_free(reactor);
}

static confab_reactor *bounded_reactor(void)
{
    struct confab_reactor_options options = {
        .size = sizeof options, .messages = 2, .accepts = 2, .reads = 1
    };
    confab_reactor *reactor;

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    return reactor;
}

/* Turns until counter has come to total, by no more than bound a turn, and no turn may sleep. */
static void cr_bounded(confab_reactor *reactor, const int *counter, int total, int bound)
{
    for (int turns = 0, seen = 0; seen < total; turns++, seen = *counter) {
        cr_assert_gt(confab_reactor_run_once(reactor, 10 * CONFAB_SECOND), 0,
                     "it sleeps on undelivered input");
        cr_assert_leq(*counter - seen, bound);
        cr_assert_leq(turns, 10 * total);
    }
}

Test(laws, law_3_messages_of_one_event_are_bounded)
{
    confab_reactor *reactor = bounded_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    test_send(end.peer, "1\n2\n3\n4\n5\n6\n7\n8\n", 16);
    cr_bounded(reactor, &end.called[FOUND], 8, 2);
    test_reactor_free(reactor);
}

static int count_of_none(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    return ++end->called[FOUND] < 20 ? confab_chat_set_terminator_count(chat, 0) : 0;
}

Test(laws, law_3_messages_of_no_bytes_are_bounded_too)
{
    confab_reactor *reactor = bounded_reactor();
    struct confab_chat_ops endless = ops;
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    int pair[2];

    endless.found_terminator = count_of_none;
    test_pair(pair);
    confab_chat_new(reactor, pair[0], &endless, &options);
    test_send(pair[1], "\n", 1);
    /* Two of the event, and two of the work that it listed. */
    cr_bounded(reactor, &end.called[FOUND], 20, 4);
    test_reactor_free(reactor);
}

Test(laws, law_3_reads_of_one_event_are_bounded)
{
    confab_reactor *reactor = bounded_reactor();
    struct confab_chat_options small = { .size = sizeof small, .in_buffer_size = 100 };
    struct confab_chat_stats before = { .size = sizeof before }, after = { .size = sizeof after };
    struct end end = { 0 };

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_set_options(end.chat, &small), 0);
    run_quiet(reactor);
    confab_chat_get_stats(end.chat, &before);
    test_send(end.peer, much, 1000);
    cr_assert_gt(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    confab_chat_get_stats(end.chat, &after);
    cr_assert_gt(after.bytes_in, before.bytes_in);
    cr_assert_leq(after.bytes_in, before.bytes_in + 100);
    test_reactor_free(reactor);
}

Test(laws, law_3_accepts_of_one_event_are_bounded)
{
    confab_reactor *reactor = bounded_reactor();
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    confab_listener *listener;

    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", &ops, &options), 0);
    for (int i = 0; i < 7; i++)
        test_connect(confab_listener_address(listener));
    cr_bounded(reactor, &end.called[CONNECT], 7, 2);
    test_reactor_free(reactor);
}

struct given {
    int released, fd;
};

/* Gives a chat one thing of each kind that has a release; each call must return this. */
static void give(confab_chat *chat, struct given *given, int result)
{
    given->fd = test_file("file", 4);
    cr_assert_eq(confab_chat_push_reference(chat, "reference", 9, count_release, &given->released), result);
    cr_assert_eq(confab_chat_push_buffer(chat, confab_buffer_new("buffer", 6)), result);
    cr_assert_eq(confab_chat_push_with_producer(chat, &empty, &given->released), result);
    cr_assert_eq(confab_chat_push_file(chat, given->fd, 0, -1), result);
    cr_assert_eq(given->released, 0, "released inside the call");
}

static void cr_released(confab_reactor *reactor, const struct given *given)
{
    struct stat st;

    run_quiet(reactor);
    cr_assert_eq(given->released, 2);
    cr_assert(fstat(given->fd, &st) < 0 && errno == EBADF, "the file is still open");
}

Test(laws, law_4_what_is_pushed_after_the_end_is_refused_and_released)
{
    static void (*const ends[])(confab_chat *) = { confab_chat_close, confab_chat_abort,
                                                   confab_chat_close_when_done, confab_chat_shutdown };
    confab_reactor *reactor = test_reactor();
    struct end end[4] = { 0 };
    struct given given[4] = { 0 };

    for (int i = 0; i < 4; i++) {
        open_end(&end[i], reactor);
        ends[i](end[i].chat);
        give(end[i].chat, &given[i], -EPIPE);
        cr_released(reactor, &given[i]);
    }
    test_reactor_free(reactor);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(given[i].released, 2);
}

Test(laws, law_4_what_waits_is_released_when_it_is_dropped)
{
    static void (*const drops[])(confab_chat *) = { confab_chat_close, confab_chat_abort,
                                                    confab_chat_discard_buffers };
    confab_reactor *reactor = test_reactor();
    struct end end[3] = { 0 };
    struct given given[3] = { 0 };

    for (int i = 0; i < 3; i++) {
        open_end(&end[i], reactor);
        cr_assert_eq(confab_chat_push_reference(end[i].chat, much, sizeof much, NULL, NULL), 0);
        give(end[i].chat, &given[i], 0);
        run_quiet(reactor);
        drops[i](end[i].chat);
        cr_assert_eq(given[i].released, 0, "released inside the call");
        cr_released(reactor, &given[i]);
    }
    test_reactor_free(reactor);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(given[i].released, 2);
}

/* Not with test_reactor: where the network is simulated, the reactors of a test would share it. */
static void *serve(void *result)
{
    confab_reactor *reactor;
    int fired = 0;

    if (confab_reactor_new(&reactor, NULL) != 0)
        return NULL;
    for (int i = 1; i <= 100; i++) {
        confab_call_later(reactor, 0, count_call, &fired);
        if (confab_reactor_run(reactor) != 0 || fired != i)
            return NULL;
    }
    return confab_reactor_free(reactor) == 0 ? result : NULL;
}

Test(laws, law_5_reactors_of_two_threads_share_nothing)
{
    pthread_t thread[2];
    void *result;
    int good;

    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, serve, &good), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pthread_join(thread[i], &result), 0);
        cr_assert_eq(result, &good);
    }
}

Test(laws, law_5_a_reactor_does_nothing_for_another)
{
    confab_reactor *one = test_reactor(), *two = test_reactor();
    struct end end = { 0 };
    int posted = 0;

    open_end(&end, one);
    confab_reactor_post(one, count_call, &posted);
    test_send(end.peer, "1\n", 2);
    run_quiet(two);
    test_reactor_free(two);
    cr_assert_eq(posted + end.called[FOUND], 0);
    run_quiet(one);
    cr_assert_eq(posted + end.called[FOUND], 2);
    test_reactor_free(one);
}

static int fail(confab_chat *chat)
{
    (void)chat;
    return -EBADMSG;
}

Test(laws, law_6_a_hook_that_returns_negative_closes_its_chat)
{
    confab_reactor *reactor = test_reactor();

    for (enum hook at = CONNECT; at < HOOKS; at++) {
        struct end end = { .at = at, .act = fail };
        make_end(&end, reactor);
        exercise(reactor, &end);
        cr_assert_eq(end.called[at], 1, "hook %d was called %d times", (int)at, end.called[at]);
        cr_assert_eq(end.closed, 1);
        cr_assert_eq(end.reason, CONFAB_REASON_HOOK);
        cr_assert_eq(end.error, EBADMSG);
        test_close(end.peer);
    }
    test_reactor_free(reactor);
}
