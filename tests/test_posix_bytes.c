/* confab_posix_io: what of moving bytes no other backend's io has: signals, and copying where there is no
 * sendfile(2).  (test_backend_bytes.c holds it to the contract that all keep.) */
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

static ssize_t by_writev(int fd)
{
    const struct iovec iov[2] = { { big, 1 }, { big + 1, sizeof big - 1 } };

    return io->writev(NULL, fd, iov, 2);
}

/* -- Signals ----------------------------------------------------------------------- */

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

Test(posix_bytes, copying_takes_what_fits_and_then_would_block)
{
    int file = test_file(big, sizeof big), pair[2];
    size_t sent = 0, got = 0;
    ssize_t n;

    test_descriptor_pair(pair);
    while ((n = posix_stream_copy(pair[0], file, 0, sizeof big)) > 0)
        sent += (size_t)n;
    cr_assert_eq(n, -EAGAIN);
    while ((n = recv(pair[1], big, sizeof big, 0)) > 0)
        got += (size_t)n;
    cr_assert_gt(sent, 0);
    cr_assert_eq(got, sent);
}

Test(posix_bytes, copying_is_0_where_the_file_ends)
{
    int file = test_file("0123456789", 10), pair[2];

    test_descriptor_pair(pair);
    cr_assert_eq(posix_stream_copy(pair[0], file, 9, 5), 1);
    cr_assert_eq(posix_stream_copy(pair[0], file, 10, 1), 0);
    cr_assert_eq(posix_stream_copy(pair[0], file, 11, 1), 0);
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
