/* test_chat_timeouts_apply.c: when a time-out counts, and from when on, where that is not plain: after a failed
 * write, after output was dropped, without a terminator, turned on in the middle of a message. */
#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SHORT (25 * CONFAB_MILLISECOND)

static bool is_over(void *until)
{
    return test_clock() >= *(int64_t *)until;
}

/* Turns the loop for some time, in which no time-out is to come. */
static void run_for(struct talk *talk, int64_t ns)
{
    int64_t until = test_clock() + ns;

    run_until(talk->reactor, is_over, &until);
    cr_assert_eq(talk->closes, 0, "closed with %s", confab_reason_name(talk->reason));
}

/* It closes for a time-out, not before ns have passed since `since`. */
static void cr_times_out(struct talk *talk, int64_t since, int64_t ns)
{
    run_until_set(talk->reactor, &talk->closes);
    cr_assert_geq(test_clock() - since, ns, "%lld ns early", (long long)(ns - (test_clock() - since)));
    cr_assert_eq(talk->reason, CONFAB_REASON_TIMEOUT, "closed with %s", confab_reason_name(talk->reason));
    cr_assert_eq(talk->error, ETIMEDOUT);
    talk_end(talk);
}

/* Opens a talk by lines with one time-out. */
static void open_with(struct talk *talk, enum confab_timeout which, int64_t ns)
{
    talk->line = true;
    talk->options.timeout[which] = ns;
    talk_open(talk);
    run_quiet(talk->reactor);
}

Test(chat_timeouts_apply, idle_closes_a_suspended_chat_whose_write_failed)
{
    struct talk talk = { 0 };
    int64_t pushed;

    open_with(&talk, CONFAB_TIMEOUT_IDLE, 20 * SHORT);
    confab_chat_suspend(talk.chat);
    run_for(&talk, 25 * SHORT);
    test_close(talk.peer);
    talk.peer = -1;
    pushed = test_clock();
    cr_assert_eq(confab_chat_puts(talk.chat, "nobody reads this"), 0);
    cr_times_out(&talk, pushed, 20 * SHORT);
}

static char much[1 << 20];

Test(chat_timeouts_apply, write_rests_once_the_output_that_waited_is_discarded)
{
    struct talk talk = { 0 };

    open_with(&talk, CONFAB_TIMEOUT_WRITE, 20 * SHORT);
    cr_assert_eq(confab_chat_push_reference(talk.chat, much, sizeof much, NULL, NULL), 0);
    run_quiet(talk.reactor);
    cr_assert_gt(confab_chat_output_size(talk.chat), 0);
    confab_chat_discard_buffers(talk.chat);
    run_for(&talk, 25 * SHORT);
    talk_end(&talk);
}

/* Turns MESSAGE on for a chat that had it off. */
static void turn_message_on(struct talk *talk, int64_t ns)
{
    struct confab_chat_options options = { .size = sizeof options };

    options.timeout[CONFAB_TIMEOUT_MESSAGE] = ns;
    cr_assert_eq(confab_chat_set_options(talk->chat, &options), 0);
}

Test(chat_timeouts_apply, message_that_is_turned_on_in_a_message_has_its_whole_time)
{
    struct talk talk = { 0 };
    int64_t on;

    open_with(&talk, CONFAB_TIMEOUT_MESSAGE, CONFAB_OFF);
    talk_say(&talk, "begun");
    run_for(&talk, 4 * SHORT);
    on = test_clock();
    turn_message_on(&talk, 2 * SHORT);
    cr_times_out(&talk, on, 2 * SHORT);
}

static int turn_on_in_collect(struct talk *talk, const char *data, size_t len)
{
    (void)data, (void)len;
    turn_message_on(talk, 2 * SHORT);
    return 0;
}

Test(chat_timeouts_apply, message_that_is_turned_on_by_the_first_bytes_has_its_whole_time)
{
    struct talk talk = { .collect = turn_on_in_collect };
    int64_t sent;

    open_with(&talk, CONFAB_TIMEOUT_MESSAGE, CONFAB_OFF);
    run_for(&talk, 4 * SHORT);
    sent = test_clock();
    talk_send(&talk, "begun");
    cr_times_out(&talk, sent, 2 * SHORT);
}

Test(chat_timeouts_apply, message_does_not_count_without_a_terminator)
{
    struct talk talk = { 0 };

    open_with(&talk, CONFAB_TIMEOUT_MESSAGE, SHORT);
    cr_assert_eq(confab_chat_set_terminator_none(talk.chat), 0);
    talk_say(&talk, "no end");
    run_for(&talk, 4 * SHORT);
    talk_expect(&talk, "no end");
    talk_end(&talk);
}
