/* test_producers.c: producers and files are asked when their bytes can leave,
 * and released once however they end. */
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
    confab_chat *chat;
    int peer;
    int messages, closed, error;
    enum confab_reason reason;
};

static int handle_connect(confab_chat *chat)
{
    return confab_chat_set_terminator_line(chat);
}

static int found_terminator(confab_chat *chat)
{
    ((struct end *)confab_chat_data(chat))->messages++;
    return 0;
}

static void handle_close(confab_chat *chat, enum confab_reason reason)
{
    struct end *end = confab_chat_data(chat);

    end->closed++;
    end->reason = reason;
    end->error = confab_chat_error(chat);
}

static const struct confab_chat_ops ops = { .size = sizeof ops,
                                            .handle_connect = handle_connect,
                                            .collect_incoming_data = confab_chat_collect,
                                            .found_terminator = found_terminator,
                                            .handle_close = handle_close };

static void open_end(struct end *end, confab_reactor *reactor)
{
    struct confab_chat_options options = { .size = sizeof options, .data = end, .out_buffer_size = 1000 };
    int pair[2], narrow = 4096;

    test_pair(pair);
    test_buffer_size(pair[0], SO_SNDBUF, narrow);
    end->peer = pair[1];
    end->chat = confab_chat_new(reactor, pair[0], &ops, &options);
    cr_assert_not_null(end->chat);
    run_quiet(reactor);
}

static void cr_closed(const struct end *end, enum confab_reason reason, int error)
{
    cr_assert_eq(end->closed, 1);
    cr_assert_eq(end->reason, reason, "reason %s", confab_reason_name(end->reason));
    cr_assert_eq(end->error, error, "error %s", strerror(end->error));
}

/* A producer that says what its test tells it to. */
struct source {
    const char *text;
    ssize_t answer; /* once text is given */
    ssize_t pieces; /* times that text is given; then answer */
    size_t want;
    int asked, released;
    void (*before)(confab_chat *chat);
};

static ssize_t source_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct source *source = self;

    source->asked++;
    source->want = want;
    if (source->before)
        source->before(chat);
    if (source->pieces-- <= 0)
        return source->answer;
    *bytes = source->text;
    return (ssize_t)strlen(source->text);
}

static void source_release(void *self)
{
    ((struct source *)self)->released++;
}

static const struct confab_producer_ops source_ops = { .size = sizeof source_ops,
                                                       .more = source_more,
                                                       .release = source_release };

static void push_source(confab_chat *chat, struct source *source)
{
    cr_assert_eq(confab_chat_push_with_producer(chat, &source_ops, source), 0);
    cr_assert_eq(source->asked + source->released, 0, "called inside the call");
}

Test(producers, is_asked_until_it_ends_and_then_released)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "ab", .pieces = 3 };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    cr_assert_eq(confab_chat_puts(end.chat, "."), 0);
    run_quiet(reactor);
    test_expect(end.peer, "ababab.");
    cr_assert_eq(source.asked, 4);
    cr_assert_eq(source.want, 1000);
    cr_assert_eq(source.released, 1);
    test_reactor_free(reactor);
    cr_assert_eq(source.released, 1);
}

Test(producers, is_asked_at_the_head_of_the_queue_only)
{
    enum { LEN = 1 << 18 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source first = { .text = "1", .pieces = 1 }, second = { .text = "2", .pieces = 1 };
    char *bytes = test_pattern(LEN + 2);

    memcpy(bytes + LEN, "12", 2);
    open_end(&end, reactor);
    cr_assert_eq(confab_chat_push(end.chat, bytes, LEN), 0);
    push_source(end.chat, &first);
    push_source(end.chat, &second);
    run_quiet(reactor);
    cr_assert_eq(first.asked + second.asked, 0);
    test_expect_bytes(reactor, end.peer, bytes, LEN + 2);
    cr_assert_eq(first.released + second.released, 2);
    test_reactor_free(reactor);
    free(bytes);
}

Test(producers, is_not_asked_before_its_bytes_can_leave)
{
    enum { PIECE = 1000 };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .pieces = 1000 };
    char text[PIECE + 1] = "", *got = malloc(PIECE * 1000);
    ssize_t arrived;

    memset(text, 'x', PIECE);
    source.text = text;
    open_end(&end, reactor);
    push_source(end.chat, &source);
    run_quiet(reactor);
    arrived = test_recv(end.peer, got, PIECE * 1000);
    cr_assert_gt(arrived, 0);
    cr_assert_leq(source.asked, arrived / PIECE + 1, "%d pieces were taken, %zd bytes left", source.asked,
                  arrived);
    test_reactor_free(reactor);
    cr_assert_eq(source.released, 1);
    free(got);
}

