/* Somebody who looks at what a service's connections carry (confab_service_tap). */
#include "service_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the tap was told. */
static struct {
    int opened, received, sent, ended, closed;
    char peer[128];
    char in[256];
    size_t in_len;
    char *out;
    size_t out_len, out_room;
    enum confab_reason reason;
    int error;
    int closes_before; /* handle_close had been called so often when closed was */
    bool look_away;
} told;

static void *opened(void *data, confab_chat *chat)
{
    cr_assert_eq(data, &told);
    told.opened++;
    cr_assert_str_neq(confab_chat_peer(chat, told.peer), "");
    return told.look_away ? NULL : &told;
}

static void received(void *self, const char *bytes, size_t n)
{
    cr_assert_eq(self, &told);
    cr_assert_gt(n, 0);
    cr_assert_lt(told.in_len + n, sizeof told.in);
    memcpy(told.in + told.in_len, bytes, n);
    told.in_len += n;
    told.received++;
}

static void sent(void *self, const char *bytes, size_t n)
{
    cr_assert_eq(self, &told);
    cr_assert_gt(n, 0);
    cr_assert_leq(told.out_len + n, told.out_room);
    memcpy(told.out + told.out_len, bytes, n);
    told.out_len += n;
    told.sent++;
}

static void ended(void *self)
{
    cr_assert_eq(self, &told);
    told.ended++;
}

static void closed(void *self, enum confab_reason reason, int error)
{
    cr_assert_eq(self, &told);
    told.closed++;
    told.reason = reason;
    told.error = error;
    told.closes_before = served.closes;
}

static const struct confab_tap_ops ops = {
    .size = sizeof ops, .opened = opened, .received = received, .sent = sent, .ended = ended, .closed = closed
};

enum { OUT_ROOM = 4 << 20 };

static void setup(void)
{
    served_setup();
    memset(&told, 0, sizeof told);
    told.out_room = OUT_ROOM;
    told.out = malloc(OUT_ROOM);
    cr_assert_not_null(told.out);
    cr_assert_eq(confab_service_tap(served.service, &ops, &told), 0);
}

static void teardown(void)
{
    served_teardown();
    free(told.out);
}

TestSuite(test_service_tap, .init = setup, .fini = teardown);

static void expect_told(const char *in, const char *out)
{
    cr_expect(told.in_len == strlen(in) && memcmp(told.in, in, told.in_len) == 0, "in: %.*s",
              (int)told.in_len, told.in);
    cr_expect(told.out_len == strlen(out) && memcmp(told.out, out, told.out_len) == 0, "out: %.*s",
              (int)told.out_len, told.out);
}

Test(test_service_tap, tells_what_came_and_what_was_answered)
{
    int peer;

    serve_peers(&peer, 1);
    cr_expect_eq(told.opened, 1);
    test_send(peer, "hello\r\nwor", 10);
    run_quiet(served.reactor);
    expect_told("hello\r\nwor", "hello\n");
    test_send(peer, "ld\n", 3);
    run_quiet(served.reactor);
    expect_told("hello\r\nworld\n", "hello\nworld\n");
    cr_expect_eq(told.received, 2);
    test_expect(peer, "hello\nworld\n");
    test_close(peer);
    until_chats(0);
}

Test(test_service_tap, tells_the_peers_end_and_then_the_reason_once_and_last)
{
    int peer;

    serve_peers(&peer, 1);
    test_send(peer, "a\n", 2);
    test_shutdown(peer);
    until_chats(0);
    cr_expect(told.ended == 1 && told.closed == 1);
    cr_expect_eq(told.reason, CONFAB_REASON_PEER_CLOSED);
    cr_expect_eq(told.error, 0);
    cr_expect_eq(told.closes_before, 1, "closed was told before handle_close");
    expect_told("a\n", "a\n");
    test_close(peer);
}

Test(test_service_tap, tells_a_reset_with_its_error)
{
    int peer;

    serve_peers(&peer, 1);
    test_reset(peer);
    until_chats(0);
    cr_expect(told.ended == 0 && told.closed == 1);
    cr_expect_eq(told.reason, CONFAB_REASON_RESET);
    cr_expect_eq(told.error, ECONNRESET);
}

Test(test_service_tap, looks_at_no_connection_that_it_does_not_want)
{
    int peer;

    told.look_away = true;
    serve_peers(&peer, 1);
    test_send(peer, "hello\n", 6);
    run_quiet(served.reactor);
    test_expect(peer, "hello\n");
    test_close(peer);
    until_chats(0);
    cr_expect_eq(told.opened, 1);
    cr_expect(!told.received && !told.sent && !told.ended && !told.closed);
}

