/* test_chat_rate_close.c: a chat that ends at its rates: all the ways to close, a service
 * that stops, want of memory.  The clock is the test's. */
#include "rate_support.h"
#include "service_support.h"
#include <stdlib.h>

TestSuite(chat_rate_close, .init = make_pattern, .fini = free_pattern);

#define SENDING .options.rate_out = RATE, .options.timeout = { [CONFAB_TIMEOUT_IDLE] = CONFAB_OFF }

Test(chat_rate_close, close_when_done_goes_on_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, 600);
    confab_chat_close_when_done(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(100 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + 160);
    cr_assert_eq(talk.closes, 0);
    cr_assert_not(rate_ended(&talk));
    rate_pass(30 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), 600);
    cr_assert_eq(talk.reason, CONFAB_REASON_DONE);
    cr_assert(rate_ended(&talk));
    talk_end(&talk);
}

Test(chat_rate_close, shutdown_ends_our_side_when_all_has_left_at_the_rate)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST + USEFUL);
    confab_chat_shutdown(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    cr_assert_not(rate_ended(&talk));
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + USEFUL);
    cr_assert(rate_ended(&talk));
    cr_assert_eq(talk.closes, 0);
    talk_end(&talk);
}

Test(chat_rate_close, the_peer_s_end_drops_no_output_that_rests)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, BURST + USEFUL);
    run_quiet(talk.reactor);
    talk_say_eof(&talk);
    cr_assert_eq(talk.closes, 0);
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + USEFUL);
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

Test(chat_rate_close, discard_buffers_lets_a_chat_that_is_done_close_while_output_rests)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, MANY);
    confab_chat_close_when_done(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 0);
    confab_chat_discard_buffers(talk.chat);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

Test(chat_rate_close, what_is_pushed_after_discard_buffers_leaves_after_the_rest)
{
    struct talk talk = { SENDING };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    confab_chat_discard_buffers(talk.chat);
    confab_chat_push(talk.chat, pattern + BURST, USEFUL);
    run_quiet(talk.reactor);
    cr_assert_eq(rate_received(&talk), BURST);
    rate_pass(65 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_received(&talk), BURST + USEFUL);
    talk_end(&talk);
}

/* It reads no more of what is dropped than of what is delivered. */
Test(chat_rate_close, input_is_dropped_at_the_rate)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    confab_chat_push(talk.chat, pattern, MANY);
    confab_chat_close_when_done(talk.chat);
    talk_say_bytes(&talk, pattern, MANY);
    cr_assert_eq(confab_chat_state(talk.chat), CONFAB_STATE_DRAINING);
    cr_assert_eq(rate_stats(talk.chat).bytes_in, BURST);
    rate_pass(100 * CONFAB_MILLISECOND);
    cr_assert_eq(rate_stats(talk.chat).bytes_in, BURST + 160);
    cr_assert_eq(talk.collected, 0);
    talk_end(&talk);
}

static int push_and_fail(struct talk *talk)
{
    confab_chat_push(talk->chat, pattern, 100);
    confab_chat_push_reference(talk->chat, pattern + 100, MANY - 100, NULL, NULL);
    return -EINVAL;
}

Test(chat_rate_close, a_hook_that_fails_sends_what_the_rate_lets_pass)
{
    struct talk talk = { SENDING, .line = true, .found = push_and_fail };

    rate_open(&talk);
    talk_say(&talk, "\n");
    cr_assert_eq(talk.reason, CONFAB_REASON_HOOK);
    cr_assert_eq(rate_received(&talk), BURST);
    talk_end(&talk);
}

Test(chat_rate_close, closing_ends_its_timers)
{
    struct talk talk = { .options.rate_in = RATE, .options.rate_out = RATE };

    rate_open(&talk);
    talk_say_bytes(&talk, pattern, MANY);
    confab_chat_push(talk.chat, pattern, MANY);
    run_quiet(talk.reactor);
    cr_assert_eq(talk.reactor->timers.count, 2);
    confab_chat_close(talk.chat);
    cr_assert_eq(talk.reactor->timers.count, 0);
    rate_pass(CONFAB_SECOND);
    cr_assert_eq(talk.closes, 1);
    talk_end(&talk);
}