Test(producers, is_asked_again_after_not_now_when_output_is_resumed)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "later", .answer = -EAGAIN };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    cr_assert_eq(confab_chat_puts(end.chat, " behind"), 0);
    run_quiet(reactor);
    cr_assert_eq(source.asked, 1);
    test_expect(end.peer, "");
    source.pieces = 1;
    source.answer = 0;
    confab_chat_resume_output(end.chat);
    cr_assert_eq(source.asked, 1, "asked inside the call");
    run_quiet(reactor);
    test_expect(end.peer, "later behind");
    cr_assert_eq(source.released, 1);
    test_reactor_free(reactor);
}

Test(producers, what_was_pushed_before_a_waiting_producer_leaves)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "piece", .pieces = 1, .answer = -EAGAIN };

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_puts(end.chat, "before "), 0);
    push_source(end.chat, &source);
    run_quiet(reactor);
    test_expect(end.peer, "before piece");
    cr_assert_eq(source.asked, 2);
    cr_assert_eq(source.released, 0);
    test_reactor_free(reactor);
    cr_assert_eq(source.released, 1);
}

Test(producers, an_error_closes_the_chat_with_its_errno)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "part", .pieces = 1, .answer = -ENODATA }, behind = { .text = "" };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    push_source(end.chat, &behind);
    run_quiet(reactor);
    cr_closed(&end, CONFAB_REASON_HOOK, ENODATA);
    cr_assert_eq(source.released, 1);
    cr_assert_eq(behind.asked, 0);
    cr_assert_eq(behind.released, 1);
    test_reactor_free(reactor);
}

Test(producers, may_close_its_chat)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "never sent", .pieces = 9, .before = confab_chat_close };
    struct source behind = { .text = "" };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    push_source(end.chat, &behind);
    run_quiet(reactor);
    cr_closed(&end, CONFAB_REASON_CLOSED, 0);
    cr_assert_eq(source.asked, 1);
    cr_assert_eq(source.released, 1);
    cr_assert_eq(behind.asked, 0);
    cr_assert_eq(behind.released, 1);
    test_reactor_free(reactor);
}

static void push_more(confab_chat *chat)
{
    confab_chat_puts(chat, "+");
}

Test(producers, may_push_and_that_goes_behind_it)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "ab", .pieces = 2, .before = push_more };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    run_quiet(reactor);
    test_expect(end.peer, "abab+++");
    cr_assert_eq(source.released, 1);
    test_reactor_free(reactor);
}

Test(producers, may_suspend_its_chat_and_output_goes_on)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "ab", .pieces = 2, .before = confab_chat_suspend };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    run_quiet(reactor);
    test_expect(end.peer, "abab");
    test_send(end.peer, "\n", 1);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 0);
    confab_chat_resume(end.chat);
    run_quiet(reactor);
    cr_assert_eq(end.messages, 1);
    test_reactor_free(reactor);
}

Test(producers, may_drop_itself_with_discard_buffers)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "ab", .pieces = 9, .before = confab_chat_discard_buffers };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    run_quiet(reactor);
    test_expect(end.peer, "");
    cr_assert_eq(source.asked, 1);
    cr_assert_eq(source.released, 1);
    cr_assert_eq(end.closed, 0);
    test_reactor_free(reactor);
}

static void leave(confab_chat *chat)
{
    confab_chat_close(chat);
}

/* The chat ends when it was half-way through a producer; another was never asked. */
static void cr_both_released(void (*finish)(confab_chat *chat), bool peer_goes)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source half = { .text = "0123456789", .pieces = 1 << 20 }, never = { .text = "" };

    open_end(&end, reactor);
    push_source(end.chat, &half);
    push_source(end.chat, &never);
    run_quiet(reactor);
    cr_assert_gt(half.asked, 0);
    cr_assert_eq(half.released, 0);
    if (peer_goes)
        test_close(end.peer);
    else
        finish(end.chat);
    cr_assert_eq(half.released + never.released, 0, "released inside the call");
    run_quiet(reactor);
    cr_assert_eq(half.released, 1);
    cr_assert_eq(never.released, 1);
    cr_assert_eq(never.asked, 0);
    cr_assert_eq(end.closed, finish != confab_chat_discard_buffers);
    test_reactor_free(reactor);
    cr_assert_eq(half.released + never.released, 2);
}

Test(producers, are_released_when_the_chat_closes_half_way)
{
    cr_both_released(leave, false);
}

Test(producers, are_released_when_the_chat_aborts)
{
    cr_both_released(confab_chat_abort, false);
}

Test(producers, are_released_when_output_is_discarded)
{
    cr_both_released(confab_chat_discard_buffers, false);
}

Test(producers, are_released_when_the_peer_goes)
{
    cr_both_released(leave, true);
}

static void count(void *owner)
{
    ++*(int *)owner;
}

