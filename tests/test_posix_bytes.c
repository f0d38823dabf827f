/* confab_posix_io: bytes that move over sockets, pipes and from files. */
#include "backends/posix.h"
#include "support.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const struct confab_io *const io = &confab_posix_io;

static char big[1 << 16];

Test(posix_bytes, recv_tells_nothing_yet_from_the_end)
{
    char bytes[8];
    int pair[2];

    test_pair(pair);
    cr_assert_eq(io->recv(NULL, pair[0], bytes, sizeof bytes, 0), -EAGAIN);
    test_send(pair[1], "abc", 3);
    cr_assert_eq(io->recv(NULL, pair[0], bytes, sizeof bytes, MSG_PEEK), 3);
    cr_assert_eq(io->recv(NULL, pair[0], bytes, 2, 0), 2);
    cr_assert_eq(io->read(NULL, pair[0], bytes, sizeof bytes), 1);
    cr_assert_eq(io->read(NULL, pair[0], bytes, sizeof bytes), -EAGAIN);
    cr_assert_eq(io->shutdown(NULL, pair[1], SHUT_WR), 0);
    cr_assert_eq(io->recv(NULL, pair[0], bytes, sizeof bytes, 0), 0);
    cr_assert_eq(io->read(NULL, pair[0], bytes, sizeof bytes), 0);
}

Test(posix_bytes, unsent_is_0_only_where_the_peer_has_got_all)
{
    static char bytes[sizeof big];
    int pair[2];

    test_pair(pair);
    if (io->unsent(NULL, pair[0]) == -ENOTSUP)
        cr_skip_test("this system does not tell");
    cr_assert_eq(io->unsent(NULL, pair[0]), 0);
    cr_assert_eq(io->send(NULL, pair[0], big, 1000, 0), 1000);
    cr_assert_gt(io->unsent(NULL, pair[0]), 0);
    cr_assert_eq(test_recv(pair[1], bytes, sizeof bytes), 1000);
    cr_assert_eq(io->unsent(NULL, pair[0]), 0);
    cr_assert_eq(io->unsent(NULL, -1), -EBADF);
    test_tcp_pair(pair);
    while (io->send(NULL, pair[0], big, sizeof big, 0) > 0)
        ;
    cr_assert_gt(io->unsent(NULL, pair[0]), 0, "the peer's system cannot have taken it all");
}

/* Each way of sending, as one signature. */
static ssize_t by_send(int fd)
{
    return io->send(NULL, fd, big, sizeof big, 0);
}

static ssize_t by_sendmsg(int fd)
{
    const struct iovec iov[2] = { { big, 1 }, { big + 1, sizeof big - 1 } };

    return io->sendmsg(NULL, fd, iov, 2, 0);
}

static ssize_t by_writev(int fd)
{
    const struct iovec iov[2] = { { big, 1 }, { big + 1, sizeof big - 1 } };

    return io->writev(NULL, fd, iov, 2);
}

static ssize_t by_sendto(int fd)
{
    return io->sendto(NULL, fd, big, sizeof big, 0, NULL, 0);
}

static ssize_t by_sendfile(int fd)
{
    static int file = -1;

    if (file < 0)
        file = test_file(big, sizeof big);
    return io->sendfile(NULL, fd, file, 0, sizeof big);
}

static ssize_t by_copying(int fd)
{
    static int file = -1;

    if (file < 0)
        file = test_file(big, sizeof big);
    return posix_stream_copy(fd, file, 0, sizeof big);
}

static ssize_t (*const ways[])(int fd) = { by_send, by_sendmsg, by_writev, by_sendto, by_sendfile };

enum { WAYS = sizeof ways / sizeof ways[0] };

static void sends_what_fits(ssize_t (*way)(int fd))
{
    size_t sent = 0, got = 0;
    ssize_t n;
    int pair[2];

    test_pair(pair);
    while ((n = way(pair[0])) > 0)
        sent += (size_t)n;
    cr_assert_eq(n, -EAGAIN);
    while ((n = recv(pair[1], big, sizeof big, 0)) > 0)
        got += (size_t)n;
    cr_assert_gt(sent, 0);
    cr_assert_eq(got, sent);
}

Test(posix_bytes, sending_takes_what_fits_and_then_would_block)
{
    for (int i = 0; i < WAYS; i++)
        sends_what_fits(ways[i]);
    sends_what_fits(by_copying);
}

