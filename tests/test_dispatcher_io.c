/* test_dispatcher_io.c: moving bytes over sockets, pipes and terminals, and how they end. */
#include "dispatcher_support.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

TestSuite(dispatcher_io, .timeout = 60);

/* -- The end of a connection --------------------------------------------- */

/* What the handlers got from calls past the end. */
static ssize_t recv_again, send_again;

static void go_past_the_end(confab_dispatcher *d, enum told told)
{
    char byte;

    if (told != READ)
        return;
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_CONNECTED, "it closes later");
    recv_again = confab_dispatcher_recv(d, &byte, 1);
    send_again = confab_dispatcher_send(d, "x", 1);
}

Test(dispatcher_io, the_end_of_the_stream_closes_at_the_end_of_the_turn)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .also = go_past_the_end };
    int fds[2];

    test_pair(fds);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    cr_expect_eq(confab_dispatcher_want(d, CONFAB_READ | CONFAB_WRITE), 0);
    test_shutdown(fds[1]); /* it would still receive */
    cr_expect_geq(confab_reactor_run_once(reactor, CONFAB_SECOND), 1);
    cr_expect_str_eq(seen.order, "R.", "in one turn, and without handle_write");
    cr_expect_eq(recv_again, 0);
    cr_expect_eq(send_again, -EPIPE);
    test_close(fds[1]);
    test_reactor_free(reactor);
    cr_expect_eq(seen.times[CLOSE], 1);
}

Test(dispatcher_io, what_was_received_before_the_end_is_read_first)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    test_pair(fds);
    adopted(reactor, fds[0], &seen);
    test_send(fds[1], "last", 4);
    test_close(fds[1]);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.bytes, "last");
    cr_expect_str_eq(seen.order, "RR.");
    test_reactor_free(reactor);
}

Test(dispatcher_io, a_reset_is_an_end_too)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    test_tcp_pair(fds);
    adopted(reactor, fds[0], &seen);
    test_reset(fds[1]);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "R.", "recv returned 0, so no handle_error");
    test_reactor_free(reactor);
}

Test(dispatcher_io, sending_to_an_ended_connection_is_epipe_and_closes)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    test_pair(fds);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    test_close(fds[1]);
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
    cr_expect_str_eq(seen.order, "", "nothing is called inside send");
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EPIPE);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, ".", "there is nothing to read");
    test_reactor_free(reactor);
}

Test(dispatcher_io, receiving_into_no_room_is_not_the_end)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    test_pair(fds);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    test_send(fds[1], "x", 1);
    cr_expect_eq(confab_dispatcher_recv(d, seen.bytes, 0), 0);
    run_until_set(reactor, &seen.times[READ]);
    cr_expect_str_eq(seen.bytes, "x");
    test_close(fds[1]);
    test_reactor_free(reactor);
}

Test(dispatcher_io, what_would_block_is_eagain)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    static char bytes[65536];
    ssize_t n;
    int fds[2];

    test_pair(fds);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    cr_expect_eq(confab_dispatcher_recv(d, bytes, 1), -EAGAIN);
    do
        n = confab_dispatcher_send(d, bytes, sizeof bytes);
    while (n > 0);
    cr_expect_eq(n, -EAGAIN);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "", "and is no end");
    test_close(fds[1]);
    test_reactor_free(reactor);
}

static void receive_urgent(confab_dispatcher *d, enum told told)
{
    struct seen *seen = confab_dispatcher_data(d);

    if (told == EXPT)
        cr_expect_eq(recv(confab_dispatcher_fd(d), seen->bytes, 1, MSG_OOB), 1);
}

Test(dispatcher_io, out_of_band_data_goes_to_handle_expt)
{
    if (!test_tells_except())
        cr_skip_test("this backend does not tell of out-of-band data");
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .also = receive_urgent };
    int fds[2];

    test_tcp_pair(fds);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    cr_expect_eq(confab_dispatcher_want(d, CONFAB_EXPT), 0);
    cr_assert_eq(send(fds[1], "!", 1, MSG_OOB), 1);
    run_until_set(reactor, &seen.times[EXPT]);
    cr_expect_str_eq(seen.bytes, "!");
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "E");
    test_close(fds[1]);
    test_reactor_free(reactor);
}

