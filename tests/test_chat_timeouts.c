/* test_chat_timeouts.c: the five time-outs come, never early, and rest when
 * they are to rest.  No test asserts how late one may be. */
#include "support.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 64 };

#define SHORT (25 * CONFAB_MILLISECOND)

/* A chat, its peer, and what its hooks saw. */
struct end {
    confab_chat *chat;
    int peer;
    int connects, pieces, messages, timeouts, closed, error;
    enum confab_timeout which;
    enum confab_reason reason;
    int64_t start, last; /* of the clock: when it was opened, when a time-out came or it closed */
};

static int handle_connect(confab_chat *chat)
{
    ((struct end *)confab_chat_data(chat))->connects++;
    return confab_chat_set_terminator_line(chat);
}

static int collect(confab_chat *chat, const char *data, size_t len)
{
    ((struct end *)confab_chat_data(chat))->pieces++;
    return confab_chat_collect(chat, data, len);
}

static int found_terminator(confab_chat *chat)
{
    ((struct end *)confab_chat_data(chat))->messages++;
    return 0;
}

/* Keeps the chat, where that is possible. */
static int handle_timeout(confab_chat *chat, enum confab_timeout which)
{
    struct end *end = confab_chat_data(chat);

    end->timeouts++;
    end->which = which;
    end->last = test_clock();
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
    end->last = test_clock();
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };
static const struct confab_chat_ops keeping = { .size = sizeof keeping,
                                                .handle_connect = handle_connect,
                                                .collect_incoming_data = collect,
                                                .found_terminator = found_terminator,
                                                .handle_timeout = handle_timeout,
                                                .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor, const struct confab_chat_ops *with,
                     enum confab_timeout which, int64_t ns)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    int pair[2], narrow = 4096;

    options.timeout[which] = ns;
    test_pair(pair);
    test_buffer_size(pair[0], SO_SNDBUF, narrow);
    end->peer = pair[1];
    end->start = test_clock();
    end->chat = confab_chat_new(reactor, pair[0], with, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
    /* Unless the machine was busy with others for as long. */
    cr_assert(!end->closed || test_clock() - end->start >= ns);
}

/* It closes for a time-out, not before ns have passed since `since`. */
static void cr_times_out(confab_reactor *reactor, struct end *end, int64_t since, int64_t ns)
{
    run_until_set(reactor, &end->closed);
    cr_assert_eq(end->reason, CONFAB_REASON_TIMEOUT, "reason %s", confab_reason_name(end->reason));
    cr_assert_eq(end->error, ETIMEDOUT);
    cr_assert_geq(end->last - since, ns, "%lld ns early", (long long)(ns - (end->last - since)));
}

static bool is_over(void *until)
{
    return test_clock() >= *(int64_t *)until;
}

/* Turns the loop for some time, in which nothing is to happen. */
static void run_for(confab_reactor *reactor, int64_t ns)
{
    int64_t until = test_clock() + ns;

    run_until(reactor, is_over, &until);
}

Test(chat_timeouts, idle_closes_when_no_byte_moves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_IDLE, SHORT);
    cr_times_out(reactor, &end, end.start, SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, idle_is_put_off_by_what_arrives)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t sent = 0;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_IDLE, 4 * SHORT);
    for (int i = 0; i < 5 && !end.closed; i++) {
        sent = test_clock();
        test_send(end.peer, "x", 1);
        run_for(reactor, SHORT);
    }
    cr_times_out(reactor, &end, sent, 4 * SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, idle_is_put_off_by_what_leaves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t pushed = 0;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_IDLE, 4 * SHORT);
    for (int i = 0; i < 5 && !end.closed; i++) {
        pushed = test_clock();
        cr_assert_eq(confab_chat_puts(end.chat, "x"), 0);
        run_for(reactor, SHORT);
    }
    cr_times_out(reactor, &end, pushed, 4 * SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, idle_rests_while_the_plugin_has_it_suspended)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t resumed;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_IDLE, CONFAB_MINUTE);
    confab_chat_set_timeout(end.chat, CONFAB_TIMEOUT_IDLE, SHORT);
    confab_chat_suspend(end.chat);
    run_for(reactor, 4 * SHORT);
    cr_assert_eq(end.closed, 0);
    resumed = test_clock();
    confab_chat_resume(end.chat);
    cr_times_out(reactor, &end, resumed, SHORT);
    test_reactor_free(reactor);
}

static bool has_come_thrice(void *data)
{
    return ((struct end *)data)->timeouts >= 3;
}