Test(posix_bytes, sendmsg_and_writev_send_all_pieces_in_order)
{
    const struct iovec iov[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
    int pair[2];

    test_pair(pair);
    cr_assert_eq(io->sendmsg(NULL, pair[0], iov, 3, 0), 5);
    test_expect(pair[1], "abcde");
    cr_assert_eq(io->writev(NULL, pair[0], iov, 3), 5);
    test_expect(pair[1], "abcde");
}

static bool sigpipe_is(int (*ask)(sigset_t *))
{
    sigset_t set;

    cr_assert_eq(ask(&set), 0);
    return sigismember(&set, SIGPIPE);
}

static int blocked(sigset_t *set)
{
    return pthread_sigmask(SIG_BLOCK, NULL, set);
}

Test(posix_bytes, sending_to_nobody_is_epipe_and_no_signal)
{
    int pair[2], ends[2];

    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < WAYS; i++) {
        test_pair(pair);
        close(pair[1]);
        cr_assert_eq(ways[i](pair[0]), -EPIPE);
        test_tcp_pair(pair);
        cr_assert_eq(io->shutdown(NULL, pair[0], SHUT_WR), 0);
        cr_assert_eq(ways[i](pair[0]), -EPIPE);
    }
    cr_assert_eq(by_writev(ends[1]), -EPIPE);
    cr_assert_eq(by_sendfile(ends[1]), -EPIPE);
    cr_assert(!sigpipe_is(blocked));
    cr_assert(!sigpipe_is(sigpending));
}

Test(posix_bytes, a_sigpipe_that_was_held_back_before_stays)
{
    sigset_t set;
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    cr_assert_eq(by_writev(ends[1]), -EPIPE);
    cr_assert(!sigpipe_is(sigpending));
    raise(SIGPIPE);
    cr_assert_eq(by_writev(ends[1]), -EPIPE);
    cr_assert(sigpipe_is(sigpending));
    cr_assert(sigpipe_is(blocked));
}

/* Signals interrupt only what blocks, so these sockets do: the second signal
 * brings the byte that the call, made again after the first, waits for. */
static int alarms, interrupted_pair[2];

static void on_alarm(int signo)
{
    (void)signo;
    if (++alarms % 2 == 0 && write(interrupted_pair[1], "x", 1) < 0)
        _exit(1);
}

Test(posix_bytes, an_interrupted_call_is_made_again, .timeout = 30)
{
    const struct sigaction action = { .sa_handler = on_alarm };
    const struct itimerval often = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };
    char byte;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, interrupted_pair), 0);
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    cr_assert_eq(io->recv(NULL, interrupted_pair[0], &byte, 1, 0), 1);
    cr_assert_eq(io->read(NULL, interrupted_pair[0], &byte, 1), 1);
    cr_assert_eq(io->recvfrom(NULL, interrupted_pair[0], &byte, 1, 0, NULL, NULL), 1);
    cr_assert_geq(alarms, 6);
}

/* -- Files ------------------------------------------------------------------------ */

Test(posix_bytes, sendfile_sends_a_part_of_a_file_to_any_kind)
{
    int file = test_file("0123456789", 10), pair[2], ends[2];
    char bytes[16];

    test_pair(pair);
    cr_assert_eq(io->sendfile(NULL, pair[0], file, 3, 4), 4);
    test_expect(pair[1], "3456");
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(io->sendfile(NULL, ends[1], file, 8, 100), 2);
    cr_assert_eq(read(ends[0], bytes, sizeof bytes), 2);
    cr_assert_eq(memcmp(bytes, "89", 2), 0);
}

Test(posix_bytes, sendfile_leaves_the_position_of_the_file_alone)
{
    int file = test_file("0123456789", 10), pair[2];

    test_pair(pair);
    cr_assert_eq(lseek(file, 5, SEEK_SET), 5);
    cr_assert_eq(io->sendfile(NULL, pair[0], file, 0, 10), 10);
    cr_assert_eq(lseek(file, 0, SEEK_CUR), 5);
}

Test(posix_bytes, sendfile_is_0_where_the_file_ends)
{
    int file = test_file("0123456789", 10), pair[2];

    test_pair(pair);
    cr_assert_eq(io->sendfile(NULL, pair[0], file, 10, 1), 0);
    cr_assert_eq(posix_stream_copy(pair[0], file, 11, 1), 0);
}

Test(posix_bytes, sendfile_says_what_is_wrong)
{
    int folder = open(test_folder(), O_RDONLY), file = test_file("x", 1), pair[2];

    test_pair(pair);
    cr_assert_eq(io->sendfile(NULL, pair[0], -1, 0, 1), -EBADF);
    cr_assert_eq(io->sendfile(NULL, -1, file, 0, 1), -EBADF);
    cr_assert_lt(io->sendfile(NULL, pair[0], folder, 0, 1), 0);
}

/* The kernel's own sendfile will not write where O_APPEND is set. */
Test(posix_bytes, what_the_kernel_does_not_send_is_copied)
{
    enum { SIZE = 100000 };
    char *bytes = test_pattern(SIZE), *copy = malloc(SIZE);
    int file = test_file(bytes, SIZE), other = test_file("", 0);

    cr_assert_eq(fcntl(other, F_SETFL, O_APPEND), 0);
    cr_assert_eq(io->sendfile(NULL, other, file, 7, SIZE), SIZE - 7);
    cr_assert_eq(pread(other, copy, SIZE, 0), SIZE - 7);
    cr_assert_eq(memcmp(copy, bytes + 7, SIZE - 7), 0);
    free(copy);
    free(bytes);
}
