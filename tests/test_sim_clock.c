/* test_sim_clock.c: the simulated backend's time, and its chance, which comes from a seed. */
#include "sim_backend_support.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

TestSuite(sim_clock, .timeout = 60);

/* -- The clock ---------------------------------------------------------------- */

Test(sim_clock, the_clock_moves_in_waits_only_and_then_exactly)
{
    void *state = open_sim(NULL, NULL);
    int64_t start = io->clock(state);
    int pair[2];
    char byte;

    connect_sim(state, pair);
    cr_assert_eq(io->send(state, pair[1], "abc", 3, 0), 3);
    cr_assert_eq(io->recv(state, pair[0], &byte, 1, 0), 1);
    watch(state, pair[0], BACKEND_READ);
    cr_assert_eq(sim_waits(state, CONFAB_SECOND), 1);
    cr_assert_eq(sim_waits(state, -1), 1);
    cr_assert_eq(sim_waits(state, 0), 1);
    cr_assert_eq(io->clock(state), start, "it has moved although something was ready");

    cr_assert_eq(confab_backend_sim.del(state, pair[0], BACKEND_READ), 0);
    cr_assert_eq(sim_waits(state, 0), 0);
    cr_assert_eq(io->clock(state), start);
    cr_assert_eq(sim_waits(state, 1), 0);
    cr_assert_eq(io->clock(state), start + 1);
    cr_assert_eq(sim_waits(state, 365 * 24 * 60 * CONFAB_MINUTE), 0);
    cr_assert_eq(io->clock(state), start + 1 + 365 * 24 * 60 * CONFAB_MINUTE);
    close_sim(state);
}

Test(sim_clock, the_wall_clock_starts_at_the_same_moment_and_goes_with_the_other)
{
    struct sim_network *network = sim_network_new(77);
    void *one = open_sim(NULL, NULL), *other = open_sim(network, NULL);
    int64_t wall = io->wall_clock(one);

    cr_assert_gt(wall, 0);
    cr_assert_eq(io->wall_clock(other), wall);
    cr_assert_eq(sim_waits(one, 12345), 0);
    cr_assert_eq(io->wall_clock(one), wall + 12345);
    cr_assert_eq(io->wall_clock(other), wall);
    close_sim(one);
    close_sim(other);
    sim_network_unref(network);
}

/* In a network in which all takes up to 1 ms. */
static struct sim_network *slow_network(uint64_t seed)
{
    struct sim_network *network = sim_network_new(seed);

    cr_assert_not_null(network);
    network->faults.delay = CONFAB_MILLISECOND;
    return network;
}

Test(sim_clock, a_wait_jumps_to_what_arrives_first_and_not_beyond)
{
    struct sim_network *network = slow_network(3);
    void *state = open_sim(network, NULL);
    int pair[2];
    char byte;

    connect_sim(state, pair);
    watch(state, pair[0], BACKEND_READ);
    for (int i = 0; i < 20; i++) {
        int64_t sent = io->clock(state), due;

        cr_assert_eq(io->send(state, pair[1], "x", 1, 0), 1);
        due = sim_next_arrival(network);
        cr_assert(due >= sent && due <= sent + CONFAB_MILLISECOND);
        if (due > sent) {
            cr_assert_gt(io->unsent(state, pair[1]), 0, "it is under way");
            cr_assert_eq(sim_waits(state, 0), 0);
            cr_assert_eq(sim_waits(state, due - sent - 1), 0);
            cr_assert_eq(io->recv(state, pair[0], &byte, 1, 0), -EAGAIN);
        }
        cr_assert_eq(sim_waits(state, i % 2 ? -1 : CONFAB_MINUTE), 1);
        cr_assert_eq(io->clock(state), due);
        cr_assert_eq(io->unsent(state, pair[1]), 0);
        cr_assert_eq(io->recv(state, pair[0], &byte, 1, 0), 1);
    }
    close_sim(state);
    sim_network_unref(network);
}

Test(sim_clock, pieces_stay_in_order_and_the_end_behind_them_however_long_each_takes)
{
    struct sim_network *network = slow_network(4);
    void *state = open_sim(network, NULL);
    int pair[2];
    char bytes[64], sent[26];
    size_t got = 0;

    connect_sim(state, pair);
    for (int i = 0; i < 26; i++) {
        sent[i] = (char)('a' + i);
        cr_assert_eq(io->send(state, pair[1], &sent[i], 1, 0), 1);
    }
    cr_assert_eq(io->close(state, pair[1]), 0);
    watch(state, pair[0], BACKEND_READ);
    for (ssize_t n = -EAGAIN; n != 0; got += n > 0 ? (size_t)n : 0) {
        cr_assert_eq(sim_waits(state, -1), 1);
        n = io->recv(state, pair[0], bytes + got, sizeof bytes - got, 0);
        cr_assert_geq(n, 0);
    }
    cr_assert_arr_eq(bytes, sent, sizeof sent);
    cr_assert_eq(got, sizeof sent);
    close_sim(state);
    sim_network_unref(network);
}

/* -- Holds ---------------------------------------------------------------------- */

static int64_t real_now(void)
{
    return confab_posix_io.clock(NULL);
}

