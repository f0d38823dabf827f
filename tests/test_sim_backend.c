/* test_sim_backend.c: what the simulated backend promises of its handles besides the contract that all keep.
 * (test_backend*.c hold it to that contract, as they do the real ones.) */
#include "sim_backend_support.h"
#include <fcntl.h>
#include <unistd.h>

TestSuite(sim_backend, .timeout = 60);

/* -- Handles ----------------------------------------------------------------- */

Test(sim_backend, it_says_that_it_is_simulated)
{
    cr_assert(confab_backend_sim.simulated);
    cr_assert_str_eq(confab_backend_sim.name, "sim");
    cr_assert_not_null(confab_backend_sim.hold);
    cr_assert_not_null(sim_io.resolve);
}

Test(sim_backend, handles_are_from_32768_up_and_the_lowest_free_one_is_taken)
{
    void *state = open_sim(NULL, NULL);
    int pair[2], fds[200];

    for (int i = 0; i < 200; i++) {
        fds[i] = socket_of(state);
        cr_assert_eq(fds[i], 32768 + i);
    }
    cr_assert_eq(io->close(state, fds[150]), 0);
    cr_assert_eq(io->close(state, fds[70]), 0);
    cr_assert_eq(io->close(state, fds[3]), 0);
    connect_sim(state, pair); /* a listener, one that connects, the accepted one; the listener is closed */
    cr_assert_eq(pair[1], fds[70]);
    cr_assert_eq(pair[0], fds[150]);
    cr_assert_eq(socket_of(state), fds[3]);
    cr_assert_eq(socket_of(state), 32768 + 200);
    close_sim(state);
}

Test(sim_backend, there_is_an_end_to_handles)
{
    void *state = open_sim(NULL, NULL);

    for (int i = 0; i < SIM_HANDLES_MAX; i++)
        socket_of(state);
    cr_assert_eq(io->socket(state, AF_INET, SOCK_STREAM, 0), -EMFILE);
    cr_assert_eq(io->close(state, SIM_FIRST + 5), 0);
    cr_assert_eq(socket_of(state), SIM_FIRST + 5);
    close_sim(state);
}

Test(sim_backend, when_memory_was_short_nothing_arrives_and_a_wait_says_so)
{
    struct sim_network *network = sim_network_new(1);
    void *state = open_sim(network, NULL);
    int pair[2];
    char byte;

    connect_sim(state, pair);
    network->no_memory = true; /* as where there is none for what is sent */
    cr_assert_eq(io->send(state, pair[1], "x", 1, 0), 1);
    cr_assert_eq(io->recv(state, pair[0], &byte, 1, 0), -EAGAIN);
    cr_assert_eq(sim_waits(state, 0), -ENOMEM);
    close_sim(state);
    sim_network_unref(network);
}

Test(sim_backend, a_real_descriptor_is_none_of_its_handles)
{
    void *state = open_sim(NULL, NULL);
    int ends[2], file = test_file("x", 1), pair[2];
    char byte;

    cr_assert_eq(pipe(ends), 0);
    test_descriptor_pair(pair);
    const int fds[] = { ends[0], file, pair[0] };
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(io->adopt(state, fds[i]), -EPERM);
        cr_assert_eq(confab_backend_sim.set(state, fds[i], 1, 0, BACKEND_READ), -EBADF);
        cr_assert_eq(io->recv(state, fds[i], &byte, 1, 0), -EBADF);
        cr_assert_eq(io->send(state, fds[i], "x", 1, 0), -EBADF);
        cr_assert_geq(fcntl(fds[i], F_GETFD), 0);
    }
    cr_assert_eq(sim_waits(state, 0), 0);
    cr_assert_eq(io->adopt(state, -1), -EBADF);
    cr_assert_eq(io->adopt(state, 32768), -EBADF);
    close_sim(state);
    close(ends[0]);
    close(ends[1]);
    close(file);
    close(pair[0]);
    close(pair[1]);
}

Test(sim_backend, its_close_closes_a_real_descriptor_too)
{
    void *state = open_sim(NULL, NULL);
    int fd = dup(0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(io->close(state, fd), 0);
    cr_assert_eq(fcntl(fd, F_GETFD), -1);
    cr_assert_eq(io->close(state, fd), -EBADF);
    close_sim(state);
}

Test(sim_backend, there_are_no_datagrams)
{
    void *state = open_sim(NULL, NULL);

    cr_assert_eq(io->socket(state, AF_INET, SOCK_DGRAM, 0), -EPROTONOSUPPORT);
    cr_assert_eq(io->socket(state, AF_INET6, SOCK_DGRAM, 0), -EPROTONOSUPPORT);
    cr_assert_eq(io->socket(state, AF_UNIX, SOCK_DGRAM, 0), -EPROTONOSUPPORT);
    cr_assert_eq(io->socket(state, AF_UNIX, SOCK_SEQPACKET, 0), -EPROTONOSUPPORT);
    close_sim(state);
}

Test(sim_backend, a_handle_closed_without_del_fails_until_it_is_deleted)
{
    void *state = open_sim(NULL, NULL);
    int fd = socket_of(state);

    watch(state, fd, BACKEND_READ | BACKEND_WRITE);
    cr_assert_eq(io->close(state, fd), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(sim_waits(state, -1), 1);
        cr_assert_eq(ready[0].fd, fd);
        cr_assert_eq(ready[0].events, BACKEND_FAILED);
        cr_assert_eq(ready[0].error, EBADF);
    }
    cr_assert_eq(confab_backend_sim.del(state, fd, BACKEND_READ | BACKEND_WRITE), 0);
    cr_assert_eq(sim_waits(state, 0), 0);
    close_sim(state);
}

Test(sim_backend, a_state_that_replaces_another_keeps_its_handles_and_what_is_in_them)
{
    void *state = open_sim(NULL, NULL), *next;
    int pair[2];
    char bytes[8];

    connect_sim(state, pair);
    cr_assert_eq(io->send(state, pair[1], "abc", 3, 0), 3);
    int64_t clock = io->clock(state);
    next = open_sim(NULL, state);
    close_sim(state);
    cr_assert_eq(io->clock(next), clock);
    cr_assert_eq(io->recv(next, pair[0], bytes, sizeof bytes, 0), 3);
    watch(next, pair[0], BACKEND_READ);
    cr_assert_eq(io->close(next, pair[1]), 0);
    cr_assert_eq(sim_waits(next, 0), 1);
    cr_assert_eq(io->recv(next, pair[0], bytes, sizeof bytes, 0), 0);
    close_sim(next);
}

Test(sim_backend, two_states_have_two_networks_unless_they_are_given_one)
{
    struct sim_network *network = sim_network_new(1);
    void *one = open_sim(NULL, NULL), *other = open_sim(NULL, NULL);
    void *third = open_sim(network, NULL), *fourth = open_sim(network, NULL);
    int fd = socket_of(one);

    cr_assert_eq(io->close(other, fd), -EBADF);
    cr_assert_eq(io->close(one, fd), 0);
    fd = socket_of(third);
    cr_assert_eq(io->close(fourth, fd), 0);
    close_sim(one);
    close_sim(other);
    close_sim(third);
    close_sim(fourth);
    sim_network_unref(network);
}
