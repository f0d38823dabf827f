/* test_producers_kinds.c: what holds for each ready-made producer: its bytes
 * arrive exactly, however slowly they leave, and it is released once, however
 * it ends.  Each test goes through all kinds. */
#include "chat_support.h"
#include "slow_io.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MUCH = 1 << 20, /* more than a socket takes at once */
    LITTLE = 700,   /* that can leave byte by byte */
    PIECES_MAX = MUCH / 100,
    LINE_MAX_LEN = 300
};

/* A producer, what it is to send, and what is to be released with it. */
struct made {
    const struct confab_producer_ops *ops;
    void *self;
    char *bytes;
    size_t len;
    int owners, released;
    const char *texts[PIECES_MAX];
    struct iovec iov[PIECES_MAX];
};

static void count(void *released)
{
    ++*(int *)released;
}

static void count_done(void *released, uint64_t bytes, bool whole)
{
    (void)bytes, (void)whole;
    ++*(int *)released;
}

static void make_simple(struct made *made)
{
    made->owners = 1;
    made->ops = &confab_simple_producer_ops;
    made->self = confab_simple_producer_new(made->bytes, made->len, 0, count, &made->released);
}

static void make_scanning(struct made *made)
{
    made->owners = 1;
    made->ops = &confab_scanning_producer_ops;
    made->self = confab_scanning_producer_new(made->bytes, made->len, 0, count, &made->released);
}

/* Its bytes are made anew: lines of 0 to LINE_MAX_LEN letters. */
static void make_lines(struct made *made)
{
    static char letters[LINE_MAX_LEN + 1];
    size_t n = 0, at = 0;

    memset(letters, 'x', LINE_MAX_LEN);
    for (; at < made->len; n++) {
        size_t left = made->len - at, len = n * 7 % LINE_MAX_LEN;
        if (len + 4 > left)
            len = left - 2; /* the last one, so that as many bytes are left as there were */
        made->texts[n] = letters + LINE_MAX_LEN - len;
        memcpy(made->bytes + at, made->texts[n], len);
        memcpy(made->bytes + at + len, "\r\n", 2);
        at += len + 2;
    }
    made->owners = 1;
    made->ops = &confab_lines_producer_ops;
    made->self = confab_lines_producer_new(made->texts, n, count, &made->released);
}

/* Pieces of 0 to 400 bytes. */
static void make_buffer_list(struct made *made)
{
    size_t n = 0;

    for (size_t at = 0; at < made->len; n++) {
        size_t len = n * 17 % 401;
        len = len < made->len - at ? len : made->len - at;
        made->iov[n] = (struct iovec){ .iov_base = made->bytes + at, .iov_len = len };
        at += len;
    }
    made->owners = 1;
    made->ops = &confab_buffer_list_producer_ops;
    made->self = confab_buffer_list_producer_new(made->iov, n, count, &made->released);
}

static void make_composite(struct made *made)
{
    size_t part = made->len / 10 + 1;

    made->ops = &confab_composite_producer_ops;
    made->self = confab_composite_producer_new();
    for (size_t at = 0; at < made->len; at += part) {
        size_t len = part < made->len - at ? part : made->len - at;
        void *inner = confab_simple_producer_new(made->bytes + at, len, 100, count, &made->released);
        cr_assert_eq(confab_composite_producer_add(made->self, &confab_simple_producer_ops, inner), 0);
        made->owners++;
    }
}

static void put_into_globbing(struct made *made, size_t buffer_size)
{
    made->self = confab_globbing_producer_new(made->ops, made->self, buffer_size);
    made->ops = &confab_globbing_producer_ops;
}

static void put_into_hooked(struct made *made)
{
    made->owners++;
    made->self = confab_hooked_producer_new(made->ops, made->self, count_done, &made->released);
    made->ops = &confab_hooked_producer_ops;
}

static void make_globbing(struct made *made)
{
    made->owners = 1;
    made->ops = &confab_simple_producer_ops;
    made->self = confab_simple_producer_new(made->bytes, made->len, 7, count, &made->released);
    put_into_globbing(made, 0);
}

static void make_hooked(struct made *made)
{
    make_scanning(made);
    put_into_hooked(made);
}

/* Replaces what is there by the same. */
static void put_into_escaping(struct made *made)
{
    made->self = confab_escaping_producer_new(made->ops, made->self, "a", "a", 0);
    made->ops = &confab_escaping_producer_ops;
}

