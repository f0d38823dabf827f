/* test_producers_output.c: output is written to by one end while it is sent by the other. */
#include "producer_support.h"
#include "slow_io.h"
#include <errno.h>
#include <stdlib.h>

static void *push_output(struct talk *talk, size_t limit)
{
    void *output = confab_output_producer_new(limit);

    talk_push(talk, &confab_output_producer_ops, output);
    return output;
}

static void write_text(void *output, const char *text)
{
    cr_assert_eq(confab_output_producer_write(output, text, strlen(text)), 0);
}

Test(producers_output, sends_what_is_written_before_and_while_it_is_sent_and_then_ends)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    void *output = push_output(&talk, 0);
    confab_chat_puts(talk.chat, " behind");
    write_text(output, "one");
    write_text(output, "");
    write_text(output, " two");
    quiet_expect(&talk, "one two");
    write_text(output, " three");
    test_expect(talk.peer, "");
    quiet_expect(&talk, " three");
    write_text(output, " four");
    confab_output_producer_end(output);
    quiet_expect(&talk, " four behind");
    talk_end(&talk);
}

Test(producers_output, that_ends_with_nothing_written_sends_nothing)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    confab_output_producer_end(push_output(&talk, 0));
    void *asked = push_output(&talk, 0);
    confab_chat_puts(talk.chat, "behind");
    quiet_expect(&talk, "");
    confab_output_producer_end(asked);
    quiet_expect(&talk, "behind");
    talk_end(&talk);
}

Test(producers_output, behind_another_one_waits_for_its_turn)
{
    struct talk talk = { 0 };

    talk_open(&talk);
    void *first = push_output(&talk, 0), *second = push_output(&talk, 0);
    run_quiet(talk.reactor);
    write_text(second, "second");
    confab_output_producer_end(second);
    quiet_expect(&talk, "");
    write_text(first, "first ");
    quiet_expect(&talk, "first ");
    confab_output_producer_end(first);
    quiet_expect(&talk, "second");
    talk_end(&talk);
}

/* Writes of all sizes while the socket takes a byte a turn, then a few hundred: what is being sent may not move. */
Test(producers_output, stays_in_place_while_more_is_written)
{
    enum { LEN = 60000 };
    struct talk talk = { .reactor = test_reactor(), .options.out_buffer_size = 500 };
    char *bytes = test_pattern(LEN), *got = malloc(LEN);
    size_t written = 0, arrived = 0;

    slow_io(talk.reactor);
    talk_open(&talk);
    void *output = push_output(&talk, 0);
    for (size_t size = 1; arrived < LEN; size = size * 3 % 9973) {
        size_t n = size < LEN - written ? size : LEN - written;
        cr_assert_eq(confab_output_producer_write(output, bytes + written, n), 0);
        written += n;
        for (int i = 0; i < 4; i++)
            talk_turn(&talk);
        if (written == LEN)
            slow_bytes = 300;
        ssize_t more = test_recv(talk.peer, got + arrived, LEN - arrived);
        cr_assert_geq(more, 0);
        arrived += (size_t)more;
        cr_assert_leq(confab_output_producer_size(output), written - arrived);
    }
    cr_assert_arr_eq(got, bytes, LEN);
    confab_output_producer_end(output);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
    free(bytes);
    free(got);
}

Test(producers_output, refuses_what_comes_when_more_than_its_limit_waits)
{
    struct talk talk = { 0 };
    char large[100] = "";

    memset(large, 'x', sizeof large - 1);
    talk_open(&talk);
    void *output = push_output(&talk, 10);
    write_text(output, "0123456789");
    cr_assert_eq(confab_output_producer_size(output), 10);
    write_text(output, large);
    cr_assert_eq(confab_output_producer_size(output), 10 + sizeof large - 1);
    cr_assert_eq(confab_output_producer_write(output, "x", 1), -ENOBUFS);
    test_expect(talk.peer, "");
    run_quiet(talk.reactor);
    cr_assert_eq(confab_output_producer_size(output), 0);
    test_expect(talk.peer, strcat(strcpy((char[200]){ 0 }, "0123456789"), large));
    write_text(output, "again");
    confab_output_producer_end(output);
    quiet_expect(&talk, "again");
    talk_end(&talk);
}

Test(producers_output, has_a_limit_of_1_MiB_where_none_is_given)
{
    enum { MEBI = 1 << 20 };
    void *output = confab_output_producer_new(0);
    char *bytes = test_pattern(MEBI);

    cr_assert_eq(confab_output_producer_write(output, bytes, MEBI), 0);
    cr_assert_eq(confab_output_producer_write(output, bytes, 1), 0);
    cr_assert_eq(confab_output_producer_write(output, bytes, 1), -ENOBUFS);
    confab_output_producer_end(output);
    confab_output_producer_ops.release(output);
    free(bytes);
}

/* Half of it was sent, or it waits for the writer; then the chat leaves it. */
static void leave_output(void (*leave)(struct talk *), size_t len)
{
    struct talk talk = { 0 };
    char *bytes = test_pattern(len);

    talk_open(&talk);
    void *output = push_output(&talk, 0);
    cr_assert_eq(confab_output_producer_write(output, bytes, len), 0);
    run_quiet(talk.reactor);
    leave(&talk);
    /* The chat knows already, or not yet, and has released nothing. */
    cr_assert_eq(confab_output_producer_write(output, "x", 1), 0);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, leave != chat_discards);
    cr_assert_eq(confab_output_producer_write(output, "x", 1), -EPIPE);
    cr_assert_eq(confab_output_producer_size(output), 0);
    talk_end(&talk);
    cr_assert_eq(confab_output_producer_write(output, "x", 1), -EPIPE);
    confab_output_producer_end(output);
    free(bytes);
}

Test(producers_output, that_its_chat_has_left_half_way_is_EPIPE_to_its_writer)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_output(leavings[i], 1 << 20);
}

Test(producers_output, that_its_chat_has_left_while_it_waited_is_EPIPE_to_its_writer)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_output(leavings[i], 3);
}

static void write_at_close(struct talk *talk)
{
    cr_assert_eq(confab_output_producer_write(talk->data, "x", 1), -EPIPE);
    confab_output_producer_end(talk->data);
}

Test(producers_output, may_be_written_to_and_ended_in_handle_close)
{
    struct talk talk = { .close = write_at_close };

    talk_open(&talk);
    talk.data = push_output(&talk, 0);
    run_quiet(talk.reactor);
    confab_chat_close(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

Test(producers_output, resumes_its_chat_through_the_producers_around_it)
{
    struct talk talk = { 0 };
    void *output = confab_output_producer_new(0), *deferred = confab_deferred_producer_new();

    talk_open(&talk);
    talk_push(&talk, &confab_deferred_producer_ops, deferred);
    run_quiet(talk.reactor);
    cr_assert_eq(
        confab_deferred_producer_set(
            deferred, &confab_throttled_producer_ops,
            confab_throttled_producer_new(
                &confab_escaping_producer_ops,
                confab_escaping_producer_new(&confab_output_producer_ops, output, NULL, NULL, 0), 1 << 20)),
        0);
    quiet_expect(&talk, "");
    write_text(output, ".one");
    quiet_expect(&talk, "..one");
    write_text(output, ".two");
    quiet_expect(&talk, ".two");
    confab_output_producer_end(output);
    quiet_expect(&talk, "");
    confab_chat_puts(talk.chat, "behind");
    quiet_expect(&talk, "behind");
    talk_end(&talk);
}
