/* test_chat_output.c: what is pushed arrives whole, in order and soon. */
#include "core/chat.h"
#include "slow_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A chat, its peer, and what its hooks saw. */
struct end {
    confab_chat *chat, *other;
    int peer, file;
    int messages, sent, error;
    enum confab_reason reason;
    int (*on_message)(confab_chat *chat);
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->messages++;
    return end->on_message ? end->on_message(chat) : 0;
}

static int handle_sent(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    end->sent++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_sent = handle_sent,
                                            .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end };
    int pair[2];

    test_pair(pair);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
}

/* Makes the socket of a chat take little, so that most of what is pushed waits. */
static void narrow(const struct end *end)
{
    int bytes = 4096;

    test_buffer_size(end->chat->channel.fd, SO_SNDBUF, bytes);
}

static void release(void *owner)
{
    ++*(int *)owner;
}

Test(chat_output, push_copies_the_bytes)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char text[] = "first";

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_push(end.chat, text, 5), 0);
    memcpy(text, "XXXXX", 5);
    run_quiet(reactor);
    test_expect(end.peer, "first");
    test_reactor_free(reactor);
}

Test(chat_output, puts_and_printf_push_text)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char wide[3001];

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_puts(end.chat, "220 "), 0);
    cr_assert_eq(confab_chat_printf(end.chat, "%s %d\r\n", "ready", 7), 0);
    run_quiet(reactor);
    test_expect(end.peer, "220 ready 7\r\n");
    cr_assert_eq(confab_chat_printf(end.chat, "%3000d", 7), 0);
    snprintf(wide, sizeof wide, "%3000d", 7);
    run_quiet(reactor);
    test_expect(end.peer, wide);
    test_reactor_free(reactor);
}

Test(chat_output, a_reference_is_released_once_when_it_has_left)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int released = 0;

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_push_reference(end.chat, "borrowed", 8, release, &released), 0);
    cr_assert_eq(confab_chat_push_reference(end.chat, "+", 1, NULL, NULL), 0);
    cr_assert_eq(released, 0);
    run_quiet(reactor);
    test_expect(end.peer, "borrowed+");
    cr_assert_eq(released, 1);
    test_reactor_free(reactor);
    cr_assert_eq(released, 1);
}

Test(chat_output, a_reference_that_waits_is_not_released)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int released = 0;
    char *bytes = test_pattern(1 << 20);

    open_end(&end, reactor);
    narrow(&end);
    cr_assert_eq(confab_chat_push_reference(end.chat, bytes, 1 << 20, release, &released), 0);
    run_quiet(reactor);
    cr_assert_eq(released, 0);
    test_expect_bytes(reactor, end.peer, bytes, 1 << 20);
    cr_assert_eq(released, 1);
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, a_buffer_is_shared_by_all_it_is_pushed_to)
{
    confab_reactor *reactor = test_reactor();
    struct end one = { 0 }, two = { 0 };
    confab_buffer *buffer = confab_buffer_new("news", 4);

    open_end(&one, reactor);
    open_end(&two, reactor);
    cr_assert_eq(confab_chat_push_buffer(one.chat, confab_buffer_ref(buffer)), 0);
    cr_assert_eq(confab_chat_push_buffer(two.chat, confab_buffer_ref(buffer)), 0);
    run_quiet(reactor);
    test_expect(one.peer, "news");
    test_expect(two.peer, "news");
    test_reactor_free(reactor);
    cr_assert_str_eq(confab_buffer_data(buffer), "news");
    confab_buffer_unref(buffer);
}

enum { KINDS = 5, ORDERS = 5 * 4 * 3 * 2 };

static int push_kind(confab_chat *chat, int kind, const char *text)
{
    size_t len = strlen(text);

    switch (kind) {
    case 0:
        return confab_chat_push(chat, text, len);
    case 1:
        return confab_chat_push_reference(chat, text, len, NULL, NULL);
    case 2:
        return confab_chat_push_buffer(chat, confab_buffer_new(text, len));
    case 3:
        return confab_chat_push_with_producer(chat, &confab_simple_producer_ops,
                                              confab_simple_producer_new(text, len, 3, NULL, NULL));
    default:
        return confab_chat_push_file(chat, test_file(text, len), 0, -1);
    }
}

/* Pushes one of each kind, in the order that number tells; writes what is to arrive. */
static void push_permutation(confab_chat *chat, int number, char *all)
{
    static const char *const text[KINDS] = { "bytes ", "reference ", "buffer ", "producer ", "file " };
    int left[KINDS] = { 0, 1, 2, 3, 4 };

    all[0] = '\0';
    for (int n = KINDS; n > 0; n--) {
        int at = number % n, kind = left[at];

        number /= n;
        left[at] = left[n - 1];
        cr_assert_eq(push_kind(chat, kind, text[kind]), 0);
        strcat(all, text[kind]);
    }
}

Test(chat_output, every_kind_leaves_in_the_order_it_was_pushed)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char all[128];

    open_end(&end, reactor);
    for (int i = 0; i < ORDERS; i++) {
        push_permutation(end.chat, i, all);
        run_quiet(reactor);
        test_expect(end.peer, all);
    }
    test_reactor_free(reactor);
}