Test(test_service_tap, need_not_want_each_call)
{
    static const struct confab_tap_ops least = { .size = offsetof(struct confab_tap_ops, received),
                                                 .opened = opened };
    int peer;

    cr_assert_eq(confab_service_tap(served.service, &least, &told), 0);
    serve_peers(&peer, 1);
    test_send(peer, "hello\n", 6);
    run_quiet(served.reactor);
    test_expect(peer, "hello\n");
    test_close(peer);
    until_chats(0);
    cr_expect_eq(told.opened, 1);
    cr_expect(!told.received && !told.sent && !told.ended && !told.closed);
}

Test(test_service_tap, is_set_before_start_and_needs_opened)
{
    static const struct confab_tap_ops without = { .size = sizeof without, .received = received };
    static const struct confab_tap_ops small = { .size = sizeof(size_t), .opened = opened };

    cr_expect_eq(confab_service_tap(served.service, &without, &told), -EINVAL);
    cr_expect_eq(confab_service_tap(served.service, &small, &told), -EINVAL);
    serve();
    cr_expect_eq(confab_service_tap(served.service, &ops, &told), -EBUSY);
}

static int greet(confab_chat *chat)
{
    return confab_chat_push(chat, "welcome\n", 8);
}

Test(test_service_tap, tells_what_handle_connect_says)
{
    static const struct confab_chat_ops greeting = { .size = sizeof greeting,
                                                     .handle_connect = greet,
                                                     .collect_incoming_data = confab_chat_collect };
    confab_listener *listener;
    int peer;

    serve();
    cr_assert_eq(confab_service_listen(served.service, &listener, "0", &greeting, NULL), 0);
    peer = test_connect(confab_listener_address(listener));
    until_inbound(1);
    run_quiet(served.reactor);
    test_expect(peer, "welcome\n");
    expect_told("", "welcome\n");
    test_close(peer);
    until_chats(0);
}

/* -- Output of each kind ------------------------------------------------------------- */

static char *large;
enum { LARGE = 1 << 20 };

static int push_large(confab_chat *chat)
{
    confab_chat_push(chat, "<", 1);
    confab_chat_push(chat, large, LARGE);
    return confab_chat_push(chat, ">", 1);
}

/* Reads all that comes until the tap has been told of n bytes, and they have arrived. */
static void read_all(int peer, char *to, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t some = test_recv(peer, to + got, n - got);

        cr_assert_geq(some, 0);
        got += (size_t)some;
        if (some == 0)
            run_quiet(served.reactor);
    }
    cr_expect_eq(told.out_len, n);
    cr_expect_eq(memcmp(told.out, to, n), 0);
}

Test(test_service_tap, tells_just_what_was_taken_where_the_peer_is_slow)
{
    char *got = malloc(LARGE + 2);
    int peer;

    large = test_pattern(LARGE);
    served.plan.on_line = push_large;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    run_quiet(served.reactor);
    cr_expect_gt(told.out_len, 0);
    read_all(peer, got, LARGE + 2);
    cr_expect_gt(told.sent, 1);
    test_close(peer);
    until_chats(0);
    free(large);
    free(got);
}

static int push_file(confab_chat *chat)
{
    confab_chat_push(chat, "<", 1);
    confab_chat_push_file(chat, test_file(large, LARGE), 10, LARGE - 10);
    return confab_chat_push(chat, ">", 1);
}

Test(test_service_tap, tells_the_bytes_of_files)
{
    char *got = malloc(LARGE);
    int peer;

    large = test_pattern(LARGE);
    served.plan.on_line = push_file;
    serve_peers(&peer, 1);
    test_send(peer, "x\n", 2);
    run_quiet(served.reactor);
    read_all(peer, got, LARGE - 10 + 2);
    cr_expect_eq(memcmp(told.out + 1, large + 10, LARGE - 10), 0);
    test_close(peer);
    until_chats(0);
    free(large);
    free(got);
}

Test(test_service_tap, looks_at_no_connection_that_the_service_makes)
{
    test_needs_descriptors();
    int listener, peer;
    char answer[6];

    serve();
    peer = connect_outbound(&listener);
    cr_assert_geq(peer, 0);
    test_send(peer, "hello\n", 6);
    run_quiet(served.reactor);
    cr_assert_eq(recv(peer, answer, sizeof answer, MSG_DONTWAIT), 6);
    test_close(peer);
    test_close(listener);
    until_chats(0);
    cr_expect_eq(told.opened, 0);
}
