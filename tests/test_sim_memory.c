/* test_sim_memory.c: a simulation whose reactor runs out of memory, at whatever
 * allocation: nothing crashes, and nothing is left. */
#include "alloc_support.h"
#include "sim_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sim_memory, .timeout = 60);

enum { ALLOCATIONS = 500 /* a session makes fewer */ };

static void nothing(confab_reactor *reactor, void *data)
{
    (void)reactor, (void)data;
}

static int run_job(void *data)
{
    (void)data;
    return 0;
}

/* Far ends talk to a listener; the reactor's side connects by a name; time passes. */
static void play(void)
{
    confab_reactor *reactor = simulated.reactor;
    confab_sim_listener *far_listener;
    confab_sim_end *far, *accepted;
    char got[4096] = "";

    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "127.0.0.1"), 0);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &far_listener), 0);
    confab_connect(reactor, "host.example:9", &simulated_ops, NULL);
    confab_call_later(reactor, CONFAB_SECOND, nothing, NULL);
    confab_work(reactor, NULL, run_job, NULL, NULL);
    int listens = confab_listen(&simulated.listener, reactor, "127.0.0.1:7", &simulated_ops, NULL);
    for (int i = 0; i < 3 && listens == 0; i++) {
        cr_assert_eq(confab_sim_connect(simulated.sim, "127.0.0.1:7", NULL, &far), 0);
        confab_sim_send(far, "hello\nyou\nand you", 17);
        cr_assert_gt(confab_sim_settle(simulated.sim), 0);
        if (simulated.chat)
            confab_chat_push(simulated.chat, got, sizeof got);
        advance(CONFAB_SECOND);
        confab_sim_recv(far, got, sizeof got);
        if (confab_sim_accept(far_listener, &accepted) == 0)
            confab_sim_send(accepted, "hello\n", 6);
    }
    cr_assert_gt(confab_sim_settle(simulated.sim), 0);
}

/* Returns whether the allocation that was to fail was reached. */
static bool check(long fail_at, bool for_ever)
{
    struct meter meter = { .fail_at = fail_at, .for_ever = for_ever };
    struct confab_reactor_options options = { .size = sizeof options,
                                              .alloc = metered,
                                              .alloc_data = &meter };
    int before = test_open_fds(), error;

    memset(&simulated, 0, sizeof simulated);
    error = confab_sim_new(&simulated.sim, 1, NULL, &options);
    if (error) {
        cr_assert_eq(error, -ENOMEM);
        cr_assert_null(simulated.sim);
    } else {
        simulated.reactor = confab_sim_reactor(simulated.sim);
        play();
        simulate_end();
    }
    cr_assert_eq(meter.out, 0, "%ld blocks are left of the failure at %ld", meter.out, fail_at);
    cr_assert_eq(test_open_fds(), before, "a descriptor is left of the failure at %ld", fail_at);
    cr_assert_lt(meter.calls, ALLOCATIONS);
    return meter.calls > fail_at;
}

Test(sim_memory, whichever_allocation_fails_nothing_is_left)
{
    long n = 0;

    confab_log_set(NULL, NULL, CONFAB_ERROR);
    while (check(n, false))
        n++;
    cr_assert_gt(n, 20);
}

Test(sim_memory, from_whichever_allocation_on_all_fail_nothing_is_left)
{
    confab_log_set(NULL, NULL, CONFAB_ERROR);
    for (long n = 0; check(n, true); n++)
        continue;
}

Test(sim_memory, what_the_network_needs_is_not_of_the_reactor_s_memory)
{
    struct meter meter = { .fail_at = -1 };
    struct confab_reactor_options options = { .size = sizeof options,
                                              .alloc = metered,
                                              .alloc_data = &meter };
    confab_sim_listener *listener;
    confab_sim_end *far;

    simulate_with(1, &options);
    long before = meter.calls;
    cr_assert_eq(confab_sim_name(simulated.sim, "host.example", "127.0.0.1"), 0);
    cr_assert_eq(confab_sim_listen(simulated.sim, "127.0.0.1:9", &listener), 0);
    cr_assert_eq(confab_sim_connect(simulated.sim, "127.0.0.1:9", NULL, &far), 0);
    cr_assert_eq(confab_sim_send(far, "hello", 5), 5);
    cr_assert_eq(meter.calls, before);
    simulate_end();
}