Test(sim_clock, while_there_is_a_hold_time_passes_as_it_does_outside)
{
    void *state = open_sim(NULL, NULL);
    int64_t start = io->clock(state), real = real_now();

    confab_backend_sim.hold(state, 2);
    cr_assert_eq(sim_waits(state, 5 * CONFAB_MILLISECOND), 0);
    confab_backend_sim.hold(state, 1);
    cr_assert_eq(sim_waits(state, 5 * CONFAB_MILLISECOND), 0);
    cr_assert_eq(io->clock(state), start + 10 * CONFAB_MILLISECOND);
    cr_assert_geq(real_now() - real, 10 * CONFAB_MILLISECOND);

    confab_backend_sim.hold(state, 0);
    cr_assert_eq(sim_waits(state, 365 * 24 * 60 * CONFAB_MINUTE), 0); /* which nobody would see the end of */
    cr_assert_eq(io->clock(state), start + 10 * CONFAB_MILLISECOND + 365 * 24 * 60 * CONFAB_MINUTE);
    close_sim(state);
}

static void *wake_soon(void *state)
{
    usleep(1000); /* so that the other sleeps; right whenever it comes */
    confab_backend_sim.wake(state);
    return NULL;
}

Test(sim_clock, a_wake_ends_a_wait_that_a_hold_makes_real)
{
    void *state = open_sim(NULL, NULL);
    int64_t start = io->clock(state);
    pthread_t thread;

    confab_backend_sim.hold(state, 1);
    cr_assert_eq(pthread_create(&thread, NULL, wake_soon, state), 0);
    cr_assert_eq(sim_waits(state, 60 * CONFAB_MINUTE), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_lt(io->clock(state) - start, 60 * CONFAB_MINUTE);
    close_sim(state);
}

Test(sim_clock, a_wait_for_what_comes_in_no_age_is_as_one_for_ever)
{
    void *state = open_sim(NULL, NULL);
    int64_t start = io->clock(state);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, wake_soon, state), 0);
    cr_assert_eq(sim_waits(state, INT64_MAX / 4 * 3), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_lt(io->clock(state) - start, 60 * CONFAB_MINUTE);
    close_sim(state);
}

Test(sim_clock, what_is_ready_is_told_at_once_whatever_is_held)
{
    void *state = open_sim(NULL, NULL);
    int64_t start = io->clock(state);
    int pair[2];

    connect_sim(state, pair);
    watch(state, pair[0], BACKEND_WRITE);
    confab_backend_sim.hold(state, 1);
    cr_assert_eq(sim_waits(state, 60 * CONFAB_MINUTE), 1);
    cr_assert_eq(io->clock(state), start);
    close_sim(state);
}

/* -- Chance ----------------------------------------------------------------------- */

Test(sim_clock, random_numbers_come_from_the_seed)
{
    uint64_t first[3][8];

    for (int i = 0; i < 3; i++) {
        struct sim_network *network = sim_network_new(i == 2 ? 6 : 5);
        void *state = open_sim(network, NULL);

        for (int k = 0; k < 8; k++)
            first[i][k] = io->random(state);
        close_sim(state);
        sim_network_unref(network);
    }
    cr_assert_arr_eq(first[0], first[1], sizeof first[0]);
    cr_assert_arr_neq(first[0], first[2], sizeof first[0]);
}

/* A run in which everything goes wrong at times: what was received, when, and the network's own account of it. */
static uint64_t eventful_run(uint64_t seed, char *got, size_t room)
{
    struct sim_network *network = sim_network_new(seed);
    void *state = open_sim(network, NULL);
    int pair[2], sent = 0;
    size_t n = 0;

    connect_sim(state, pair);
    network->faults = (struct sim_faults){ .short_reads = 300,
                                           .short_writes = 300,
                                           .again = 200,
                                           .interrupted = 200,
                                           .delay = CONFAB_MILLISECOND,
                                           .shuffle = true,
                                           .buffer = SIM_BUFFER };
    watch(state, pair[0], BACKEND_READ);
    for (int i = 0; i < 2000 && n < room; i++) {
        ssize_t moved = io->send(state, pair[1], "abcdefghij", 10, 0);

        cr_assert(moved > 0 || moved == -EAGAIN);
        sent += moved > 0 ? (int)moved : 0;
        if (sim_waits(state, CONFAB_MILLISECOND / 4) == 0)
            continue;
        moved = io->recv(state, pair[0], got + n, room - n, 0);
        cr_assert(moved > 0 || moved == -EAGAIN);
        n += moved > 0 ? (size_t)moved : 0;
    }
    cr_assert_eq(n, room);
    uint64_t digest = network->digest ^ (uint64_t)io->clock(state) ^ (uint64_t)sent << 32;
    close_sim(state);
    sim_network_unref(network);
    return digest;
}

Test(sim_clock, the_same_seed_gives_the_same_run_and_another_seed_another)
{
    char one[500], other[500];

    cr_assert_eq(eventful_run(1, one, sizeof one), eventful_run(1, other, sizeof other));
    cr_assert_arr_eq(one, other, sizeof one);
    cr_assert_neq(eventful_run(1, one, sizeof one), eventful_run(2, other, sizeof other));
}
