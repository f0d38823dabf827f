/* test_chat_close.c: how a chat ends: what the peer still gets, and what
 * handle_close is told, once and last. */
#include "core/chat.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A chat, its peer, and what its hooks saw. */
struct end {
    confab_chat *chat;
    int peer;
    int connects, messages, eofs, closed, after, error;
    enum confab_reason reason;
    enum confab_state state; /* in handle_close */
    int (*on_message)(confab_chat *chat);
};

/* A hook was called; none may be after handle_close. */
static struct end *called(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->after += end->closed;
    return end;
}

static int handle_connect(confab_chat *chat)
{
    called(chat)->connects++;
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct end *end = called(chat);

    end->messages++;
    return end->on_message ? end->on_message(chat) : 0;
}

static int keep_open(confab_chat *chat)
{
    called(chat)->eofs++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = called(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
    end->state = confab_chat_state(chat);
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .session_size = 16,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };
static const struct confab_chat_ops half_open = { .size = sizeof half_open,
                                                  .handle_connect = handle_connect,
                                                  .collect_incoming_data = confab_chat_collect,
                                                  .found_terminator = found_terminator,
                                                  .handle_eof = keep_open,
                                                  .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor, const struct confab_chat_ops *with)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    int pair[2];

    test_tcp_pair(pair);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], with, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
}

static bool is_closed(void *data)
{
    return ((struct end *)data)->closed > 0;
}

/* handle_close comes, once, with this; no hook after it. */
static void cr_ends(confab_reactor *reactor, struct end *end, enum confab_reason reason, int error)
{
    run_until(reactor, is_closed, end);
    run_quiet(reactor);
    cr_assert_eq(end->closed, 1, "handle_close was called %d times", end->closed);
    cr_assert_eq(end->after, 0, "a hook was called after handle_close");
    cr_assert_eq(end->reason, reason, "reason %s", confab_reason_name(end->reason));
    cr_assert_eq(end->error, error, "error %s", strerror(end->error));
    cr_assert_eq(end->state, CONFAB_STATE_CLOSED);
}

struct ending {
    int fd;
    ssize_t last;
};

static bool has_ended(void *data)
{
    struct ending *ending = data;
    char bytes[4096];
    ssize_t n;

    do
        n = test_recv(ending->fd, bytes, sizeof bytes);
    while (n > 0);
    ending->last = n;
    return ending->last < 0;
}

/* What the peer sees behind the last byte: -1 the end of the stream, -2 a reset. */
static ssize_t peer_sees(confab_reactor *reactor, int fd)
{
    struct ending ending = { .fd = fd };

    run_until(reactor, has_ended, &ending);
    return ending.last;
}

Test(chat_close, close_when_done_sends_all_and_then_ends)
{
    enum { LEN = 4 << 20 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = test_pattern(LEN);

    open_end(&end, reactor, &ops);
    cr_assert_eq(confab_chat_push(end.chat, bytes, LEN), 0);
    confab_chat_close_when_done(end.chat);
    cr_assert_eq(confab_chat_state(end.chat), CONFAB_STATE_DRAINING);
    cr_assert_eq(end.closed, 0, "closed inside the call");
    run_quiet(reactor);
    cr_assert_eq(end.closed, 0, "closed while output waits");
    test_expect_bytes(reactor, end.peer, bytes, LEN);
    cr_ends(reactor, &end, CONFAB_REASON_DONE, 0);
    cr_assert_eq(peer_sees(reactor, end.peer), -1);
    test_reactor_free(reactor);
    free(bytes);
}

static int reply_and_close(confab_chat *chat)
{
    int error = confab_chat_puts(chat, "bye\n");

    confab_chat_close_when_done(chat);
    return error;
}

Test(chat_close, after_close_when_done_nothing_is_delivered)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_and_close };

    open_end(&end, reactor, &ops);
    test_send(end.peer, "1\n2\n", 4);
    cr_ends(reactor, &end, CONFAB_REASON_DONE, 0);
    cr_assert_eq(end.messages, 1);
    test_expect(end.peer, "bye\n");
    test_reactor_free(reactor);
}

