/* test_chat_costs.c: what keeping pieces of output apart costs counts against the limits, so that
 * nobody whose peer does not read can have much more memory taken than they say. */
#include "core/output.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MEBIBYTE = 1 << 20,
    LIMIT = MEBIBYTE,
    PUSHES = 1 << 20, /* no test gets that far */
    LINE = 100,
    LINES = 1000
};

/* In front of each block. */
union head {
    size_t size;
    max_align_t align;
};

static size_t taken, blocks; /* memory of the reactor's that is in use; allocations that were made */

static void *counted(void *data, void *old, size_t n)
{
    union head *before = old ? (union head *)old - 1 : NULL, *head;
    size_t size = before ? before->size : 0;

    (void)data;
    if (n == 0) {
        taken -= size;
        free(before);
        return NULL;
    }
    head = realloc(before, sizeof *head + n);
    if (!head)
        return NULL;
    taken += n - size;
    blocks++;
    head->size = n;
    return head + 1;
}

static confab_reactor *reactor;
static confab_chat *chat;
static int peer, released;
static size_t before; /* in use before anything was pushed */

static int (*on_bytes)(confab_chat *chat); /* NULL: nothing */

static int collect(confab_chat *of, const char *data, size_t len)
{
    (void)data, (void)len;
    return on_bytes ? on_bytes(of) : 0;
}

static void setup(void)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops, .collect_incoming_data = collect };
    struct confab_reactor_options options = { .size = sizeof options, .alloc = counted };
    struct confab_chat_options limits = { .size = sizeof limits, .output_limit = LIMIT };
    int pair[2];

    cr_assert_eq(test_reactor_new(&reactor, &options), 0);
    test_pair(pair);
    peer = pair[1];
    chat = confab_chat_new(reactor, pair[0], &ops, &limits);
    cr_assert_not_null(chat);
    run_quiet(reactor);
    before = taken;
}

static void teardown(void)
{
    test_reactor_free(reactor);
    cr_assert_eq(taken, 0);
    test_close(peer);
}

TestSuite(chat_costs, .init = setup, .fini = teardown);

static void release(void *owner)
{
    ++*(int *)owner;
}

/* -- Pieces that are kept apart ------------------------------------------------ */

Test(chat_costs, bytes_and_buffers_by_turns_end_at_the_limit_and_take_little_more_memory)
{
    confab_buffer *buffer = confab_buffer_new("b", 1);
    int error = 0, pushes = 0;

    for (; pushes < PUSHES && !error; pushes++) {
        error = confab_chat_push(chat, "a", 1);
        if (!error)
            error = confab_chat_push_buffer(chat, confab_buffer_ref(buffer));
        cr_assert_lt(taken - before, 2 * MEBIBYTE, "after %d of each", pushes);
    }
    cr_assert_eq(error, -ENOBUFS);
    cr_assert_gt(pushes, 1000, "it is dearer than it needs to be");
    confab_buffer_unref(buffer);
}

Test(chat_costs, references_to_nothing_end_at_the_limit_and_are_released)
{
    int error = 0, pushes = 0;

    for (; pushes < PUSHES && !error; pushes++)
        error = confab_chat_push_reference(chat, "", 0, release, &released);
    cr_assert_eq(error, -ENOBUFS);
    cr_assert_gt(pushes, 1000, "it is dearer than it needs to be");
    cr_assert_lt(taken - before, 2 * MEBIBYTE);
    run_quiet(reactor);
    cr_assert_eq(released, pushes);
}

Test(chat_costs, what_was_sent_costs_nothing)
{
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(confab_chat_push(chat, "a", 1), 0);
        cr_assert_eq(confab_chat_push_reference(chat, "b", 1, NULL, NULL), 0);
        cr_assert_eq(confab_chat_push_with_producer(chat, &confab_simple_producer_ops,
                                                    confab_simple_producer_new("c", 1, 1, NULL, NULL)),
                     0);
    }
    cr_assert_gt(confab_chat_output_size(chat), 5000);
    run_quiet(reactor);
    cr_assert_eq(confab_chat_output_size(chat), 0);
}

Test(chat_costs, what_was_sent_costs_nothing_while_something_else_waits)
{
    void *later = confab_deferred_producer_new();

    for (int i = 0; i < 20; i++)
        cr_assert_eq(confab_chat_push_reference(chat, "b", 1, NULL, NULL), 0);
    size_t behind = confab_chat_output_size(chat);
    cr_assert_eq(confab_chat_push_with_producer(chat, &confab_deferred_producer_ops, later), 0);
    size_t alone = confab_chat_output_size(chat) - behind;
    run_quiet(reactor);
    cr_assert_eq(confab_chat_output_size(chat), alone);
    cr_assert_eq(confab_deferred_producer_set(later, &confab_simple_producer_ops,
                                              confab_simple_producer_new("c", 1, 1, NULL, NULL)),
                 0);
    run_quiet(reactor);
    cr_assert_eq(confab_chat_output_size(chat), 0);
}

/* -- Bytes behind bytes ----------------------------------------------------------- */

static void push_lines(void)
{
    static const char line[LINE];

    for (int i = 0; i < LINES; i++)
        cr_assert_eq(confab_chat_push(chat, line, sizeof line), 0);
}

Test(chat_costs, bytes_behind_bytes_join_into_full_chunks)
{
    size_t first = blocks;

    push_lines();
    cr_assert_leq(blocks - first, LINE * LINES / OUTPUT_CHUNK + 1);
    cr_assert_eq(confab_chat_output_size(chat), LINE * LINES);
}

Test(chat_costs, only_the_first_chunk_behind_a_reference_is_small)
{
    size_t first;

    cr_assert_eq(confab_chat_push_reference(chat, "x", 1, NULL, NULL), 0);
    first = blocks;
    push_lines();
    cr_assert_leq(blocks - first, 1 + LINE * LINES / OUTPUT_CHUNK + 1);
    cr_assert_leq(confab_chat_output_size(chat), LINE * LINES + 1000);
}

static int push_two_kinds(confab_chat *of)
{
    return confab_chat_push(of, "a", 1) || confab_chat_push_reference(of, "b", 1, NULL, NULL);
}

static void *deferred;

static int push_and_defer(confab_chat *of)
{
    deferred = confab_deferred_producer_new();
    return confab_chat_push(of, "a", 1) ||
           confab_chat_push_with_producer(of, &confab_deferred_producer_ops, deferred);
}

/* Such a chunk is as large as those that are kept for whoever comes next. */
Test(chat_costs, a_chunk_behind_a_reference_leaves_no_cost_to_its_next_user)
{
    static const char bytes[OUTPUT_CHUNK];
    static char got[OUTPUT_CHUNK];

    cr_assert_eq(confab_chat_push_reference(chat, "x", 1, NULL, NULL), 0);
    cr_assert_eq(confab_chat_push(chat, bytes, sizeof bytes), 0);
    run_quiet(reactor);
    while (test_recv(peer, got, sizeof got) > 0)
        continue;
    on_bytes = push_two_kinds;
    test_send(peer, "?", 1);
    run_quiet(reactor);
    test_expect(peer, "ab");
    cr_assert_eq(confab_chat_output_size(chat), 0);

    /* Once more, and something behind it waits. */
    on_bytes = push_and_defer;
    test_send(peer, "?", 1);
    run_quiet(reactor);
    cr_expect_lt(confab_chat_output_size(chat), 200);
    cr_assert_eq(confab_deferred_producer_set(deferred, NULL, NULL), 0);
    run_quiet(reactor);
    cr_assert_eq(confab_chat_output_size(chat), 0);
}
