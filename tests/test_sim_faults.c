/* test_sim_faults.c: each fault of a simulation by itself: what it does, how
 * often, and that the trace tells of it.  Those of connections are in
 * test_sim_faults_connections.c. */
#include "sim_faults_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sim_faults, .timeout = 60);

Test(sim_faults, without_any_nothing_is_drawn_and_all_goes_in_one_piece)
{
    begin();
    confab_sim_end *far = far_end();
    far_say(far, "hello\n");
    far_expect(far, "hello\n");
    cr_assert_eq(traced("fault"), 0);
    cr_assert_eq(traced(" 6 of 6 "), 2); /* the far end's and the chat's */
    end();
}

/* -- Reads and writes ------------------------------------------------------------ */

Test(sim_faults, short_reads_give_a_part_of_what_is_there_at_least_a_byte)
{
    faults.short_reads = 500;
    begin();
    simulated.plan.connect = count_bytes;
    confab_sim_end *far = far_end();
    int reads = 0, shortened = 0;
    for (int i = 0; i < 500; i++)
        far_say(far, "0123456789");
    for (const char *line = confab_sim_trace(simulated.sim, NULL); (line = strstr(line, " recv ")); line++) {
        int fd;
        unsigned n, of;

        if (sscanf(line, " recv %d %u of %u", &fd, &n, &of) < 3)
            continue; /* there was nothing to read */
        cr_assert(n >= 1 && n <= 10, "%u bytes", n);
        reads++;
        shortened += n < 10;
    }
    cr_assert_gt(shortened, 200);
    cr_assert_gt(reads, 700);
    cr_assert_eq(confab_sim_unread(far), 0);
    end();
}

/* How many sends the trace has, and how many of these took less than there was. */
static void count_sends(int *sends, int *shortened)
{
    *sends = *shortened = 0;
    for (const char *line = confab_sim_trace(simulated.sim, NULL); (line = strstr(line, " send ")); line++) {
        int fd;
        unsigned n, of;

        if (sscanf(line, " send %d %u of %u", &fd, &n, &of) < 3 || line[-1] == 'r')
            continue;
        cr_assert(n >= 1 && n <= of);
        ++*sends;
        *shortened += n < of;
    }
}

Test(sim_faults, short_writes_take_a_part_of_what_there_is_room_for_at_least_a_byte)
{
    int sends, shortened;

    faults.short_writes = 500;
    begin();
    confab_sim_end *far = far_end();
    for (int i = 0; i < 500; i++) {
        confab_chat_puts(simulated.chat, "0123456789");
        settle();
        far_expect(far, "0123456789");
    }
    count_sends(&sends, &shortened);
    cr_assert_gt(shortened, 200);
    cr_assert_gt(sends, 700);
    end();
}

Test(sim_faults, again_is_said_of_reads_writes_and_accepts_that_were_ready)
{
    faults.again = 500;
    begin();
    simulated.plan.connect = count_bytes;
    for (int i = 0; i < 200; i++) {
        confab_sim_end *far = far_end();

        far_say(far, "0123456789");
        cr_assert_eq(confab_sim_unread(far), 0);
        confab_chat_puts(simulated.chat, "0123456789");
        settle();
        far_expect(far, "0123456789");
    }
    cr_assert_eq(simulated.connects, 200);
    expect_share(traced("fault: recv "), traced("fault: recv ") + 200, 500);
    expect_share(traced("fault: send "), traced("fault: send ") + 200, 500);
    expect_share(traced("fault: accept "), traced("fault: accept ") + 200, 500);
    end();
}

Test(sim_faults, again_is_not_said_of_what_came_before_a_reset)
{
    faults.again = 900;
    begin();
    confab_sim_end *far = far_end();
    confab_chat_suspend(simulated.chat);
    far_say(far, "one\ntwo\n");
    confab_sim_reset(far);
    settle();
    cr_assert_eq(confab_sim_keep_trace(simulated.sim, SIM_TRACE), 0);
    confab_chat_resume(simulated.chat);
    settle();
    cr_assert_eq(simulated.lines, 2);
    cr_assert_eq(simulated.reason, CONFAB_REASON_RESET);
    cr_assert_eq(traced("fault: recv "), 0);
    end();
}

