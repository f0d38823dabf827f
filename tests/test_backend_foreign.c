/* struct confab_io, kept by every backend of this build: what a descriptor is
 * found to be, the clocks, and chance. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* -- adopt -------------------------------------------------------------------------- */

BACKEND_TEST(backend_foreign, adopt_tells_what_a_socket_is)
{
    struct subject_address address;
    int pair[2], listener = subject_listener(s, OVER_TCP, &address);

    expect(s, s->io->adopt(s->state, listener) == CONFAB_FD_LISTENER);
    expect(s, s->io->adopt(s->state, subject_socket(s, OVER_TCP)) == CONFAB_FD_UNCONNECTED);
    expect(s, s->io->adopt(s->state, subject_socket(s, OVER_UNIX)) == CONFAB_FD_UNCONNECTED);
    for (enum subject_kind kind = OVER_TCP; kind <= OVER_UNIX; kind++)
        if (subject_pair(s, kind, pair))
            expect(s, s->io->adopt(s->state, pair[0]) == CONFAB_FD_SOCKET &&
                          s->io->adopt(s->state, pair[1]) == CONFAB_FD_SOCKET);
}

/* It is for the first event after connect to ask. */
BACKEND_TEST(backend_foreign, adopt_leaves_the_error_of_a_failed_connect_to_be_asked_for)
{
    struct subject_address nobody;
    int fd = subject_socket(s, OVER_TCP);

    subject_bound(s, OVER_TCP, &nobody);
    if (s->io->connect(s->state, fd, subject_sa(&nobody), nobody.len) == -ECONNREFUSED)
        return; /* this system tells at once: nothing is left to be asked for */
    subject_settle(s, fd, BACKEND_WRITE);
    expect(s, s->io->adopt(s->state, fd) == CONFAB_FD_CONNECTING);
    subject_settle(s, fd, BACKEND_WRITE);
    expect(s, s->io->socket_error(s->state, fd) == -ECONNREFUSED);
}

BACKEND_TEST(backend_foreign, adopt_leaves_what_has_arrived_to_be_read)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_write(s, pair[1], "last words");
    subject_settle(s, pair[0], BACKEND_READ);
    subject_reset(s, pair[1]);
    subject_settle(s, pair[0], BACKEND_READ);
    expect(s, s->io->adopt(s->state, pair[0]) == CONFAB_FD_SOCKET);
    subject_expect(s, pair[0], "last words");
}

static bool private_and_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

REAL_BACKEND_TEST(backend_foreign, adopt_tells_what_a_foreign_descriptor_is_and_makes_it_fit,
                  "no real descriptor is one of its handles")
{
    int pair[2], ends[2], datagram = subject_keep(s, socket(AF_INET, SOCK_DGRAM, 0));
    int terminal = subject_keep(s, posix_openpt(O_RDWR | O_NOCTTY));

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_assert_eq(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        subject_keep(s, pair[i]), subject_keep(s, ends[i]);
    expect(s, s->io->adopt(s->state, pair[0]) == CONFAB_FD_SOCKET);
    expect(s, s->io->adopt(s->state, datagram) == CONFAB_FD_UNCONNECTED);
    expect(s, s->io->adopt(s->state, ends[0]) == CONFAB_FD_STREAM);
    expect(s, s->io->adopt(s->state, terminal) == CONFAB_FD_STREAM);
    expect(s, private_and_nonblocking(pair[0]) && private_and_nonblocking(datagram));
    expect(s, private_and_nonblocking(ends[0]) && private_and_nonblocking(terminal));
    expect(s, !private_and_nonblocking(pair[1]));
}

BACKEND_TEST(backend_foreign, adopt_refuses_what_cannot_be_polled_and_closes_nothing)
{
    int file = subject_keep(s, test_file("x", 1)), folder = subject_keep(s, open(test_folder(), O_RDONLY));

    expect(s, s->io->adopt(s->state, file) == -EPERM);
    expect(s, s->io->adopt(s->state, folder) == -EPERM);
    expect(s, s->io->adopt(s->state, -1) == -EBADF);
    cr_assert(!(fcntl(file, F_GETFL) & O_NONBLOCK));
    cr_assert_geq(fcntl(folder, F_GETFD), 0);
}

/* -- Clocks and chance ---------------------------------------------------------------- */

BACKEND_TEST(backend_foreign, the_clock_never_goes_back)
{
    int64_t before = subject_now(s);

    expect(s, before >= 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = subject_now(s);
        expect(s, now >= before);
        before = now;
        if (i % 100 == 0)
            subject_wait(s, 1);
    }
}

BACKEND_TEST(backend_foreign, both_clocks_count_nanoseconds)
{
    int64_t clock = subject_now(s), wall = s->io->wall_clock(s->state);

    subject_rests(s); /* 20 ms */
    expect(s, subject_now(s) - clock >= 20 * CONFAB_MILLISECOND);
    /* A wall clock may be set meanwhile, but not on the machines that this is run on. */
    expect(s, s->io->wall_clock(s->state) - wall >= 19 * CONFAB_MILLISECOND);
}

REAL_BACKEND_TEST(backend_foreign, the_wall_clock_knows_the_date, "it always begins with the same one")
{
    time_t date = time(NULL);

    expect(s, llabs(s->io->wall_clock(s->state) / CONFAB_SECOND - (int64_t)date) <= 1);
}

BACKEND_TEST(backend_foreign, random_numbers_differ)
{
    uint64_t x[8];

    for (int i = 0; i < 8; i++) {
        x[i] = s->io->random(s->state);
        for (int k = 0; k < i; k++)
            expect(s, x[i] != x[k]);
    }
}

BACKEND_TEST(backend_foreign, names_are_looked_up_by_it_or_by_the_system)
{
    struct sockaddr_storage addresses[2];

    if (!s->io->resolve) /* getaddrinfo(3) is asked instead */
        return;
    int n = s->io->resolve(s->state, "localhost", 4711, addresses, 2);
    expect(s, n > 0 && n <= 2);
    for (int i = 0; i < n; i++)
        expect(s, ((struct sockaddr_in *)&addresses[i])->sin_port == htons(4711));
    expect(s, s->io->resolve(s->state, "localhost", 1, addresses, 1) == 1);
    expect(s, s->io->resolve(s->state, "no.such.host.invalid", 1, addresses, 2) == -EHOSTUNREACH);
}