static void put_into_throttled(struct made *made)
{
    made->self = confab_throttled_producer_new(made->ops, made->self, UINT64_MAX);
    made->ops = &confab_throttled_producer_ops;
}

static void put_into_deferred(struct made *made)
{
    void *deferred = confab_deferred_producer_new();

    cr_assert_eq(confab_deferred_producer_set(deferred, made->ops, made->self), 0);
    made->self = deferred;
    made->ops = &confab_deferred_producer_ops;
}

static void make_escaping(struct made *made)
{
    make_lines(made);
    put_into_escaping(made);
}

static void make_throttled(struct made *made)
{
    make_buffer_list(made);
    put_into_throttled(made);
}

static void make_deferred(struct made *made)
{
    make_simple(made);
    put_into_deferred(made);
}

/* One in another: composite { globbing { lines }, hooked { globbing { hooked {
 * escaping { throttled { deferred { composite } } } } } } }. */
static void make_nested(struct made *made)
{
    void *outer = confab_composite_producer_new();
    size_t all = made->len, of_lines = all / 3;

    made->len = of_lines;
    make_lines(made);
    put_into_globbing(made, 1000);
    cr_assert_eq(confab_composite_producer_add(outer, made->ops, made->self), 0);
    made->bytes += of_lines;
    made->len = all - of_lines;
    make_composite(made);
    put_into_deferred(made);
    put_into_throttled(made);
    put_into_escaping(made);
    put_into_hooked(made);
    put_into_globbing(made, 150);
    put_into_hooked(made);
    cr_assert_eq(confab_composite_producer_add(outer, made->ops, made->self), 0);
    made->bytes -= of_lines;
    made->len = all;
    made->ops = &confab_composite_producer_ops;
    made->self = outer;
}

static const struct kind {
    const char *name;
    void (*make)(struct made *made);
} kinds[] = { { "simple", make_simple },       { "scanning", make_scanning },
              { "lines", make_lines },         { "buffer_list", make_buffer_list },
              { "composite", make_composite }, { "globbing", make_globbing },
              { "hooked", make_hooked },       { "escaping", make_escaping },
              { "throttled", make_throttled }, { "deferred", make_deferred },
              { "nested", make_nested } };

static void each_kind(void (*test)(const struct kind *kind))
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        test(&kinds[i]);
}

static struct made *make(const struct kind *kind, size_t len)
{
    struct made *made = calloc(1, sizeof *made);

    cr_assert_not_null(made);
    made->bytes = test_pattern(len);
    made->len = len;
    kind->make(made);
    cr_assert_not_null(made->self);
    cr_assert_eq(made->released, 0, "%s", kind->name);
    return made;
}

static void made_end(struct made *made, const struct kind *kind)
{
    cr_assert_eq(made->released, made->owners, "%s: %d of %d releases", kind->name, made->released,
                 made->owners);
    free(made->bytes);
    free(made);
}

static void push(struct talk *talk, struct made *made)
{
    cr_assert_eq(confab_chat_push_with_producer(talk->chat, made->ops, made->self), 0);
}

/* Two of a kind and texts around them. */
static void send_two(const struct kind *kind, size_t len, bool slowly)
{
    struct talk talk = { .reactor = test_reactor() };
    struct made *one = make(kind, len), *two = make(kind, len);
    char *all = malloc(2 * len + 3);

    all[0] = '<';
    memcpy(all + 1, one->bytes, len);
    all[1 + len] = '|';
    memcpy(all + len + 2, two->bytes, len);
    all[2 * len + 2] = '>';
    slow_calls = 0;
    if (slowly)
        slow_io(talk.reactor);
    talk_open(&talk);
    confab_chat_puts(talk.chat, "<");
    push(&talk, one);
    confab_chat_puts(talk.chat, "|");
    push(&talk, two);
    confab_chat_puts(talk.chat, ">");
    cr_assert_leq(confab_chat_output_size(talk.chat), 3 + 4 * 512, "%s", kind->name);
    test_expect_bytes(talk.reactor, talk.peer, all, 2 * len + 3);
    cr_assert(!slowly || slow_calls >= 2 * len + 3, "it was not slow");
    cr_assert_eq(confab_chat_output_size(talk.chat), 0, "%s", kind->name);
    cr_assert_eq(one->released, one->owners, "%s: not released at its end", kind->name);
    cr_assert_eq(two->released, two->owners, "%s: not released at its end", kind->name);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
    made_end(one, kind);
    made_end(two, kind);
    free(all);
}

