/* test_producers_chunked.c: HTTP's chunked coding. */
#include "producer_support.h"
#include "script.h"
#include "slow_io.h"
#include <stdlib.h>

static void push_chunked(struct talk *talk, struct script *script, const char *trailers)
{
    talk_push(talk, &confab_chunked_producer_ops, confab_chunked_producer_new(&script_ops, script, trailers));
}

Test(producers_chunked, makes_a_chunk_of_each_piece_and_then_the_last_one)
{
    static const struct step steps[] = { { .text = "some and twenty more " }, { .text = "bytes" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    push_chunked(&talk, &script, NULL);
    confab_chat_puts(talk.chat, "behind");
    quiet_expect(&talk, "15\r\nsome and twenty more \r\n5\r\nbytes\r\n0\r\n\r\nbehind");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_chunked, of_nothing_is_the_last_chunk_alone)
{
    struct script script = { 0 };
    struct talk talk = { 0 };

    talk_open(&talk);
    push_chunked(&talk, &script, NULL);
    quiet_expect(&talk, "0\r\n\r\n");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_chunked, sends_a_copy_of_its_trailers)
{
    static const struct step steps[] = { { .text = "a" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };
    char trailers[] = "One: 1\r\nTwo: 2\r\n";

    talk_open(&talk);
    push_chunked(&talk, &script, trailers);
    memset(trailers, 'x', sizeof trailers - 1);
    quiet_expect(&talk, "1\r\na\r\n0\r\nOne: 1\r\nTwo: 2\r\n\r\n");
    talk_end(&talk);
}

Test(producers_chunked, ends_its_last_trailer_where_that_has_no_end)
{
    static const char *const cases[][2] = { { "A: b", "0\r\nA: b\r\n\r\n" },
                                            { "A: b\r\nC: d", "0\r\nA: b\r\nC: d\r\n\r\n" },
                                            { "A: b\r\n", "0\r\nA: b\r\n\r\n" },
                                            { "A", "0\r\nA\r\n\r\n" },
                                            { "", "0\r\n\r\n" } };
    struct talk talk = { 0 };

    talk_open(&talk);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script script = { 0 };
        push_chunked(&talk, &script, cases[i][0]);
        quiet_expect(&talk, cases[i][1]);
        cr_assert_eq(script.released, 1);
    }
    talk_end(&talk);
}

/* Each answer is what leaves in one send: a whole chunk. */
Test(producers_chunked, cuts_a_large_piece_into_chunks_of_16_KiB_and_their_frames)
{
    enum { CHUNK = 16384, LEN = 2 * CHUNK + 1 };
    const struct confab_producer_ops *ops = &confab_chunked_producer_ops;
    struct talk talk = { 0 };
    char *data = test_pattern(LEN);
    const char *bytes;
    int released = 0;

    talk_open(&talk);
    void *chunked =
        confab_chunked_producer_new(&confab_simple_producer_ops, in_pieces(data, LEN, LEN, &released), NULL);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ops->more(chunked, talk.chat, 65536, &bytes), CHUNK + 8);
        cr_assert_arr_eq(bytes, "4000\r\n", 6);
        cr_assert_arr_eq(bytes + 6, data + i * CHUNK, CHUNK);
        cr_assert_arr_eq(bytes + 6 + CHUNK, "\r\n", 2);
    }
    cr_assert_eq(ops->more(chunked, talk.chat, 65536, &bytes), 6);
    cr_assert_arr_eq(bytes, ((char[]){ '1', '\r', '\n', data[2 * CHUNK], '\r', '\n' }), 6);
    cr_assert_eq(ops->more(chunked, talk.chat, 65536, &bytes), 5);
    cr_assert_arr_eq(bytes, "0\r\n\r\n", 5);
    cr_assert_eq(ops->more(chunked, talk.chat, 65536, &bytes), 0);
    cr_assert_eq(ops->more(chunked, talk.chat, 65536, &bytes), 0);
    ops->release(chunked);
    cr_assert_eq(released, 1);
    talk_end(&talk);
    free(data);
}

Test(producers_chunked, has_no_last_chunk_where_what_is_inside_fails)
{
    static const struct step steps[] = { { .text = "part" }, { .answer = -EIO } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    push_chunked(&talk, &script, "Trailer: x\r\n");
    quiet_expect(&talk, "4\r\npart\r\n");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(talk.error, EIO);
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_chunked, waits_while_what_is_inside_waits)
{
    static const struct step steps[] = {
        { .answer = -EAGAIN }, { .text = "one" }, { .answer = -EAGAIN }, { .text = "two" }
    };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    push_chunked(&talk, &script, NULL);
    quiet_expect(&talk, "");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "3\r\none\r\n");
    confab_chat_resume_output(talk.chat);
    quiet_expect(&talk, "3\r\ntwo\r\n0\r\n\r\n");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

Test(producers_chunked, arrives_whole_over_a_socket_that_takes_one_byte_at_a_time)
{
    static const struct step steps[] = { { .text = "one" }, { .text = "and ten" }, { .text = "!" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { .reactor = test_reactor() };

    slow_io(talk.reactor);
    talk_open(&talk);
    push_chunked(&talk, &script, "Trailer: x\r\n");
    quiet_expect(&talk, "3\r\none\r\n7\r\nand ten\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
    test_reactor_free(talk.reactor);
}

Test(producers_chunked, in_another_one_is_chunked_twice)
{
    static const struct step steps[] = { { .text = "a" }, { .text = "b" } };
    struct script script = SCRIPT(steps);
    struct talk talk = { 0 };

    talk_open(&talk);
    talk_push(&talk, &confab_chunked_producer_ops,
              confab_chunked_producer_new(&confab_chunked_producer_ops,
                                          confab_chunked_producer_new(&script_ops, &script, NULL), NULL));
    quiet_expect(&talk, "6\r\n1\r\na\r\n\r\n6\r\n1\r\nb\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n");
    cr_assert_eq(script.released, 1);
    talk_end(&talk);
}

static void *around(void *simple)
{
    return confab_chunked_producer_new(&confab_simple_producer_ops, simple, NULL);
}

Test(producers_chunked, releases_what_is_inside_where_its_chat_leaves_it_half_way)
{
    for (int i = 0; i < LEAVINGS; i++)
        leave_half_way(&confab_chunked_producer_ops, around, leavings[i]);
}