/* -- Pipes and terminals ------------------------------------------------- */

Test(dispatcher_io, reads_a_pipe_to_its_end)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_CONNECTED);
    cr_expect_eq(confab_dispatcher_recvfrom(d, seen.bytes, 1, NULL, NULL), -ENOTSOCK);
    cr_expect_eq(confab_dispatcher_sendto(d, "x", 1, NULL, 0), -ENOTSOCK);
    cr_assert_eq(write(fds[1], "piped", 5), 5);
    run_until_set(reactor, &seen.times[READ]);
    cr_expect_str_eq(seen.bytes, "piped");
    test_close(fds[1]);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_str_eq(seen.order, "RR.");
    test_reactor_free(reactor);
}

static void write_pipe(confab_dispatcher *d, enum told told)
{
    if (told != WRITE)
        return;
    cr_expect_eq(confab_dispatcher_send(d, "piped", 5), 5);
    confab_dispatcher_want(d, 0);
}

Test(dispatcher_io, writes_a_pipe_and_survives_its_reader)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { .also = write_pipe };
    char bytes[8] = "";
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    confab_dispatcher *d = adopted(reactor, fds[1], &seen);
    cr_expect_eq(confab_dispatcher_want(d, CONFAB_WRITE), 0);
    run_until_set(reactor, &seen.times[WRITE]);
    cr_expect_eq(read(fds[0], bytes, sizeof bytes), 5);
    cr_expect_str_eq(bytes, "piped");
    close(fds[0]);
    cr_expect_eq(confab_dispatcher_send(d, "x", 1), -EPIPE, "and no signal");
    run_until_set(reactor, &seen.times[CLOSE]);
    test_reactor_free(reactor);
}

/* A new terminal; the side that a program would have, raw. */
static int open_terminal(int *side)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios t;

    cr_assert_geq(master, 0);
    cr_assert_eq(grantpt(master), 0);
    cr_assert_eq(unlockpt(master), 0);
    *side = open(ptsname(master), O_RDWR | O_NOCTTY);
    cr_assert_geq(*side, 0);
    cr_assert_eq(tcgetattr(*side, &t), 0);
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    t.c_oflag &= ~(tcflag_t)OPOST;
    cr_assert_eq(tcsetattr(*side, TCSANOW, &t), 0);
    return master;
}

Test(dispatcher_io, talks_to_a_terminal_until_it_hangs_up)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    char bytes[8] = "";
    int side, master = open_terminal(&side);
    confab_dispatcher *d = adopted(reactor, master, &seen);

    cr_expect_eq(confab_dispatcher_send(d, "to", 2), 2);
    cr_expect_eq(read(side, bytes, sizeof bytes), 2);
    cr_expect_str_eq(bytes, "to");
    cr_assert_eq(write(side, "from", 4), 4);
    run_until_set(reactor, &seen.times[READ]);
    cr_expect_str_eq(seen.bytes, "from");
    close(side);
    run_until_set(reactor, &seen.times[CLOSE]);
    cr_expect_eq(seen.times[ERROR], 0);
    test_reactor_free(reactor);
}

Test(dispatcher_io, a_regular_file_is_refused_and_closed)
{
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    confab_dispatcher *d = confab_dispatcher_new(reactor, &noting, &seen);
    int fd = test_file("x", 1);

    cr_expect_eq(confab_dispatcher_adopt(d, fd), -EPERM);
    cr_expect_eq(fcntl(fd, F_GETFD), -1, "it was given away");
    cr_expect_eq(confab_dispatcher_adopt(d, -1), -EBADF);
    cr_expect_eq(confab_dispatcher_state(d), CONFAB_DISPATCHER_NEW);
    test_reactor_free(reactor);
}

