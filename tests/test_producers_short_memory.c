/* test_producers_short_memory.c: output, deferred, chunked, escaping and throttled
 * where memory is short, and that nothing is left of them, whichever of two ends
 * goes first.  The producers are part of this file, so that blocks can be counted
 * and memory made short. */
#include "producer_support.h"
#include "script.h"

static int mallocs_left; /* that succeed */
static long blocks;

static void *short_malloc(size_t n)
{
    void *p = mallocs_left-- > 0 ? malloc(n) : NULL;

    blocks += p != NULL;
    return p;
}

static void counting_free(void *p)
{
    blocks -= p != NULL;
    free(p);
}

#define malloc short_malloc
#define free   counting_free
#include "core/producer_chunked.c"
#include "core/producer_deferred.c"
#include "core/producer_escaping.c"
#include "core/producer_output.c"
#include "core/producer_throttled.c"
#undef malloc
#undef free

enum { PLENTY = 1000 };

static void expect_no_blocks(void)
{
    /* An assertion that fails after a test does not count; a crash does. */
    if (blocks != 0)
        abort();
}

TestSuite(producers_short_memory, .fini = expect_no_blocks);

Test(producers_short_memory, what_is_inside_is_released_where_nothing_is_made)
{
    int released = 0;

    cr_assert_null(
        confab_chunked_producer_new(&confab_simple_producer_ops, text_in_pieces("a", 0, &released), NULL));
    cr_assert_eq(released, 1);
    cr_assert_null(confab_escaping_producer_new(&confab_simple_producer_ops,
                                                text_in_pieces("a", 0, &released), NULL, NULL, 0));
    cr_assert_eq(released, 2);
    cr_assert_null(
        confab_throttled_producer_new(&confab_simple_producer_ops, text_in_pieces("a", 0, &released), 9));
    cr_assert_eq(released, 3);
    cr_assert_null(confab_output_producer_new(0));
    cr_assert_null(confab_deferred_producer_new());
}

/* Whichever of the three cannot be made. */
Test(producers_short_memory, calls_are_nested_without_a_look_in_between)
{
    for (int n = 0; n < 3; n++) {
        struct talk talk = { 0 };
        int released = 0;

        talk_open(&talk);
        run_quiet(talk.reactor);
        mallocs_left = n;
        void *inner = text_in_pieces("a", 0, &released);
        inner = confab_escaping_producer_new(&confab_simple_producer_ops, inner, NULL, NULL, 0);
        inner = confab_throttled_producer_new(&confab_escaping_producer_ops, inner, 1);
        inner = confab_chunked_producer_new(&confab_throttled_producer_ops, inner, NULL);
        cr_assert_eq(confab_chat_push_with_producer(talk.chat, &confab_chunked_producer_ops, inner), -ENOMEM);
        cr_assert_eq(released, 1);
        cr_assert_eq(blocks, 0);
        run_quiet(talk.reactor);
        cr_assert_eq(talk.reason, CONFAB_REASON_NO_MEMORY);
        talk_end(&talk);
    }
}

Test(producers_short_memory, output_that_cannot_be_written_is_as_it_was)
{
    struct talk talk = { 0 };
    char *text = test_pattern(5000);

    mallocs_left = 2;
    void *output = confab_output_producer_new(0);
    cr_assert_eq(confab_output_producer_write(output, "one", 3), 0);
    /* Its front would fit, the rest does not: none of it is taken. */
    cr_assert_eq(confab_output_producer_write(output, text, 5000), -ENOMEM);
    cr_assert_eq(confab_output_producer_size(output), 3);
    mallocs_left = PLENTY;
    cr_assert_eq(confab_output_producer_write(output, " two", 4), 0);
    confab_output_producer_end(output);
    talk_open(&talk);
    talk_push(&talk, &confab_output_producer_ops, output);
    quiet_expect(&talk, "one two");
    cr_assert_eq(blocks, 0);
    talk_end(&talk);
    free(text);
}