static int push_three_ways(confab_chat *chat)
{
    return confab_chat_puts(chat, "one ") || confab_chat_push_reference(chat, "two ", 4, NULL, NULL) ||
           confab_chat_push_buffer(chat, confab_buffer_new("three", 5));
}

Test(chat_output, what_a_hook_pushed_leaves_in_that_turn)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = push_three_ways };

    open_end(&end, reactor);
    test_send(end.peer, "go\n", 3);
    cr_assert_gt(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    test_expect(end.peer, "one two three");
    test_reactor_free(reactor);
}

static int system_calls;
static const struct confab_io *counted;

static ssize_t counted_sendmsg(void *state, int fd, const struct iovec *iov, int count, int flags)
{
    system_calls++;
    return counted->sendmsg(state, fd, iov, count, flags);
}

static ssize_t counted_send(void *state, int fd, const void *bytes, size_t len, int flags)
{
    system_calls++;
    return counted->send(state, fd, bytes, len, flags);
}

Test(chat_output, what_one_event_pushed_leaves_in_one_system_call)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { .on_message = push_three_ways };
    struct confab_io counting = *(counted = reactor->io);

    open_end(&end, reactor);
    counting.sendmsg = counted_sendmsg;
    counting.send = counted_send;
    reactor->io = &counting;
    test_send(end.peer, "go\ngo\n", 6);
    run_quiet(reactor);
    test_expect(end.peer, "one two threeone two three");
    cr_assert_eq(end.messages, 2);
    cr_assert_eq(system_calls, 1);
    test_reactor_free(reactor);
}

static int push_to_other(confab_chat *chat)
{
    struct end *end = confab_chat_data(chat);

    return confab_chat_puts(end->other, "from another");
}

Test(chat_output, what_a_hook_pushed_to_another_chat_leaves_in_that_turn)
{
    confab_reactor *reactor = test_reactor();
    struct end before = { .on_message = push_to_other }, after = { .on_message = push_to_other };

    open_end(&before, reactor);
    open_end(&after, reactor);
    before.other = after.chat;
    after.other = before.chat;
    test_send(before.peer, "\n", 1);
    cr_assert_gt(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    test_expect(after.peer, "from another");
    test_send(after.peer, "\n", 1);
    cr_assert_gt(confab_reactor_run_once(reactor, CONFAB_SECOND), 0);
    test_expect(before.peer, "from another");
    test_reactor_free(reactor);
}

Test(chat_output, a_slow_reader_gets_every_byte)
{
    enum { LEN = 3 << 20, PIECE = 7919 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = test_pattern(LEN);

    open_end(&end, reactor);
    narrow(&end);
    for (size_t at = 0; at < LEN; at += PIECE)
        cr_assert_eq(confab_chat_push(end.chat, bytes + at, LEN - at < PIECE ? LEN - at : PIECE), 0);
    test_expect_bytes(reactor, end.peer, bytes, LEN);
    cr_assert_eq(confab_chat_output_size(end.chat), 0);
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, output_size_counts_what_waits_in_memory)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_output_size(end.chat), 0);
    cr_assert_eq(confab_chat_push(end.chat, "12345", 5), 0);
    cr_assert_eq(confab_chat_push_reference(end.chat, "678", 3, NULL, NULL), 0);
    cr_assert_eq(confab_chat_push_buffer(end.chat, confab_buffer_new("90", 2)), 0);
    cr_assert_eq(confab_chat_push_file(end.chat, test_file("file", 4), 0, 4), 0);
    cr_assert_geq(confab_chat_output_size(end.chat), 10);
    cr_assert_lt(confab_chat_output_size(end.chat), 10 + 3 * 100, "the file's bytes are not in memory");
    run_quiet(reactor);
    cr_assert_eq(confab_chat_output_size(end.chat), 0);
    test_reactor_free(reactor);
}

Test(chat_output, handle_sent_comes_when_the_queue_is_empty)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = test_pattern(1 << 20);

    open_end(&end, reactor);
    narrow(&end);
    cr_assert_eq(end.sent, 0);
    cr_assert_eq(confab_chat_push(end.chat, bytes, 1 << 20), 0);
    run_quiet(reactor);
    cr_assert_eq(end.sent, 0, "called while output waits");
    test_expect_bytes(reactor, end.peer, bytes, 1 << 20);
    cr_assert_eq(end.sent, 1);
    test_reactor_free(reactor);
    free(bytes);
}

static void push_file(struct end *end, const char *bytes, size_t size, int64_t offset, int64_t len)
{
    end->file = test_file(bytes, size);
    cr_assert_eq(confab_chat_push_file(end->chat, end->file, offset, len), 0);
}

static void cr_file_closed(const struct end *end)
{
    struct stat st;

    cr_assert(fstat(end->file, &st) < 0 && errno == EBADF, "the file is still open");
}

