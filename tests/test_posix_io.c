/* test_posix_io.c: what of confab_posix_io no other backend's io has: interrupted calls, and chance without
 * descriptors.  (test_backend_*.c hold it to the contract that all keep.)  The library's own posix_io.c and
 * posix_stream.c are here, with system calls that a signal interrupts as often as the test wants. */
#include "backends/posix.h"
#include <fcntl.h>
#include <unistd.h>

static int interruptions, tries; /* to come; calls so far */

static bool interrupted(void)
{
    tries++;
    errno = EINTR;
    return interruptions > 0 && interruptions--;
}

#define connect(fd, address, len)            (interrupted() ? -1 : (connect)(fd, address, len))
#define recv(fd, bytes, len, flags)          (interrupted() ? -1 : (recv)(fd, bytes, len, flags))
#define recvfrom(fd, bytes, n, f, from, len) (interrupted() ? -1 : (recvfrom)(fd, bytes, n, f, from, len))
#define read(fd, bytes, len)                 (interrupted() ? -1 : (read)(fd, bytes, len))
#define send(fd, bytes, len, flags)          (interrupted() ? -1 : (send)(fd, bytes, len, flags))
#define sendto(fd, bytes, n, f, to, len)     (interrupted() ? -1 : (sendto)(fd, bytes, n, f, to, len))
#define sendmsg(fd, message, flags)          (interrupted() ? -1 : (sendmsg)(fd, message, flags))
#define writev(fd, iov, count)               (interrupted() ? -1 : (writev)(fd, iov, count))
#define posix_sendfile(fd, file, at, n)      (interrupted() ? -EINTR : (posix_sendfile)(fd, file, at, n))
/* It has closed the descriptor all the same. */
#define close(fd) ((close)(fd) < 0 || interrupted() ? -1 : 0)
#include "backends/posix_io.c"
#include "backends/posix_stream.c"
#undef connect
#undef recv
#undef recvfrom
#undef read
#undef send
#undef sendto
#undef sendmsg
#undef writev
#undef posix_sendfile
#undef close

#include "support.h"
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

TestSuite(posix_io, .timeout = 60);

static const struct confab_io *const io = &confab_posix_io;

/* -- Interrupted -------------------------------------------------------------------- */

static const char *const names[] = { "recv",   "recvfrom", "read",   "send",
                                     "sendto", "sendmsg",  "writev", "sendfile" };

enum { CALLS = sizeof names / sizeof names[0] };

static ssize_t call(int which, int fd, int file)
{
    static char byte = 'x';
    const struct iovec iov = { &byte, 1 };

    switch (which) {
    case 0:
        return io->recv(NULL, fd, &byte, 1, 0);
    case 1:
        return io->recvfrom(NULL, fd, &byte, 1, 0, NULL, NULL);
    case 2:
        return io->read(NULL, fd, &byte, 1);
    case 3:
        return io->send(NULL, fd, &byte, 1, 0);
    case 4:
        return io->sendto(NULL, fd, &byte, 1, 0, NULL, 0);
    case 5:
        return io->sendmsg(NULL, fd, &iov, 1, 0);
    case 6:
        return io->writev(NULL, fd, &iov, 1);
    default:
        return io->sendfile(NULL, fd, file, 0, 1);
    }
}

Test(posix_io, a_call_that_is_interrupted_is_made_again)
{
    int pair[2], file = test_file("x", 1);

    test_descriptor_pair(pair);
    test_send(pair[1], "abc", 3);
    for (int i = 0; i < CALLS; i++) {
        interruptions = 3;
        tries = 0;
        cr_assert_eq(call(i, pair[0], file), 1, "%s", names[i]);
        cr_assert_eq(tries, 4, "%s", names[i]);
    }
}

Test(posix_io, one_that_is_interrupted_again_and_again_would_block)
{
    int pair[2], file = test_file("x", 1);

    test_descriptor_pair(pair);
    test_send(pair[1], "abc", 3);
    for (int i = 0; i < CALLS; i++) {
        interruptions = 10 * POSIX_INTERRUPTIONS;
        tries = 0;
        cr_assert_eq(call(i, pair[0], file), -EAGAIN, "%s", names[i]);
        cr_assert_eq(tries, POSIX_INTERRUPTIONS, "%s", names[i]);
    }
}

Test(posix_io, an_interrupted_connect_goes_on_by_itself)
{
    struct sockaddr_in nowhere = { .sin_family = AF_INET };
    int fd = io->socket(NULL, AF_INET, SOCK_STREAM, 0);

    interruptions = 1;
    tries = 0;
    cr_assert_eq(io->connect(NULL, fd, (struct sockaddr *)&nowhere, sizeof nowhere), -EINPROGRESS);
    cr_assert_eq(tries, 1, "the second one would fail");
    close(fd);
}

/* Its number may be another thread's by then. */
Test(posix_io, an_interrupted_close_has_closed_and_is_not_made_again)
{
    int fd = dup(0);

    interruptions = 1;
    tries = 0;
    cr_assert_eq(io->close(NULL, fd), 0);
    cr_assert_eq(tries, 1);
    cr_assert_eq(fcntl(fd, F_GETFD), -1);
}

/* -- The rest ------------------------------------------------------------------------- */

Test(posix_io, an_option_reaches_the_socket)
{
    int fd = io->socket(NULL, AF_INET, SOCK_STREAM, 0), yes = 1, value = 0;
    socklen_t len = sizeof value;

    cr_assert_eq(io->setsockopt(NULL, fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), 0);
    cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    cr_assert_neq(value, 0);
    io->close(NULL, fd);
}

#ifdef TCP_CORK
Test(posix_io, a_cork_reaches_the_socket)
{
    int fd = io->socket(NULL, AF_INET, SOCK_STREAM, 0), value;

    for (int on = 1; on >= 0; on--) {
        socklen_t len = sizeof value;
        cr_assert_eq(io->cork(NULL, fd, on), 0);
        cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, &len), 0);
        cr_assert_eq(value != 0, on);
    }
    io->close(NULL, fd);
}
#endif

Test(posix_io, random_is_never_the_same_with_or_without_descriptors)
{
    struct rlimit limit, none;
    uint64_t x[4];

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
    x[0] = io->random(NULL);
    x[1] = io->random(NULL);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    x[2] = io->random(NULL);
    x[3] = io->random(NULL);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            cr_assert_neq(x[i], x[k]);
}