/* A coding producer finds no room for what it is to say. */
static void cr_closes_for_memory(const struct confab_producer_ops *ops, void *self, const int *released)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    talk_push(&talk, ops, self);
    mallocs_left = 0;
    run_quiet(talk.reactor);
    cr_assert_eq(test_recv(talk.peer, (char[8]){ 0 }, 8), -1, "something was sent");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, ENOMEM);
    cr_assert_eq(*released, 1);
    talk_end(&talk);
}

Test(producers_short_memory, no_room_for_what_is_to_be_said_closes_the_chat)
{
    int of_chunked = 0, of_escaping = 0;

    mallocs_left = PLENTY;
    cr_closes_for_memory(
        &confab_chunked_producer_ops,
        confab_chunked_producer_new(&confab_simple_producer_ops, text_in_pieces("a", 0, &of_chunked), NULL),
        &of_chunked);
    mallocs_left = PLENTY;
    cr_closes_for_memory(&confab_escaping_producer_ops,
                         confab_escaping_producer_new(&confab_simple_producer_ops,
                                                      text_in_pieces("a", 0, &of_escaping), NULL, NULL, 0),
                         &of_escaping);
}

static void *short_alloc(void *data, void *old, size_t n)
{
    if (n == 0) {
        free(old);
        return NULL;
    }
    return *(bool *)data ? NULL : realloc(old, n);
}

Test(producers_short_memory, throttled_without_memory_for_its_timer_closes_the_chat)
{
    bool none = false;
    struct confab_reactor_options options = { .size = sizeof options,
                                              .alloc = short_alloc,
                                              .alloc_data = &none };
    struct talk talk = { 0 };
    int released = 0;

    mallocs_left = PLENTY;
    cr_assert_eq(test_reactor_new(&talk.reactor, &options), 0);
    talk_open(&talk);
    run_quiet(talk.reactor);
    talk_push(
        &talk, &confab_throttled_producer_ops,
        confab_throttled_producer_new(&confab_simple_producer_ops, text_in_pieces("abc", 0, &released), 1));
    none = true;
    quiet_expect(&talk, "a");
    none = false;
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, ENOMEM);
    cr_assert_eq(released, 1);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(producers_short_memory, the_last_of_two_ends_frees_what_there_is)
{
    for (int chat_first = 0; chat_first < 2; chat_first++) {
        mallocs_left = PLENTY;
        void *output = confab_output_producer_new(0), *deferred = confab_deferred_producer_new();
        cr_assert_eq(confab_output_producer_write(output, "text", 4), 0);
        if (chat_first) {
            confab_output_producer_ops.release(output);
            confab_deferred_producer_ops.release(deferred);
        }
        cr_assert_eq(blocks, chat_first ? 2 : 3);
        confab_output_producer_end(output);
        cr_assert_eq(confab_deferred_producer_set(deferred, NULL, NULL), chat_first ? -EPIPE : 0);
        if (!chat_first) {
            cr_assert_eq(blocks, 3);
            confab_output_producer_ops.release(output);
            confab_deferred_producer_ops.release(deferred);
        }
        cr_assert_eq(blocks, 0);
    }
}

Test(producers_short_memory, one_that_waits_holds_no_buffer)
{
    struct talk talk = { 0 };

    mallocs_left = PLENTY;
    talk_open(&talk);
    void *output = confab_output_producer_new(0);
    void *escaping = confab_escaping_producer_new(&confab_output_producer_ops, output, NULL, NULL, 0);
    talk_push(&talk, &confab_chunked_producer_ops,
              confab_chunked_producer_new(&confab_escaping_producer_ops, escaping, NULL));
    long waiting = blocks;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(confab_output_producer_write(output, "a", 1), 0);
        quiet_expect(&talk, "1\r\na\r\n");
        cr_assert_eq(blocks, waiting);
    }
    confab_output_producer_end(output);
    quiet_expect(&talk, "0\r\n\r\n");
    cr_assert_eq(blocks, 0);
    talk_end(&talk);
}