Test(chat_close, a_peer_that_still_sends_gets_the_reply_and_no_reset)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_and_close };
    char *bytes = test_pattern(100000), reply[4];

    open_end(&end, reactor, &ops);
    test_send(end.peer, "\n", 1);
    test_send(end.peer, bytes, 100000);
    cr_ends(reactor, &end, CONFAB_REASON_DONE, 0);
    test_send(end.peer, bytes, 100000);
    run_quiet(reactor);
    /* No byte more than it has: a reset would show in the same call, and be forgotten. */
    cr_assert_eq(test_recv(end.peer, reply, sizeof reply), 4);
    cr_assert_eq(peer_sees(reactor, end.peer), -1, "the reply came with a reset");
    test_reactor_free(reactor);
    free(bytes);
}

struct flood {
    int fd;
    size_t sent;
};

static bool is_refused(void *data)
{
    static const char bytes[16384];
    struct flood *flood = data;
    ssize_t n = test_send_once(flood->fd, bytes, sizeof bytes);

    flood->sent += n > 0 ? (size_t)n : 0;
    return n < 0 && n != -EAGAIN;
}

enum { MUCH = 16 << 20 }; /* more than sockets hold */

static bool is_sent(void *data)
{
    static const char bytes[16384];
    struct flood *flood = data;

    flood->sent += test_send_some(flood->fd, bytes, sizeof bytes);
    return flood->sent >= MUCH;
}

static int push_pattern(confab_chat *chat)
{
    char *bytes = test_pattern(MUCH);

    return confab_chat_push_reference(chat, bytes, MUCH, free, bytes);
}

static int reply_much_and_close(confab_chat *chat)
{
    int error = push_pattern(chat);

    confab_chat_close_when_done(chat);
    return error;
}

/* It would wait for us to read, and we for it. */
Test(chat_close, a_peer_that_sends_before_it_reads_gets_its_reply)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_much_and_close };
    struct flood flood = { 0 };
    char *bytes = test_pattern(MUCH);

    open_end(&end, reactor, &ops);
    flood.fd = end.peer;
    test_send(end.peer, "\n", 1);
    run_until(reactor, is_sent, &flood);
    cr_assert_eq(end.closed, 0, "closed while output waits");
    test_expect_bytes(reactor, end.peer, bytes, MUCH);
    cr_ends(reactor, &end, CONFAB_REASON_DONE, 0);
    cr_assert_eq(peer_sees(reactor, end.peer), -1);
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_close, a_peer_that_never_stops_sending_is_cut_off)
{
    enum { AT_MOST = 18 << 20 }; /* 16 MiB, and what the sockets hold */
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_and_close };
    struct flood flood = { 0 };
    int small = 16384;

    open_end(&end, reactor, &ops);
    test_buffer_size(end.chat->channel.fd, SO_RCVBUF, small);
    test_buffer_size(end.peer, SO_SNDBUF, small);
    flood.fd = end.peer;
    test_send(end.peer, "\n", 1);
    cr_ends(reactor, &end, CONFAB_REASON_DONE, 0);
    run_until(reactor, is_refused, &flood);
    cr_assert_leq(flood.sent, AT_MOST);
    test_reactor_free(reactor);
}

Test(chat_close, a_peer_that_does_not_close_is_not_waited_for_for_ever)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_and_close };

    open_end(&end, reactor, &ops);
    test_send(end.peer, "\n", 1);
    cr_assert_eq(confab_reactor_run(reactor), 0);
    cr_assert_eq(end.closed, 1);
    test_reactor_free(reactor);
}

Test(chat_close, close_drops_output)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops);
    cr_assert_eq(confab_chat_puts(end.chat, "never"), 0);
    confab_chat_close(end.chat);
    cr_assert_eq(confab_chat_state(end.chat), CONFAB_STATE_CLOSED);
    cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
    cr_assert_eq(test_recv(end.peer, (char[8]){ 0 }, 8), -1);
    test_reactor_free(reactor);
}

