/* test_sim_bytes.c: what becomes of the bytes between two ends of the simulated
 * network: how many there is room for, their order, their end, resets. */
#include "sim_support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(sim_bytes, .timeout = 60);

Test(sim_bytes, no_more_is_sent_than_the_buffer_holds)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .buffer = 1000 };
    char bytes[2000] = { 0 };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    confab_chat_suspend(simulated.chat);
    cr_assert_eq(confab_sim_send(end, bytes, sizeof bytes), 1000);
    cr_assert_eq(confab_sim_send(end, bytes, sizeof bytes), -EAGAIN);
    cr_assert_eq(confab_sim_unread(end), 1000);
    confab_chat_resume(simulated.chat);
    settle();
    cr_assert_eq(confab_sim_unread(end), 0);
    confab_chat_push(simulated.chat, bytes, 1500);
    settle();
    cr_assert_eq(confab_sim_pending(end), 1000);
    cr_assert_eq(confab_chat_output_size(simulated.chat), 500);
    cr_assert_eq(confab_sim_recv(end, bytes, 300), 300);
    settle();
    cr_assert_eq(confab_sim_pending(end), 1000);
    cr_assert_eq(far_read_all((confab_chat_close_when_done(simulated.chat), end)), 1200);
    simulate_end();
}

Test(sim_bytes, of_no_bytes_there_need_be_no_address)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();

    cr_assert_eq(confab_sim_send(end, NULL, 0), 0);
    far_say(end, "hello\n");
    cr_assert_eq(confab_sim_recv(end, NULL, 0), 0);
    far_expect(end, "hello\n");
    simulate_end();
}

Test(sim_bytes, what_is_under_way_counts_as_unread_and_pending)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND, .buffer = 10 };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    cr_assert_eq(confab_sim_send(end, "0123456789", 10), 10);
    cr_assert_eq(confab_sim_send(end, "0123456789", 10), -EAGAIN);
    cr_assert_eq(confab_sim_unread(end), 10);
    confab_chat_puts(simulated.chat, "reply");
    settle();
    cr_assert_eq(confab_sim_pending(end), 5);
    far_expect_result(end, -EAGAIN);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(confab_sim_unread(end), 0);
    far_expect(end, "reply");
    simulate_end();
}

Test(sim_bytes, the_buffer_is_65536_bytes_unless_told)
{
    static char bytes[100000];

    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    cr_assert_eq(confab_sim_send(end, bytes, sizeof bytes), 65536);
    simulate_end();
}

Test(sim_bytes, half_closed_it_still_gets_its_answers)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    far_send(end, "hello\n");
    cr_assert_eq(confab_sim_shutdown(end), 0);
    cr_assert_eq(confab_sim_send(end, "more", 4), -EPIPE);
    settle();
    cr_assert_eq(simulated.eofs, 1);
    far_expect(end, "hello\n");
    far_expect_result(end, 0);
    far_expect_result(end, 0);
    simulate_end();
}

Test(sim_bytes, the_end_of_a_chat_s_stream_is_behind_what_it_sent)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    confab_chat_puts(simulated.chat, "bye\n");
    confab_chat_close_when_done(simulated.chat);
    settle();
    far_expect(end, "bye\n");
    far_expect_result(end, 0);
    simulate_end();
}

Test(sim_bytes, the_end_does_not_overtake_what_is_under_way)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND };

    simulate(1, &faults, NULL);
    for (int i = 1; i <= 50; i++) {
        confab_sim_end *end = far_end();

        far_send(end, "hello\n");
        cr_assert_eq(confab_sim_shutdown(end), 0);
        settle();
        cr_assert_lt(simulated.eofs, i, "the end is there at once");
        cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
        cr_assert_eq(simulated.lines, i);
        cr_assert_eq(simulated.eofs, i);
        far_expect(end, "hello\n");
        far_expect_result(end, 0);
    }
    simulate_end();
}

Test(sim_bytes, a_reset_comes_behind_the_bytes_that_are_under_way)
{
    struct confab_sim_faults faults = { .size = sizeof faults, .delay = CONFAB_SECOND };

    simulate(1, &faults, NULL);
    confab_sim_end *end = far_end();
    far_send(end, "hello\n");
    confab_sim_reset(end);
    cr_assert_eq(simulated.lines, 0);
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    cr_assert_eq(simulated.lines, 1);
    cr_assert_eq(simulated.closes, 1);
    cr_assert_eq(simulated.reason, CONFAB_REASON_RESET);
    simulate_end();
}

Test(sim_bytes, a_reset_is_told_once_behind_what_came_before_it)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    confab_chat_puts(simulated.chat, "bye\n");
    settle();
    confab_chat_abort(simulated.chat);
    settle();
    far_expect(end, "bye\n");
    far_expect_result(end, -ECONNRESET);
    far_expect_result(end, 0);
    cr_assert_eq(confab_sim_send(end, "more", 4), -EPIPE);
    cr_assert_eq(confab_sim_shutdown(end), -EPIPE);
    simulate_end();
}

Test(sim_bytes, a_reset_is_told_once_to_who_sends)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    confab_chat_abort(simulated.chat);
    settle();
    cr_assert_eq(confab_sim_send(end, "more", 4), -ECONNRESET);
    cr_assert_eq(confab_sim_send(end, "more", 4), -EPIPE);
    simulate_end();
}

Test(sim_bytes, closed_with_something_unread_it_resets)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    far_say(end, "hello\n");
    confab_sim_close(end);
    settle();
    cr_assert_eq(simulated.reason, CONFAB_REASON_RESET);
    end = far_end();
    far_say(end, "hello\n");
    far_expect(end, "hello\n");
    confab_sim_close(end);
    settle();
    cr_assert_eq(simulated.reason, CONFAB_REASON_DONE);
    cr_assert_eq(simulated.eofs, 1);
    simulate_end();
}

Test(sim_bytes, a_chat_closed_with_something_unread_resets)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    confab_chat_suspend(simulated.chat);
    settle();
    far_say(end, "hello\n");
    confab_chat_close(simulated.chat);
    settle();
    far_expect_result(end, -ECONNRESET);
    simulate_end();
}

Test(sim_bytes, what_is_sent_to_one_that_has_closed_comes_back_as_a_reset)
{
    simulate(1, NULL, NULL);
    confab_sim_end *end = far_end();
    confab_chat_close(simulated.chat);
    settle();
    cr_assert_eq(confab_sim_send(end, "more", 4), 4);
    far_expect_result(end, -ECONNRESET);
    cr_assert_eq(confab_sim_send(end, "more", 4), -EPIPE);
    simulate_end();
}
