/* test_chat_push.c: what a push refuses, what it does then, and pushes of nothing. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

enum { LIMIT = 1500, PIECE = 1000, PIECES = 100 };

static char bytes[PIECE];

/* Pushes until that is refused, and then notes how many pieces were taken. */
static int push_pieces(struct talk *talk)
{
    int *taken = talk->data, error = 0;

    while (!error && *taken < PIECES) {
        error = confab_chat_push(talk->chat, bytes, sizeof bytes);
        *taken += !error;
    }
    cr_assert_eq(error, -ENOBUFS);
    return 0;
}

Test(chat_push, output_limit_binds_what_one_hook_pushes_also_under_the_default_watermarks)
{
    int taken = 0;
    struct talk talk = { .line = true, .found = push_pieces, .data = &taken, .options.output_limit = LIMIT };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    cr_assert_eq(taken, 2, "%d pieces were taken", taken);
    talk_expect(&talk, "one|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_OUTPUT_LIMIT, "%s", confab_reason_name(talk.reason));
    talk_end(&talk);
}

static int push_pieces_and_end(struct talk *talk)
{
    push_pieces(talk);
    confab_chat_close_when_done(talk->chat);
    return 0;
}

Test(chat_push, close_when_done_after_ENOBUFS_closes_with_OUTPUT_LIMIT)
{
    int taken = 0;
    struct talk talk = {
        .line = true, .found = push_pieces_and_end, .data = &taken, .options.output_limit = LIMIT
    };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_OUTPUT_LIMIT, "%s", confab_reason_name(talk.reason));
    talk_end(&talk);
}

static int push_no_buffer(struct talk *talk)
{
    cr_assert_eq(confab_chat_push_buffer(talk->chat, NULL), -ENOMEM);
    cr_assert_eq(confab_chat_push(talk->chat, "more", 4), -ENOMEM);
    return 0;
}

Test(chat_push, push_buffer_of_none_closes_with_NO_MEMORY)
{
    struct talk talk = { .line = true, .found = push_no_buffer };

    talk_open(&talk);
    talk_say(&talk, "one\ntwo\n");
    talk_expect(&talk, "one|<close>");
    cr_assert_eq(talk.reason, CONFAB_REASON_NO_MEMORY, "%s", confab_reason_name(talk.reason));
    cr_assert_eq(talk.error, ENOMEM);
    talk_end(&talk);
}

static int push_bad_file(struct talk *talk)
{
    cr_assert_eq(confab_chat_push_file(talk->chat, -1, 0, 1), -EBADF);
    cr_assert_eq(confab_chat_push_file(talk->chat, -1, 0, -1), -EBADF);
    return confab_chat_puts(talk->chat, "answer");
}

Test(chat_push, push_file_of_a_bad_descriptor_is_EBADF_and_pushes_nothing)
{
    struct talk talk = { .line = true, .found = push_bad_file };

    talk_open(&talk);
    talk_say(&talk, "one\n");
    talk_expect(&talk, "one|");
    test_expect(talk.peer, "answer");
    talk_end(&talk);
}

/* -- Pushes of nothing -------------------------------------------------------- */

static int sent;

static int note_sent(confab_chat *chat)
{
    (void)chat;
    sent++;
    return 0;
}

/* Answers each line with what was collected of it. */
static int push_message(confab_chat *chat)
{
    size_t len;
    const char *message = confab_chat_message(chat, &len);

    return confab_chat_push(chat, message, len);
}

static int begin_with_a_line(confab_chat *chat)
{
    cr_assert_eq(confab_chat_push(chat, "", 0), 0);
    return confab_chat_set_terminator_line(chat);
}

Test(chat_push, push_of_no_bytes_sends_nothing_and_calls_no_hook)
{
    static const struct confab_chat_ops ops = { .size = sizeof ops,
                                                .handle_connect = begin_with_a_line,
                                                .collect_incoming_data = confab_chat_collect,
                                                .found_terminator = push_message,
                                                .handle_sent = note_sent };
    confab_reactor *reactor = test_reactor();
    confab_chat *chat;
    int pair[2], other[2];

    test_pair(pair);
    chat = confab_chat_new(reactor, pair[0], &ops, NULL);
    cr_assert_not_null(chat);
    test_send(pair[1], "one\n", 4);
    run_quiet(reactor);
    cr_assert_eq(sent, 1);
    test_expect(pair[1], "one");
    test_send(pair[1], "\n", 1);
    run_quiet(reactor);
    cr_assert_eq(confab_chat_push(chat, "", 0), 0);
    run_quiet(reactor);
    cr_assert_eq(sent, 1);
    test_expect(pair[1], "");

    /* Another one, for whose first event a chunk lies ready. */
    test_pair(other);
    cr_assert_not_null(confab_chat_new(reactor, other[0], &ops, NULL));
    run_quiet(reactor);
    cr_assert_eq(sent, 1);
    test_reactor_free(reactor);
}
