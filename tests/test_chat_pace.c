/* test_chat_pace.c: a peer that does not read is not read from either; whose
 * output rests whose reading; the hard limit. */
#include "core/chat.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOW = 4096, HIGH = 16384, REPLY = 65536 };

/* A chat, its peer, and what its hooks saw. */
struct end {
    confab_chat *chat;
    struct end *other; /* to which a relay pushes */
    int peer;
    int messages, drains, closed;
    enum confab_reason reason;
    size_t reply; /* bytes that each message is answered with */
    size_t limit;
};

static char reply[REPLY];

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->messages++;
    return confab_chat_push_reference(chat, reply, end->reply, NULL, NULL);
}

static int handle_drain(confab_chat *chat)
{
    ((struct end *)confab_chat_data(chat))->drains++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
}

static const struct confab_chat_ops answering = { .size = sizeof answering,
                                                  .handle_connect = handle_connect,
                                                  .collect_incoming_data = confab_chat_collect,
                                                  .found_terminator = found_terminator,
                                                  .handle_drain = handle_drain,
                                                  .handle_close = handle_close };

/* Sends on to the other end what arrives. */
static int relay(confab_chat *chat, const char *data, size_t len)
{
    struct end *end = confab_chat_data(chat);

    end->messages++;
    confab_chat_push(end->other->chat, data, len);
    return 0;
}

static const struct confab_chat_ops relaying = { .size = sizeof relaying,
                                                 .collect_incoming_data = relay,
                                                 .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor, const struct confab_chat_ops *ops)
{
    struct confab_chat_options options = {
        .size = sizeof options, .low = LOW, .high = HIGH, .output_limit = end->limit, .data = end
    };
    int pair[2], narrow = 4096;

    test_pair(pair);
    test_buffer_size(pair[0], SO_SNDBUF, narrow);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], ops, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
}

/* Two chats, each of which sends on what the other receives. */
static void open_relay(struct end *a, struct end *b, confab_reactor *reactor)
{
    a->other = b;
    b->other = a;
    open_end(a, reactor, &relaying);
    open_end(b, reactor, &relaying);
}

/* Takes bytes from the peer's end, while the loop turns. */
static void take(confab_reactor *reactor, struct end *end, size_t len)
{
    static char bytes[4096];

    while (len) {
        ssize_t n = test_recv(end->peer, bytes, len < sizeof bytes ? len : sizeof bytes);
        cr_assert_geq(n, 0);
        cr_assert(n > 0 || confab_reactor_run_once(reactor, CONFAB_SECOND) > 0, "nothing more comes");
        len -= (size_t)n;
    }
    run_quiet(reactor);
}

Test(chat_pace, over_the_high_watermark_no_further_message_is_delivered)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY };

    open_end(&end, reactor, &answering);
    test_send(end.peer, "1\n2\n3\n", 6);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    cr_assert_gt(confab_chat_output_size(end.chat), HIGH);
    test_send(end.peer, "4\n", 2);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    test_reactor_free(reactor);
}

Test(chat_pace, under_the_low_watermark_it_goes_on_and_handle_drain_is_called_once)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY };

    open_end(&end, reactor, &answering);
    test_send(end.peer, "1\n2\n3\n", 6);
    run_quiet(reactor);
    take(reactor, &end, REPLY / 2);
    cr_assert_gt(confab_chat_output_size(end.chat), HIGH);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.drains, 0);
    take(reactor, &end, REPLY / 2);
    cr_assert_eq(end.messages, 2);
    cr_assert_eq(end.drains, 1);
    take(reactor, &end, 2 * REPLY);
    cr_assert_eq(end.messages, 3);
    cr_assert_eq(end.drains, 3);
    test_reactor_free(reactor);
}

Test(chat_pace, between_the_watermarks_it_still_rests)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY };

    open_end(&end, reactor, &answering);
    test_send(end.peer, "1\n2\n", 4);
    run_quiet(reactor);
    while (confab_chat_output_size(end.chat) > HIGH)
        take(reactor, &end, 1024);
    cr_assert_gt(confab_chat_output_size(end.chat), LOW);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.drains, 0);
    test_reactor_free(reactor);
}

Test(chat_pace, what_can_leave_at_once_does_not_rest_the_reading)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = HIGH + 1 };
    int wide = 1 << 20;

    open_end(&end, reactor, &answering);
    test_buffer_size(end.chat->channel.fd, SO_SNDBUF, wide);
    test_send(end.peer, "1\n2\n3\n", 6);
    cr_assert_gt(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    cr_assert_eq(end.messages, 3);
    test_reactor_free(reactor);
}

