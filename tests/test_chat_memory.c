/* test_chat_memory.c: a message for which there is no memory.  buffer.c is part of this file, so that memory can
 * be made short. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static bool no_memory;

static void *short_realloc(void *old, size_t n)
{
    return no_memory ? NULL : realloc(old, n);
}

#define realloc short_realloc
#include "core/buffer.c"
#undef realloc

/* Says a message and one more to a talk whose hook finds no memory. */
static void expect_no_memory(struct talk *talk, const char *input, const char *trace)
{
    talk->line = talk->collector = talk->unasked = true;
    talk_open(talk);
    run_quiet(talk->reactor);
    no_memory = true;
    talk_say(talk, input);
    no_memory = false;
    talk_expect(talk, trace);
    cr_assert_eq(talk->reason, CONFAB_REASON_NO_MEMORY, "%s", confab_reason_name(talk->reason));
    cr_assert_eq(talk->error, ENOMEM);
    cr_assert_eq(test_recv(talk->peer, (char[8]){ 0 }, 8), -1, "it was answered");
    talk_end(talk);
}

static int answer_message(struct talk *talk)
{
    size_t len = 99;

    cr_assert_null(confab_chat_message(talk->chat, &len));
    cr_assert_eq(len, 0);
    cr_assert_eq(confab_chat_puts(talk->chat, "answer"), -ENOMEM);
    return 0;
}

Test(chat_memory, message_without_memory_closes_with_NO_MEMORY)
{
    expect_no_memory(&(struct talk){ .found = answer_message }, "\ntwo\n", "|<close>");
}

static int answer_buffer(struct talk *talk)
{
    confab_buffer *message = confab_chat_take_message(talk->chat);

    cr_assert_null(message);
    cr_assert_eq(confab_chat_push_buffer(talk->chat, message), -ENOMEM);
    return 0;
}

Test(chat_memory, taken_message_without_memory_that_is_pushed_closes_with_NO_MEMORY)
{
    expect_no_memory(&(struct talk){ .found = answer_buffer }, "one\ntwo\n", "|<close>");
}

Test(chat_memory, message_that_cannot_be_kept_closes_with_NO_MEMORY)
{
    expect_no_memory(&(struct talk){ .found = NULL }, "begun", "<close>");
}