static void send_much(const struct kind *kind)
{
    send_two(kind, MUCH, false);
}

Test(producers_kinds, each_sends_its_bytes_and_is_released_once)
{
    each_kind(send_much);
}

static void send_slowly(const struct kind *kind)
{
    send_two(kind, LITTLE, true);
}

Test(producers_kinds, each_sends_its_bytes_to_a_socket_that_takes_one_at_a_time)
{
    each_kind(send_slowly);
}

static void send_nothing(const struct kind *kind)
{
    send_two(kind, 0, false);
}

Test(producers_kinds, each_may_have_nothing_to_send)
{
    each_kind(send_nothing);
}

/* Two are pushed; when the first is half sent, `finish` is called, or else the peer goes. */
static void end_half_way(const struct kind *kind, void (*finish)(confab_chat *chat))
{
    struct talk talk = { 0 };
    struct made *half = make(kind, MUCH), *never = make(kind, MUCH);
    char *some = malloc(MUCH);

    talk_open(&talk);
    push(&talk, half);
    push(&talk, never);
    run_quiet(talk.reactor);
    ssize_t n = test_recv(talk.peer, some, MUCH);
    cr_assert(n > 0 && n < MUCH && memcmp(some, half->bytes, (size_t)n) == 0, "%s: %zd bytes", kind->name, n);
    run_quiet(talk.reactor);
    cr_assert_lt(half->released, half->owners, "%s", kind->name);
    cr_assert_eq(never->released, 0, "%s", kind->name);
    int before = half->released;
    if (finish) {
        finish(talk.chat);
    } else {
        test_close(talk.peer);
        talk.peer = -1;
    }
    cr_assert_eq(half->released + never->released, before, "%s: released inside the call", kind->name);
    run_quiet(talk.reactor);
    cr_assert_eq(half->released, half->owners, "%s: %d of %d", kind->name, half->released, half->owners);
    cr_assert_eq(never->released, never->owners, "%s: %d of %d", kind->name, never->released, never->owners);
    cr_assert_eq(talk.closes, finish != confab_chat_discard_buffers, "%s", kind->name);
    talk_end(&talk);
    made_end(half, kind);
    made_end(never, kind);
    free(some);
}

static void close_half_way(const struct kind *kind)
{
    end_half_way(kind, confab_chat_close);
}

Test(producers_kinds, each_is_released_once_when_the_chat_closes_half_way)
{
    each_kind(close_half_way);
}

static void abort_half_way(const struct kind *kind)
{
    end_half_way(kind, confab_chat_abort);
}

Test(producers_kinds, each_is_released_once_when_the_chat_aborts_half_way)
{
    each_kind(abort_half_way);
}

static void discard_half_way(const struct kind *kind)
{
    end_half_way(kind, confab_chat_discard_buffers);
}

Test(producers_kinds, each_is_released_once_when_output_is_discarded_half_way)
{
    each_kind(discard_half_way);
}

static void lose_peer_half_way(const struct kind *kind)
{
    end_half_way(kind, NULL);
}

Test(producers_kinds, each_is_released_once_when_the_peer_goes_half_way)
{
    each_kind(lose_peer_half_way);
}

static void end_reactor(const struct kind *kind)
{
    confab_reactor *reactor = test_reactor();
    struct talk talk = { .reactor = reactor };
    struct made *made = make(kind, MUCH);

    talk_open(&talk);
    push(&talk, made);
    test_reactor_free(reactor);
    test_close(talk.peer);
    made_end(made, kind);
}

Test(producers_kinds, each_is_released_once_when_the_reactor_ends)
{
    each_kind(end_reactor);
}

static void push_to_closed(const struct kind *kind)
{
    struct talk talk = { 0 };
    struct made *made = make(kind, LITTLE);

    talk_open(&talk);
    confab_chat_close(talk.chat);
    cr_assert_eq(confab_chat_push_with_producer(talk.chat, made->ops, made->self), -EPIPE);
    cr_assert_eq(made->released, 0, "%s: released inside the call", kind->name);
    talk_end(&talk);
    made_end(made, kind);
}

Test(producers_kinds, each_is_released_once_when_it_cannot_be_pushed)
{
    each_kind(push_to_closed);
}

static void never_push(const struct kind *kind)
{
    struct made *made = make(kind, LITTLE);

    made->ops->release(made->self);
    made_end(made, kind);
}

Test(producers_kinds, each_is_released_once_where_it_is_never_pushed)
{
    each_kind(never_push);
}