Test(chat_close, abort_resets)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops);
    confab_chat_abort(end.chat);
    cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
    cr_assert_eq(peer_sees(reactor, end.peer), -2);
    test_reactor_free(reactor);
}

Test(chat_close, shutdown_ends_our_side_and_goes_on_reading)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops);
    cr_assert_eq(confab_chat_puts(end.chat, "last"), 0);
    confab_chat_shutdown(end.chat);
    run_quiet(reactor);
    test_expect(end.peer, "last");
    cr_assert_eq(peer_sees(reactor, end.peer), -1);
    test_send(end.peer, "1\n", 2);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.closed, 0);
    test_shutdown(end.peer);
    cr_ends(reactor, &end, CONFAB_REASON_PEER_CLOSED, 0);
    test_reactor_free(reactor);
}

static int reply_much(confab_chat *chat)
{
    static const char bytes[100000];

    return confab_chat_push_reference(chat, bytes, sizeof bytes, NULL, NULL);
}

Test(chat_close, a_peer_that_ended_its_side_gets_its_replies)
{
    enum { LEN = 3 * 100000 };
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_much };
    char *zeros = calloc(1, LEN);

    open_end(&end, reactor, &ops);
    test_send(end.peer, "1\n2\n3\n", 6);
    test_shutdown(end.peer);
    test_expect_bytes(reactor, end.peer, zeros, LEN);
    cr_ends(reactor, &end, CONFAB_REASON_PEER_CLOSED, 0);
    cr_assert_eq(end.messages, 3);
    cr_assert_eq(peer_sees(reactor, end.peer), -1);
    test_reactor_free(reactor);
    free(zeros);
}

static int reply_much_and_read_on(confab_chat *chat)
{
    confab_chat_pace(chat, NULL); /* or the end would be read when most has left */
    return push_pattern(chat);
}

Test(chat_close, output_that_waits_when_the_peer_ends_its_side_still_leaves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = reply_much_and_read_on };
    char *bytes = test_pattern(MUCH);

    open_end(&end, reactor, &ops);
    test_send(end.peer, "\n", 1);
    test_shutdown(end.peer);
    run_quiet(reactor);
    cr_assert_eq(confab_chat_state(end.chat), CONFAB_STATE_DRAINING);
    test_expect_bytes(reactor, end.peer, bytes, MUCH);
    cr_ends(reactor, &end, CONFAB_REASON_PEER_CLOSED, 0);
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_close, after_eof_nothing_lingers)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int before = test_open_fds();

    open_end(&end, reactor, &ops);
    test_close(end.peer);
    cr_ends(reactor, &end, CONFAB_REASON_PEER_CLOSED, 0);
    cr_assert_eq(test_open_fds(), before);
    test_reactor_free(reactor);
}

Test(chat_close, handle_eof_may_keep_the_chat_sending)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &half_open);
    test_send(end.peer, "1\n", 2);
    test_shutdown(end.peer);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.eofs, 1);
    cr_assert_eq(end.closed, 0);
    cr_assert_eq(confab_chat_state(end.chat), CONFAB_STATE_EOF);
    cr_assert_eq(confab_chat_puts(end.chat, "still here"), 0);
    run_quiet(reactor);
    test_expect(end.peer, "still here");
    confab_chat_close(end.chat);
    cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
    test_reactor_free(reactor);
}

static int reply_short(confab_chat *chat)
{
    confab_chat_puts(chat, "reply\n");
    return 0;
}

Test(chat_close, after_a_failed_write_what_was_received_is_still_delivered)
{
    struct confab_reactor_options one = { .size = sizeof one, .messages = 1 };
    confab_reactor *reactor;
    struct end end = { .on_message = reply_short };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    int pair[2];

    cr_assert_eq(test_reactor_new(&reactor, &one), 0);
    test_pair(pair);
    cr_assert_not_null(confab_chat_new(reactor, pair[0], &ops, &options));
    test_send(pair[1], "1\n2\n3\n", 6);
    test_close(pair[1]);
    cr_ends(reactor, &end, CONFAB_REASON_RESET, EPIPE);
    cr_assert_eq(end.messages, 3);
    test_reactor_free(reactor);
}