Test(dispatcher_io, takes_one_descriptor_only)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2], more[2];

    test_pair(fds);
    test_pair(more);
    confab_dispatcher *d = adopted(reactor, fds[0], &seen);
    cr_expect_eq(confab_dispatcher_adopt(d, more[0]), -EISCONN);
    cr_expect_eq(fcntl(more[0], F_GETFD), -1, "it was given away");
    cr_expect_eq(confab_dispatcher_fd(d), fds[0]);
    test_close(fds[1]);
    test_close(more[1]);
    test_reactor_free(reactor);
}

Test(dispatcher_io, an_adopted_socket_that_listens_accepts)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    char text[128];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(listen(fd, 4), 0);
    confab_dispatcher *d = adopted(reactor, fd, &seen);
    cr_expect(confab_dispatcher_accepting(d));
    int far = test_connect(confab_dispatcher_address(d, text));
    run_until_set(reactor, &seen.times[ACCEPTED]);
    close(far);
    close(seen.fd);
    test_reactor_free(reactor);
}

/* -- Datagrams ----------------------------------------------------------- */

static int echo_datagram(confab_dispatcher *d)
{
    struct seen *seen = confab_dispatcher_data(d);
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    ssize_t n =
        confab_dispatcher_recvfrom(d, seen->bytes, sizeof seen->bytes, (struct sockaddr *)&from, &len);

    cr_assert_geq(n, 0);
    seen->n = (size_t)n;
    cr_expect_eq(confab_dispatcher_sendto(d, seen->bytes, seen->n, (struct sockaddr *)&from, len), n);
    return note(d, READ);
}

Test(dispatcher_io, echoes_datagrams_empty_ones_too)
{
    test_needs_descriptors();
    static const struct confab_dispatcher_ops ops = { .size = sizeof ops,
                                                      .handle_read = echo_datagram,
                                                      .handle_close = note_close };
    confab_reactor *reactor = test_reactor();
    struct seen server = { 0 }, client = { 0 };
    char text[128];
    confab_dispatcher *s = confab_dispatcher_new(reactor, &ops, &server);
    confab_dispatcher *c = with_socket(reactor, AF_INET, SOCK_DGRAM, &client);

    cr_assert_eq(confab_dispatcher_create_socket(s, AF_INET, SOCK_DGRAM), 0);
    cr_assert_eq(confab_dispatcher_bind(s, "127.0.0.1:0"), 0);
    cr_assert_eq(confab_dispatcher_connect(c, confab_dispatcher_address(s, text)), 0);
    run_until_set(reactor, &client.times[CONNECT]);
    cr_expect_eq(confab_dispatcher_send(c, "", 0), 0);
    run_until_set(reactor, &client.times[READ]);
    cr_expect_eq(client.n, 0);
    cr_expect_eq(confab_dispatcher_send(c, "udp", 3), 3);
    run_quiet(reactor);
    cr_expect_str_eq(client.bytes, "udp", "an empty datagram is not the end");
    cr_expect_str_eq(client.order, "CRR");
    cr_expect_str_eq(server.order, "RR");
    test_reactor_free(reactor);
}

Test(dispatcher_io, an_empty_datagram_of_an_adopted_socket_is_not_the_end)
{
    test_needs_descriptors();
    confab_reactor *reactor = test_reactor();
    struct seen seen = { 0 };
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
    adopted(reactor, fds[0], &seen);
    cr_assert_eq(send(fds[1], "", 0, 0), 0);
    run_until_set(reactor, &seen.times[READ]);
    cr_assert_eq(send(fds[1], "x", 1, 0), 1);
    run_quiet(reactor);
    cr_expect_str_eq(seen.order, "RR");
    cr_expect_str_eq(seen.bytes, "x");
    test_close(fds[1]);
    test_reactor_free(reactor);
}