Test(chat_rate_close, rates_of_the_service_bind_its_chats_and_a_stop_waits_for_them, .init = served_setup,
     .fini = served_teardown)
{
    char line[601], got[601];
    int peer;

    memset(line, '.', sizeof line);
    line[600] = '\n';
    set("rate-out", "1600");
    serve_peers(&peer, 1);
    stub_io(served.reactor);
    test_send(peer, line, sizeof line);
    run_quiet(served.reactor);
    cr_assert_eq(test_recv(peer, got, sizeof got), BURST);
    confab_service_stop(served.service, -1);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(test_recv(peer, got + BURST, sizeof got), 160);
    cr_assert_eq(served.closes, 0);
    rate_pass(MILLISECONDS(100));
    cr_assert_eq(test_recv(peer, got + BURST + 160, sizeof got), 41);
    cr_assert_eq(memcmp(got, line, sizeof line), 0);
    cr_assert_eq(served.closes, 1);
    cr_assert_eq(served.reason, CONFAB_REASON_DONE); /* the plugin's handle_shutdown asks for that */
    for (int i = 0; i < 300 && !served.stops; i++)
        rate_pass(CONFAB_SECOND); /* the linger */
    until_stopped();
}

/* -- Want of memory --------------------------------------------------------- */

static bool memory_is_short;

static void *scarce(void *data, void *old, size_t n)
{
    (void)data;
    if (n == 0) {
        free(old);
        return NULL;
    }
    return memory_is_short ? NULL : realloc(old, n);
}

static void open_scarce(struct talk *talk)
{
    const struct confab_reactor_options options = { .size = sizeof options, .alloc = scarce };

    memory_is_short = false;
    talk->mute = talk->owns_reactor = true;
    cr_assert_eq(test_reactor_new(&talk->reactor, &options), 0);
    stub_io(talk->reactor);
    talk_open(talk);
    run_quiet(talk->reactor);
}

Test(chat_rate_close, without_memory_for_its_rate_a_chat_closes)
{
    struct talk in = { .options.rate_in = RATE }, out = { .options.rate_out = RATE };

    open_scarce(&in);
    memory_is_short = true;
    talk_say_bytes(&in, pattern, 1);
    cr_assert_eq(in.reason, CONFAB_REASON_NO_MEMORY);
    cr_assert_eq(in.error, ENOMEM);
    talk_end(&in);

    open_scarce(&out);
    confab_chat_push(out.chat, pattern, MANY);
    memory_is_short = true;
    run_quiet(out.reactor);
    cr_assert_eq(out.reason, CONFAB_REASON_NO_MEMORY);
    talk_end(&out);
}

/* One that could not be woken again must not rest. */
Test(chat_rate_close, without_memory_for_a_timer_a_chat_closes)
{
    struct talk in = { .options.rate_in = RATE }, out = { .options.rate_out = RATE };

    open_scarce(&in);
    talk_say_bytes(&in, pattern, 1);
    memory_is_short = true;
    talk_say_bytes(&in, pattern, MANY);
    cr_assert_eq(in.collected, BURST);
    cr_assert_eq(in.reason, CONFAB_REASON_NO_MEMORY);
    talk_end(&in);

    open_scarce(&out);
    confab_chat_push(out.chat, pattern, 1);
    run_quiet(out.reactor);
    confab_chat_push(out.chat, pattern, MANY);
    confab_chat_close_when_done(out.chat);
    memory_is_short = true;
    run_quiet(out.reactor);
    cr_assert_eq(out.reason, CONFAB_REASON_NO_MEMORY);
    talk_end(&out);
}