Test(producers, simple_says_its_data_in_pieces)
{
    char *data = test_pattern(1100);
    int released = 0;
    const char *bytes = NULL;
    void *self = confab_simple_producer_new(data, 1100, 0, count, &released);

    cr_assert_eq(confab_simple_producer_ops.more(self, NULL, 65536, &bytes), 512);
    cr_assert_eq(bytes, data);
    cr_assert_eq(confab_simple_producer_ops.more(self, NULL, 65536, &bytes), 512);
    cr_assert_eq(confab_simple_producer_ops.more(self, NULL, 65536, &bytes), 76);
    cr_assert_eq(bytes, data + 1024);
    cr_assert_eq(confab_simple_producer_ops.more(self, NULL, 65536, &bytes), 0);
    confab_simple_producer_ops.release(self);
    cr_assert_eq(released, 1);
    free(data);
}

Test(producers, simple_sends_all_of_its_data)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *data = test_pattern(100000);
    int released = 0;

    open_end(&end, reactor);
    cr_assert_eq(
        confab_chat_push_with_producer(end.chat, &confab_simple_producer_ops,
                                       confab_simple_producer_new(data, 100000, 4096, count, &released)),
        0);
    test_expect_bytes(reactor, end.peer, data, 100000);
    cr_assert_eq(released, 1);
    test_reactor_free(reactor);
    free(data);
}

static bool is_closed(int fd)
{
    struct stat st;

    return fstat(fd, &st) < 0 && errno == EBADF;
}

static void push_file_producer(confab_chat *chat, int fd, int64_t offset, int64_t len)
{
    void *self = confab_file_producer_new(fd, offset, len, 300);

    cr_assert_not_null(self);
    cr_assert_eq(confab_chat_push_with_producer(chat, &confab_file_producer_ops, self), 0);
}

Test(producers, file_sends_a_range_of_the_file)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    char *data = test_pattern(100000);
    int fd = test_file(data, 100000);

    open_end(&end, reactor);
    push_file_producer(end.chat, fd, 1000, 50000);
    test_expect_bytes(reactor, end.peer, data + 1000, 50000);
    cr_assert(is_closed(fd));
    fd = test_file(data, 100000);
    push_file_producer(end.chat, fd, 70000, -1);
    test_expect_bytes(reactor, end.peer, data + 70000, 30000);
    cr_assert(is_closed(fd));
    test_reactor_free(reactor);
    free(data);
}

Test(producers, file_that_ends_early_closes_with_EIO)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    int fd = test_file("0123456789", 10);

    open_end(&end, reactor);
    push_file_producer(end.chat, fd, 4, 20);
    run_quiet(reactor);
    test_expect(end.peer, "456789");
    cr_closed(&end, CONFAB_REASON_HOOK, EIO);
    cr_assert(is_closed(fd));
    test_reactor_free(reactor);
}

Test(producers, file_that_cannot_be_is_NULL_and_closed)
{
    static const struct {
        int64_t offset;
        size_t buffer_size;
    } bad[] = { { -1, 0 }, { 0, SIZE_MAX }, { 0, SIZE_MAX - 16 }, { 0, SIZE_MAX / 2 + 1 } };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = test_file("x", 1);
        cr_assert_null(confab_file_producer_new(fd, bad[i].offset, -1, bad[i].buffer_size));
        cr_assert(is_closed(fd));
    }
}

Test(producers, file_that_is_never_pushed_is_closed_by_its_release)
{
    int fd = test_file("x", 1);
    void *self = confab_file_producer_new(fd, 0, -1, 0);

    confab_file_producer_ops.release(self);
    cr_assert(is_closed(fd));
}

Test(producers, one_that_is_resumed_before_it_has_said_not_now_is_asked_again)
{
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { .text = "later", .answer = -EAGAIN, .before = confab_chat_resume_output };

    open_end(&end, reactor);
    push_source(end.chat, &source);
    confab_reactor_run_once(reactor, 0);
    cr_assert_eq(source.asked, 1);
    source.pieces = 1;
    source.answer = 0;
    run_quiet(reactor);
    test_expect(end.peer, "later");
    cr_assert_eq(source.released, 1);
    test_reactor_free(reactor);
}

Test(producers, one_whose_table_lacks_more_is_released_all_the_same)
{
    static const struct confab_producer_ops bad = { .size = sizeof bad, .release = source_release };
    confab_reactor *reactor = test_reactor();
    struct end end = { 0 };
    struct source source = { 0 };

    open_end(&end, reactor);
    cr_assert_eq(confab_chat_push_with_producer(end.chat, &bad, &source), -EINVAL);
    cr_assert_eq(source.released, 0, "released inside the call");
    run_quiet(reactor);
    cr_assert_eq(source.released, 1);
    test_reactor_free(reactor);
}