Test(chat_timeouts, handle_timeout_may_keep_an_idle_chat)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &keeping, CONFAB_TIMEOUT_IDLE, SHORT);
    run_until(reactor, has_come_thrice, &end);
    cr_assert_eq(end.which, CONFAB_TIMEOUT_IDLE);
    cr_assert_eq(end.closed, 0);
    cr_assert_geq(end.last - end.start, 3 * SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, message_closes_when_the_terminator_does_not_come)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t sent;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_MESSAGE, SHORT);
    run_for(reactor, 3 * SHORT);
    cr_assert_eq(end.closed, 0, "it counts before a message has begun");
    sent = test_clock();
    test_send(end.peer, "begun", 5);
    cr_times_out(reactor, &end, sent, SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, message_ends_with_the_message)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_MESSAGE, SHORT);
    test_send(end.peer, "whole\n", 6);
    run_for(reactor, 3 * SHORT);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.closed, 0);
    test_reactor_free(reactor);
}

Test(chat_timeouts, message_is_not_put_off_by_more_bytes_of_a_line)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t end_of_patience = test_clock() + 10 * CONFAB_SECOND;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_MESSAGE, 2 * SHORT);
    while (!end.closed && test_clock() < end_of_patience) {
        test_send_some(end.peer, "x", 1);
        test_let_pass(CONFAB_MILLISECOND);
        cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_MILLISECOND), 0);
    }
    cr_times_out(reactor, &end, end.start, 2 * SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, message_starts_anew_with_each_byte_of_a_count)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t sent = 0;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_MESSAGE, 4 * SHORT);
    cr_assert_eq(confab_chat_set_terminator_count(end.chat, 100), 0);
    for (int i = 0; i < 5 && !end.closed; i++) {
        sent = test_clock();
        test_send(end.peer, "x", 1);
        run_for(reactor, SHORT);
    }
    cr_times_out(reactor, &end, sent, 4 * SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, handle_timeout_may_keep_a_message)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t sent;

    open_end(&end, reactor, &keeping, CONFAB_TIMEOUT_MESSAGE, SHORT);
    sent = test_clock();
    test_send(end.peer, "begun", 5);
    run_until(reactor, has_come_thrice, &end);
    cr_assert_eq(end.which, CONFAB_TIMEOUT_MESSAGE);
    cr_assert_eq(end.closed, 0);
    cr_assert_geq(end.last - sent, 3 * SHORT);
    test_reactor_free(reactor);
}

static char much[1 << 20];

Test(chat_timeouts, write_closes_when_output_does_not_leave)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t pushed;

    open_end(&end, reactor, &keeping, CONFAB_TIMEOUT_WRITE, SHORT);
    run_for(reactor, 2 * SHORT);
    cr_assert_eq(end.timeouts, 0, "it counts while no output waits");
    pushed = test_clock();
    cr_assert_eq(confab_chat_push_reference(end.chat, much, sizeof much, NULL, NULL), 0);
    cr_times_out(reactor, &end, pushed, SHORT);
    cr_assert_eq(end.which, CONFAB_TIMEOUT_WRITE);
    cr_assert_eq(end.timeouts, 1, "WRITE closes whatever handle_timeout returns");
    test_reactor_free(reactor);
}

Test(chat_timeouts, write_binds_close_when_done_too)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_WRITE, SHORT);
    cr_assert_eq(confab_chat_push_reference(end.chat, much, sizeof much, NULL, NULL), 0);
    confab_chat_close_when_done(end.chat);
    cr_times_out(reactor, &end, end.start, SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, write_is_put_off_by_each_byte_that_leaves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    static char bytes[8192];
    int64_t took = 0;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_WRITE, 4 * SHORT);
    cr_assert_eq(confab_chat_push_reference(end.chat, much, sizeof much, NULL, NULL), 0);
    run_quiet(reactor);
    for (int i = 0; i < 5 && !end.closed; i++) {
        took = test_clock();
        cr_assert_gt(test_recv(end.peer, bytes, sizeof bytes), 0);
        run_for(reactor, SHORT);
    }
    cr_times_out(reactor, &end, took, 4 * SHORT);
    test_reactor_free(reactor);
}

static ssize_t not_now(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    (void)chat, (void)want, (void)bytes;
    ++*(int *)self;
    return -EAGAIN;
}

static void nothing(void *self)
{
    (void)self;
}

Test(chat_timeouts, write_rests_while_a_producer_says_not_now)
{
    static const struct confab_producer_ops waiting = { .size = sizeof waiting,
                                                        .more = not_now,
                                                        .release = nothing };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int asked = 0;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_WRITE, SHORT);
    cr_assert_eq(confab_chat_push_with_producer(end.chat, &waiting, &asked), 0);
    cr_assert_eq(confab_chat_puts(end.chat, "behind"), 0);
    run_for(reactor, 4 * SHORT);
    cr_assert_eq(asked, 1);
    cr_assert_eq(end.closed, 0);
    test_reactor_free(reactor);
}