Test(chat_pace, handle_drain_is_not_called_under_the_high_watermark)
{
    confab_reactor *reactor = test_reactor();
    const size_t size = HIGH - 100; /* and what it costs to keep track of it */
    struct end end = { .reply = size };

    open_end(&end, reactor, &answering);
    test_send(end.peer, "1\n", 2);
    run_quiet(reactor);
    take(reactor, &end, size);
    cr_assert_eq(confab_chat_output_size(end.chat), 0);
    cr_assert_eq(end.drains, 0);
    test_reactor_free(reactor);
}

Test(chat_pace, what_is_pushed_outside_of_an_event_rests_the_reading_too)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = 1 };

    open_end(&end, reactor, &answering);
    cr_assert_eq(confab_chat_push(end.chat, reply, REPLY), 0);
    run_quiet(reactor);
    test_send(end.peer, "1\n", 2);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 0);
    take(reactor, &end, REPLY + 1);
    cr_assert_eq(end.messages, 1);
    cr_assert_eq(end.drains, 1);
    test_reactor_free(reactor);
}

Test(chat_pace, resume_does_not_lift_what_output_rests)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY };

    open_end(&end, reactor, &answering);
    test_send(end.peer, "1\n2\n", 4);
    run_quiet(reactor);
    confab_chat_resume(end.chat);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    confab_chat_suspend(end.chat);
    take(reactor, &end, REPLY);
    cr_assert_eq(end.messages, 1, "delivered while the plugin has it suspended");
    cr_assert_eq(end.drains, 1);
    confab_chat_resume(end.chat);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 2);
    test_reactor_free(reactor);
}

Test(chat_pace, a_source_rests_while_its_sink_is_over_the_high_watermark)
{
    confab_reactor *reactor = test_reactor();
    struct end source = { 0 }, sink = { 0 };
    char *bytes = test_pattern(1 << 20);
    size_t accepted = 0, before;

    open_relay(&source, &sink, reactor);
    confab_chat_pace(source.chat, sink.chat);
    do {
        before = accepted;
        accepted += test_send_some(source.peer, bytes + accepted, (1 << 20) - accepted);
        run_quiet(reactor);
    } while (accepted > before);
    cr_assert_lt(accepted, 1 << 20, "the source is read without end");
    cr_assert_lt(confab_chat_output_size(sink.chat), HIGH + 2 * 65536);
    test_reactor_free(reactor);
    free(bytes);
}

struct flow {
    struct end *from, *to;
    const char *bytes;
    char *got;
    size_t sent, received, len;
};

static bool flowed(void *data)
{
    struct flow *flow = data;
    ssize_t n = test_recv(flow->to->peer, flow->got + flow->received, flow->len - flow->received);

    cr_assert_geq(n, 0);
    flow->received += (size_t)n;
    flow->sent += test_send_some(flow->from->peer, flow->bytes + flow->sent, flow->len - flow->sent);
    return flow->received == flow->len;
}

static bool both_flowed(void *data)
{
    struct flow *flow = data;
    bool one = flowed(&flow[0]), two = flowed(&flow[1]);

    return one && two;
}

Test(chat_pace, a_relay_moves_every_byte_both_ways)
{
    enum { LEN = 2 << 20 };
    confab_reactor *reactor = test_reactor();
    struct end a = { 0 }, b = { 0 };
    char *bytes = test_pattern(LEN);
    struct flow flow[2] = { { .from = &a, .to = &b, .bytes = bytes, .got = malloc(LEN), .len = LEN },
                            { .from = &b, .to = &a, .bytes = bytes, .got = malloc(LEN), .len = LEN } };

    open_relay(&a, &b, reactor);
    confab_chat_pace(a.chat, b.chat);
    confab_chat_pace(b.chat, a.chat);
    run_until(reactor, both_flowed, flow);
    cr_assert_eq(memcmp(flow[0].got, bytes, LEN), 0);
    cr_assert_eq(memcmp(flow[1].got, bytes, LEN), 0);
    test_reactor_free(reactor);
    free(flow[0].got);
    free(flow[1].got);
    free(bytes);
}

Test(chat_pace, a_paced_source_is_read_however_much_of_its_own_output_waits)
{
    confab_reactor *reactor = test_reactor();
    struct end source = { 0 }, sink = { 0 };

    open_relay(&source, &sink, reactor);
    confab_chat_pace(source.chat, sink.chat);
    cr_assert_eq(confab_chat_push(source.chat, reply, REPLY), 0);
    run_quiet(reactor);
    test_send(source.peer, "through", 7);
    run_quiet(reactor);
    test_expect(sink.peer, "through");
    test_reactor_free(reactor);
}