Test(chat_output, push_file_sends_ranges_of_files)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    push_file(&end, "0123456789", 10, 2, 5);
    run_quiet(reactor);
    test_expect(end.peer, "23456");
    cr_file_closed(&end);
    push_file(&end, "0123456789", 10, 7, -1);
    run_quiet(reactor);
    test_expect(end.peer, "789");
    cr_file_closed(&end);
    test_reactor_free(reactor);
}

Test(chat_output, push_file_of_nothing_closes_the_file_and_goes_on)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    push_file(&end, "", 0, 0, -1);
    run_quiet(reactor);
    cr_file_closed(&end);
    push_file(&end, "0123456789", 10, 3, 0);
    cr_assert_eq(confab_chat_puts(end.chat, "behind"), 0);
    run_quiet(reactor);
    cr_file_closed(&end);
    test_expect(end.peer, "behind");
    test_reactor_free(reactor);
}

Test(chat_output, push_file_sends_8_MiB_intact)
{
    enum { LEN = 8 << 20 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = test_pattern(LEN);

    open_end(&end, reactor);
    push_file(&end, bytes, LEN, 0, LEN);
    test_expect_bytes(reactor, end.peer, bytes, LEN);
    cr_file_closed(&end);
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, a_file_of_which_a_part_is_taken_is_tried_once_a_turn)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    slow_io(reactor);
    push_file(&end, "0123456789", 10, 0, -1);
    for (size_t turn = 1; turn <= 10; turn++) {
        confab_reactor_run_once(reactor, 0);
        cr_assert_eq(slow_calls, turn);
    }
    test_expect(end.peer, "0123456789");
    cr_file_closed(&end);
    test_reactor_free(reactor);
}

/* -- Small packets are held back while a file goes in several calls ------------------------ */

static struct confab_io corking;
static char corks[8]; /* '+' on, '-' off, as they were called */

static int note_cork(void *state, int fd, bool on)
{
    (void)state, (void)fd;
    cr_assert_lt(strlen(corks), sizeof corks - 1);
    strcat(corks, on ? "+" : "-");
    return 0;
}

static void look_at_corks(confab_reactor *reactor)
{
    corking = *reactor->io;
    corking.cork = note_cork;
    reactor->io = &corking;
}

static void set_rate_out(const struct end *end, uint64_t bytes_a_second)
{
    const struct confab_chat_options options = { .size = sizeof options, .rate_out = bytes_a_second };

    cr_assert_eq(confab_chat_set_options(end->chat, &options), 0);
}

enum { SEVERAL = 3 << 20 }; /* bytes, more than one flush sends */

/* Pushes a file of so many, and takes a turn; rate 0: as fast as it goes.  Returns what is in it. */
static char *send_several(struct end *end, confab_reactor *reactor, uint64_t rate)
{
    char *bytes = test_pattern(SEVERAL);

    open_end(end, reactor);
    look_at_corks(reactor);
    if (rate)
        set_rate_out(end, rate);
    push_file(end, bytes, SEVERAL, 0, SEVERAL);
    confab_reactor_run_once(reactor, 0);
    return bytes;
}

Test(chat_output, a_file_of_several_calls_is_corked_once_and_uncorked_at_its_end)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = send_several(&end, reactor, 0);

    cr_assert_str_eq(corks, "+");
    test_expect_bytes(reactor, end.peer, bytes, SEVERAL);
    cr_assert_str_eq(corks, "+-");
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, a_file_that_goes_in_one_call_is_not_corked)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    look_at_corks(reactor);
    push_file(&end, "0123456789", 10, 0, -1);
    run_quiet(reactor);
    test_expect(end.peer, "0123456789");
    cr_assert_str_eq(corks, "");
    test_reactor_free(reactor);
}

Test(chat_output, a_file_at_a_rate_is_not_corked)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = send_several(&end, reactor, 1 << 20);

    cr_assert_gt(end.chat->bytes_out, 0);
    cr_assert_str_eq(corks, "");
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, a_file_that_goes_on_at_a_rate_is_uncorked)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = send_several(&end, reactor, 0);

    cr_assert_str_eq(corks, "+");
    set_rate_out(&end, 1 << 30);
    cr_assert_str_eq(corks, "+-");
    test_expect_bytes(reactor, end.peer, bytes, SEVERAL);
    cr_assert_str_eq(corks, "+-");
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, discarding_a_file_that_is_under_way_uncorks_it)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *bytes = send_several(&end, reactor, 0);

    confab_chat_discard_buffers(end.chat);
    cr_assert_str_eq(corks, "+-");
    cr_assert_eq(confab_chat_puts(end.chat, "alive"), 0);
    run_quiet(reactor);
    cr_assert_str_eq(corks, "+-");
    test_reactor_free(reactor);
    free(bytes);
}

Test(chat_output, a_file_that_shrank_closes_with_EIO)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };

    open_end(&end, reactor);
    push_file(&end, "0123456789", 10, 0, -1);
    cr_assert_eq(ftruncate(end.file, 4), 0);
    run_quiet(reactor);
    test_expect(end.peer, "0123");
    cr_assert_eq(end.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(end.error, EIO);
    cr_file_closed(&end);
    test_reactor_free(reactor);
}
