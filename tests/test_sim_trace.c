/* test_sim_trace.c: a run of a simulation can be had again, and the record of it. */
#include "sim_support.h"
#include <confab/host.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sim_trace, .timeout = 60);

/* -- The same run again ------------------------------------------------------- */

static const struct confab_sim_faults all_faults = { .size = sizeof all_faults,
                                                     .short_reads = 300,
                                                     .short_writes = 300,
                                                     .again = 200,
                                                     .interrupted = 100,
                                                     .aborted = 50,
                                                     .no_descriptor = 50,
                                                     .resets = 100,
                                                     .delay = 20 * CONFAB_MILLISECOND,
                                                     .shuffle = true,
                                                     .buffer = 100 };

/* A run of some connections; returns its trace, which is to be freed. */
static char *play(uint64_t seed, uint64_t *digest, uint64_t *random)
{
    char text[64];

    confab_log_set(NULL, NULL, CONFAB_ERROR); /* a listener without a descriptor tells by a warning */
    simulate(seed, &all_faults, NULL);
    for (int i = 0; i < 12; i++) {
        confab_sim_end *end = far_end();

        for (int line = 0; line < 5; line++) {
            confab_sim_send(end, "a line that is to be answered\n", 30);
            confab_sim_deliver(simulated.sim);
            confab_sim_recv(end, text, sizeof text);
        }
        advance(CONFAB_SECOND);
    }
    *digest = confab_sim_digest(simulated.sim);
    *random = confab_reactor_random(simulated.reactor);
    char *trace = strdup(confab_sim_trace(simulated.sim, NULL));
    simulate_end();
    return trace;
}

Test(sim_trace, the_same_calls_with_the_same_seed_are_the_same_run)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t digests[2], randoms[2];
        char *first = play(seed, &digests[0], &randoms[0]), *second = play(seed, &digests[1], &randoms[1]);

        cr_assert_str_eq(first, second, "seed %d", (int)seed);
        cr_assert_eq(digests[0], digests[1]);
        cr_assert_eq(randoms[0], randoms[1]);
        cr_assert_not_null(strstr(first, "fault: "));
        free(first);
        free(second);
    }
}

Test(sim_trace, with_another_seed_it_is_another_run)
{
    uint64_t digests[2], randoms[2];
    char *first = play(1, &digests[0], &randoms[0]), *second = play(2, &digests[1], &randoms[1]);

    cr_assert_str_neq(first, second);
    cr_assert_neq(digests[0], digests[1]);
    cr_assert_neq(randoms[0], randoms[1]);
    free(first);
    free(second);
}

Test(sim_trace, the_bytes_that_either_side_sends_are_part_of_the_digest)
{
    uint64_t digests[4];

    for (int i = 0; i < 4; i++) {
        simulate(1, NULL, NULL);
        confab_sim_end *end = far_end();
        confab_chat_suspend(simulated.chat);
        settle();
        if (i < 2)
            far_say(end, i ? "hello\n" : "hallo\n");
        else
            confab_chat_puts(simulated.chat, i == 2 ? "hello\n" : "hallo\n");
        settle();
        digests[i] = confab_sim_digest(simulated.sim);
        simulate_end();
    }
    cr_assert_neq(digests[0], digests[1]);
    cr_assert_neq(digests[2], digests[3]);
}

Test(sim_trace, the_wall_clock_starts_at_the_same_moment_each_time)
{
    int64_t wall[2];

    for (uint64_t seed = 0; seed < 2; seed++) {
        simulate_with(seed, NULL);
        wall[seed] = confab_reactor_wall_time(simulated.reactor);
        advance(CONFAB_SECOND);
        cr_assert_eq(confab_reactor_wall_time(simulated.reactor), wall[seed] + CONFAB_SECOND);
        simulate_end();
    }
    cr_assert_eq(wall[0], wall[1]);
    cr_assert_gt(wall[0], 0);
}

/* -- The record ------------------------------------------------------------------ */

Test(sim_trace, the_trace_has_a_line_for_each_call_each_fault_and_each_turn_of_the_clock)
{
    simulate(1, &(struct confab_sim_faults){ .size = sizeof(struct confab_sim_faults), .again = 900 }, NULL);
    confab_sim_end *end = far_end();
    far_say(end, "hello\n");
    far_expect(end, "hello\n");
    advance(CONFAB_SECOND);
    confab_sim_close(end);
    settle();
    cr_assert_eq(traced("far connect 127.0.0.1:7 -> 0\n"), 1);
    cr_assert_eq(traced("far send 6 of 6 "), 1);
    cr_assert_eq(traced("far recv 6\n"), 1);
    cr_assert_eq(traced("far close\n"), 1);
    cr_assert_eq(traced("0.000000000 listen "), 1);
    cr_assert_gt(traced("fault: recv "), 0);
    cr_assert_gt(traced("fault: send "), 0);
    cr_assert_gt(traced("fault: accept "), 0);
    cr_assert_gt(traced("1.000000000 clock\n"), 0);
    simulate_end();
}

Test(sim_trace, the_trace_is_kept_from_the_call_on_and_up_to_its_limit)
{
    enum { LIMIT = 500 };
    const char *end;
    size_t len = 1;

    memset(&simulated, 0, sizeof simulated);
    cr_assert_eq(confab_sim_new(&simulated.sim, 1, NULL, NULL), 0);
    simulated.reactor = confab_sim_reactor(simulated.sim);
    simulate_listen("127.0.0.1:7", NULL);
    cr_assert_str_empty(confab_sim_trace(simulated.sim, &len));
    cr_assert_eq(len, 0);
    cr_assert_eq(confab_sim_keep_trace(simulated.sim, LIMIT), 0);
    cr_assert_str_empty(confab_sim_trace(simulated.sim, NULL), "what was before is told of");
    for (int i = 0; i < 20; i++)
        far_say(far_end(), "hello\n");
    const char *trace = confab_sim_trace(simulated.sim, &len);
    cr_assert_eq(strlen(trace), len);
    end = strstr(trace, "... and ");
    cr_assert_not_null(end);
    cr_assert_leq(end - trace, LIMIT);
    cr_assert_gt(end - trace, LIMIT - 100);
    cr_assert_eq(end[-1], '\n');
    cr_assert_gt(atoi(end + 8), 100);
    cr_assert_not_null(strstr(end, " lines more\n"));
    cr_assert_eq(traced("listen"), 0);
    cr_assert_eq(confab_sim_keep_trace(simulated.sim, LIMIT), 0);
    cr_assert_str_empty(confab_sim_trace(simulated.sim, NULL), "what was before is told of");
    far_end();
    cr_assert_eq(traced("far connect "), 1);
    simulate_end();
}

Test(sim_trace, the_digest_counts_what_was_not_kept)
{
    uint64_t before, digests[2];

    for (int kept = 0; kept < 2; kept++) {
        simulate(1, NULL, NULL);
        if (kept)
            cr_assert_eq(confab_sim_keep_trace(simulated.sim, 0), 0);
        confab_sim_end *end = far_end();
        before = confab_sim_digest(simulated.sim);
        far_say(end, "hello\n");
        digests[kept] = confab_sim_digest(simulated.sim);
        cr_assert_neq(before, digests[kept]);
        simulate_end();
    }
    cr_assert_eq(digests[0], digests[1]);
}

Test(sim_trace, a_trace_that_memory_is_too_small_for_is_ENOMEM)
{
    simulate(1, NULL, NULL);
    cr_assert_eq(confab_sim_keep_trace(simulated.sim, SIZE_MAX), -ENOMEM);
    simulate_end();
}