Test(chat_pace, paced_to_nobody_only_the_hard_limit_bounds_it)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY, .limit = 4 * REPLY };

    open_end(&end, reactor, &answering);
    confab_chat_pace(end.chat, NULL);
    test_send(end.peer, "1\n2\n3\n", 6);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 3);
    test_send(end.peer, "4\n5\n6\n7\n", 8);
    run_quiet(reactor);
    cr_assert_eq(end.closed, 1);
    cr_assert_leq(end.messages, 6);
    test_reactor_free(reactor);
}

Test(chat_pace, paced_to_itself_its_own_output_rests_it_again)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .reply = REPLY };

    open_end(&end, reactor, &answering);
    confab_chat_pace(end.chat, NULL);
    test_send(end.peer, "1\n2\n", 4);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 2);
    confab_chat_pace(end.chat, end.chat);
    test_send(end.peer, "3\n", 2);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 2);
    take(reactor, &end, 3 * REPLY);
    cr_assert_eq(end.messages, 3);
    test_reactor_free(reactor);
}

Test(chat_pace, a_sink_that_closes_lets_its_source_go_on)
{
    confab_reactor *reactor = test_reactor();
    struct end source = { 0 }, sink = { 0 };
    int messages;

    open_relay(&source, &sink, reactor);
    confab_chat_pace(source.chat, sink.chat);
    cr_assert_eq(confab_chat_push(sink.chat, reply, REPLY), 0);
    run_quiet(reactor);
    messages = source.messages;
    test_send(source.peer, "held up", 7);
    run_quiet(reactor);
    cr_assert_eq(source.messages, messages);
    confab_chat_close(sink.chat);
    run_quiet(reactor);
    cr_assert_eq(sink.closed, 1);
    cr_assert_eq(source.messages, messages + 1);
    cr_assert_eq(source.closed, 0);
    test_reactor_free(reactor);
}

/* Sets both watermarks of a chat that is open. */
static void set_marks(confab_chat *chat, size_t low, size_t high)
{
    struct confab_chat_options marks = { .size = sizeof marks, .low = low, .high = high };

    cr_assert_eq(confab_chat_set_options(chat, &marks), 0);
}

Test(chat_pace,
     a_sink_that_is_over_the_high_watermark_since_that_was_lowered_rests_its_source_until_it_drains)
{
    confab_reactor *reactor = test_reactor();
    struct end source = { 0 }, sink = { 0 };

    open_relay(&source, &sink, reactor);
    set_marks(sink.chat, 2 * REPLY, 4 * REPLY);
    cr_assert_eq(confab_chat_push(sink.chat, reply, REPLY), 0);
    run_quiet(reactor);
    set_marks(sink.chat, LOW, HIGH);
    cr_assert_gt(confab_chat_output_size(sink.chat), HIGH);
    confab_chat_pace(source.chat, sink.chat);
    test_send(source.peer, "held up", 7);
    run_quiet(reactor);
    cr_assert_eq(source.messages, 0);
    take(reactor, &sink, REPLY);
    cr_assert_eq(source.messages, 1);
    test_expect(sink.peer, "held up");
    test_reactor_free(reactor);
}

Test(chat_pace, a_source_that_closes_leaves_its_sink_alone)
{
    confab_reactor *reactor = test_reactor();
    struct end source = { 0 }, sink = { 0 };

    open_relay(&source, &sink, reactor);
    confab_chat_pace(source.chat, sink.chat);
    cr_assert_eq(confab_chat_push(sink.chat, reply, REPLY), 0);
    run_quiet(reactor);
    confab_chat_close(source.chat);
    run_quiet(reactor);
    take(reactor, &sink, REPLY);
    cr_assert_eq(confab_chat_output_size(sink.chat), 0);
    cr_assert_eq(sink.closed, 0);
    test_reactor_free(reactor);
}

Test(chat_pace, over_the_hard_limit_push_fails_and_the_chat_closes)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .limit = HIGH };
    char *bytes = test_pattern(1 << 20);

    open_end(&end, reactor, &answering);
    cr_assert_eq(confab_chat_push(end.chat, bytes, 1 << 20), 0, "one large push passes");
    cr_assert_eq(confab_chat_push(end.chat, "x", 1), -ENOBUFS);
    cr_assert_eq(end.closed, 0, "closed inside the call");
    run_quiet(reactor);
    cr_assert_eq(end.closed, 1);
    cr_assert_eq(end.reason, CONFAB_REASON_OUTPUT_LIMIT);
    test_reactor_free(reactor);
    free(bytes);
}