Test(sim_faults, again_delays_a_file_and_loses_nothing_of_it)
{
    enum { LEN = 200000 };
    char *bytes = test_pattern(LEN);

    faults.again = faults.short_writes = 500;
    begin();
    confab_sim_end *far = far_end();
    cr_assert_eq(confab_chat_push_file(simulated.chat, test_file(bytes, LEN), 0, -1), 0);
    confab_chat_close_when_done(simulated.chat);
    cr_assert_eq(far_read_all(far), LEN);
    cr_assert_gt(traced("fault: send "), 0);
    end();
    free(bytes);
}

/* -- Waits, delay, order ------------------------------------------------------------------------ */

Test(sim_faults, an_interrupted_wait_ends_with_nothing_and_what_was_ready_is_told_by_the_next)
{
    int waits = 0;

    faults.interrupted = 500;
    begin();
    confab_sim_end *far = far_end();
    for (int i = 0; i < 300; i++) {
        far_send(far, "hello\n");
        for (int before = simulated.lines; simulated.lines == before; waits++)
            cr_assert_geq(confab_reactor_run_once(simulated.reactor, 0), 0);
        far_expect(far, "hello\n");
    }
    expect_share(waits - 300, waits, 500);
    cr_assert_geq(traced("fault: wait -> interrupted\n"), waits - 300);
    end();
}

Test(sim_faults, what_is_sent_is_under_way_for_a_time_that_is_drawn_and_stays_in_order)
{
    int64_t most = 0, least = INT64_MAX;

    faults.delay = 100 * CONFAB_MILLISECOND;
    begin();
    confab_sim_end *far = far_end();
    for (int i = 0; i < 100; i++) {
        int64_t before = confab_sim_now(simulated.sim);

        far_send(far, "one\n");
        cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
        int64_t took = confab_sim_now(simulated.sim) - before;
        most = took > most ? took : most;
        least = took < least ? took : least;
        far_expect(far, "one\n");
    }
    cr_assert_leq(most, 200 * CONFAB_MILLISECOND);
    cr_assert_gt(most, 150 * CONFAB_MILLISECOND);
    cr_assert_lt(least, 50 * CONFAB_MILLISECOND);
    for (int i = 0; i < 9; i++)
        far_send(far, (char[]){ (char)('1' + i), '\n', '\0' });
    cr_assert_gt(confab_sim_deliver(simulated.sim), 0);
    far_expect(far, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    end();
}

static char order[64];

static int note_order(confab_chat *chat)
{
    size_t len;
    const char *line = confab_chat_message(chat, &len);

    strncat(order, line, sizeof order - strlen(order) - 1);
    return 0;
}

/* The order in which nine connections are told of what each was sent. */
static void told_order(uint64_t seed, char told[64])
{
    confab_sim_end *far[9];

    simulate(seed, NULL, NULL);
    simulated.plan.line = note_order;
    for (int i = 0; i < 9; i++)
        far[i] = far_end();
    faults.size = sizeof faults;
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &faults), 0);
    order[0] = '\0';
    for (int i = 0; i < 9; i++)
        far_send(far[i], (char[]){ (char)('1' + i), '\n', '\0' });
    settle();
    memcpy(told, order, sizeof order);
    simulate_end();
}

Test(sim_faults, shuffle_tells_what_is_ready_at_once_in_an_order_that_is_drawn)
{
    char plain[2][64], shuffled[3][64];

    told_order(1, plain[0]);
    told_order(2, plain[1]);
    cr_assert_str_eq(plain[0], plain[1]);
    faults.shuffle = true;
    told_order(1, shuffled[0]);
    told_order(2, shuffled[1]);
    told_order(1, shuffled[2]);
    cr_assert_str_neq(shuffled[0], plain[0]);
    cr_assert_str_neq(shuffled[0], shuffled[1]);
    cr_assert_str_eq(shuffled[0], shuffled[2]);
    cr_assert_eq(strlen(shuffled[0]), 9);
    memset(&faults, 0, sizeof faults);
}

Test(sim_faults, others_hold_from_the_call_on_and_none_when_told)
{
    begin();
    confab_sim_end *far = far_end();
    far_say(far, "hello\n");
    cr_assert_eq(traced("fault"), 0);
    faults.again = 900;
    cr_assert_eq(confab_sim_set_faults(simulated.sim, &faults), 0);
    far_say(far, "hello\n");
    int before = traced("fault");
    cr_assert_gt(before, 0);
    cr_assert_eq(confab_sim_set_faults(simulated.sim, NULL), 0);
    far_say(far, "hello\n");
    cr_assert_eq(traced("fault"), before);
    end();
}