Test(chat_timeouts, lifetime_closes_whatever_moves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t end_of_patience = test_clock() + 10 * CONFAB_SECOND;

    open_end(&end, reactor, &keeping, CONFAB_TIMEOUT_LIFETIME, 2 * SHORT);
    while (!end.closed && test_clock() < end_of_patience) {
        test_send_some(end.peer, "x\n", 2);
        test_let_pass(CONFAB_MILLISECOND);
        cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_MILLISECOND), 0);
    }
    cr_times_out(reactor, &end, end.start, 2 * SHORT);
    cr_assert_eq(end.which, CONFAB_TIMEOUT_LIFETIME);
    cr_assert_eq(end.timeouts, 1);
    test_reactor_free(reactor);
}

/* Listens and fills its backlog, so that the next connect hangs; returns the listener. */
static int deaf_listener(char *address, size_t room, int client[CLIENTS])
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t len = sizeof sa;

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(listen(fd, 0), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    snprintf(address, room, "127.0.0.1:%d", ntohs(sa.sin_port));
    for (int i = 0; i < CLIENTS; i++) {
        client[i] = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert_eq(fcntl(client[i], F_SETFL, O_NONBLOCK), 0);
        connect(client[i], (struct sockaddr *)&sa, sizeof sa);
    }
    return fd;
}

Test(chat_timeouts, connect_closes_what_does_not_come_about)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    int client[CLIENTS];
    char address[64];
    int listener = deaf_listener(address, sizeof address, client);

    options.timeout[CONFAB_TIMEOUT_CONNECT] = SHORT;
    end.start = test_clock();
    cr_assert_not_null(confab_connect(reactor, address, &keeping, &options));
    run_until_set(reactor, &end.closed);
    cr_assert_eq(end.reason, CONFAB_REASON_CONNECT);
    cr_assert_eq(end.error, ETIMEDOUT);
    cr_assert_geq(end.last - end.start, SHORT);
    cr_assert_eq(end.connects, 0);
    cr_assert_eq(end.which, CONFAB_TIMEOUT_CONNECT);
    test_close(listener);
    test_reactor_free(reactor);
}

Test(chat_timeouts, connect_ends_once_connected)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 }, server = { 0 };
    struct confab_chat_options options = { .size = sizeof options, .data = &end };
    struct confab_chat_options inbound = { .size = sizeof inbound, .data = &server };
    confab_listener *listener;

    options.timeout[CONFAB_TIMEOUT_CONNECT] = 20 * SHORT;
    cr_assert_eq(confab_listen(&listener, reactor, "127.0.0.1:0", &ops, &inbound), 0);
    cr_assert_not_null(confab_connect(reactor, confab_listener_address(listener), &ops, &options));
    run_until_set(reactor, &end.connects);
    run_for(reactor, 25 * SHORT);
    cr_assert_eq(end.closed, 0);
    test_reactor_free(reactor);
}

Test(chat_timeouts, set_timeout_counts_from_now_and_turns_off)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int64_t set;

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_IDLE, CONFAB_MINUTE);
    cr_assert_eq(confab_chat_set_timeout(end.chat, CONFAB_TIMEOUT_IDLE, SHORT), 0);
    cr_assert_eq(confab_chat_set_timeout(end.chat, CONFAB_TIMEOUT_IDLE, 0), 0);
    run_for(reactor, 3 * SHORT);
    cr_assert_eq(end.closed, 0);
    set = test_clock();
    cr_assert_eq(confab_chat_set_timeout(end.chat, CONFAB_TIMEOUT_IDLE, SHORT), 0);
    cr_times_out(reactor, &end, set, SHORT);
    test_reactor_free(reactor);
}

Test(chat_timeouts, a_time_out_in_options_can_be_off)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct confab_chat_options off = { .size = sizeof off };

    open_end(&end, reactor, &ops, CONFAB_TIMEOUT_LIFETIME, CONFAB_MINUTE);
    off.timeout[CONFAB_TIMEOUT_LIFETIME] = SHORT;
    cr_assert_eq(confab_chat_set_options(end.chat, &off), 0);
    off.timeout[CONFAB_TIMEOUT_LIFETIME] = CONFAB_OFF;
    cr_assert_eq(confab_chat_set_options(end.chat, &off), 0);
    run_for(reactor, 3 * SHORT);
    cr_assert_eq(end.closed, 0);
    test_reactor_free(reactor);
}