Test(chat_close, a_reset_by_the_peer_is_told)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops);
    test_send(end.peer, "1\n", 2);
    run_quiet(reactor);
    test_reset(end.peer);
    cr_ends(reactor, &end, CONFAB_REASON_RESET, ECONNRESET);
    cr_assert_eq(end.messages, 1);
    test_reactor_free(reactor);
}

Test(chat_close, a_chat_that_closes_before_its_first_turn_gets_handle_close_alone)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    int pair[2];

    test_pair(pair);
    confab_chat_close(confab_chat_new(reactor, pair[0], &ops, &options));
    cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
    cr_assert_eq(end.connects, 0);
    test_reactor_free(reactor);
}

static int close_all(confab_chat *chat)
{
    confab_reactor_close_all(confab_chat_reactor(chat));
    return 0;
}

Test(chat_close, close_all_and_free_tell_each_chat_once)
{
    confab_reactor *reactor = test_reactor();
    struct end one = { .on_message = close_all }, two = { 0 }, three = { 0 };

    open_end(&one, reactor, &ops);
    open_end(&two, reactor, &ops);
    test_send(one.peer, "1\n2\n", 4);
    cr_ends(reactor, &one, CONFAB_REASON_CLOSED, 0);
    cr_ends(reactor, &two, CONFAB_REASON_CLOSED, 0);
    cr_assert_eq(one.messages, 1);
    open_end(&three, reactor, &ops);
    test_reactor_free(reactor);
    cr_assert_eq(three.closed, 1);
    cr_assert_eq(three.reason, CONFAB_REASON_CLOSED);
    cr_assert_eq(one.closed + two.closed, 2);
}

Test(chat_close, an_id_finds_its_chat_until_that_is_closed)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 }, next = { 0 };
    confab_id id;

    open_end(&end, reactor, &ops);
    id = confab_chat_id(end.chat);
    cr_assert_neq(id, 0);
    cr_assert_eq(confab_chat_find(reactor, id), end.chat);
    confab_chat_close(end.chat);
    cr_assert_null(confab_chat_find(reactor, id));
    cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
    test_close(end.peer);
    open_end(&next, reactor, &ops);
    cr_assert_null(confab_chat_find(reactor, id), "the id names a chat that came later");
    cr_assert_null(confab_chat_find(reactor, 0));
    cr_assert_null(confab_chat_find(reactor, UINT64_MAX));
    test_reactor_free(reactor);
}

static void sessions_are_zero(confab_chat *chat)
{
    static const char zero[16];

    cr_assert_eq(memcmp(confab_chat_session(chat), zero, sizeof zero), 0);
    memset(confab_chat_session(chat), 0xff, sizeof zero);
}

Test(chat_close, a_session_is_zeroed_for_each_chat)
{
    confab_reactor *reactor = test_reactor();

    for (int i = 0; i < 3; i++) {
        struct end end = { 0 };
        open_end(&end, reactor, &ops);
        sessions_are_zero(end.chat);
        confab_chat_close(end.chat);
        cr_ends(reactor, &end, CONFAB_REASON_CLOSED, 0);
        test_close(end.peer);
    }
    test_reactor_free(reactor);
}

Test(chat_close, each_reason_has_a_name)
{
    for (enum confab_reason reason = CONFAB_REASON_DONE; reason <= CONFAB_REASON_STOP; reason++)
        cr_assert_str_neq(confab_reason_name(reason), "unknown");
    cr_assert_str_eq(confab_reason_name(CONFAB_REASON_PEER_CLOSED), "peer-closed");
    cr_assert_str_eq(confab_reason_name((enum confab_reason)0), "unknown");
}
