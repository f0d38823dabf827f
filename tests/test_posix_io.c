/* confab_posix_io: making descriptors, adopting foreign ones, clocks. */
#include "backends/posix.h"
#include "support.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const struct confab_io *const io = &confab_posix_io;

static struct sockaddr_in loopback(void)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool private_and_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* A socket bound to loopback; *address is where. */
static int bound(int type, struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = io->socket(NULL, AF_INET, type, 0);

    *address = loopback();
    cr_assert_geq(fd, 0);
    cr_assert_eq(io->bind(NULL, fd, (struct sockaddr *)address, len), 0);
    cr_assert_eq(io->getsockname(NULL, fd, (struct sockaddr *)address, &len), 0);
    cr_assert_neq(address->sin_port, 0);
    return fd;
}

static int listening(struct sockaddr_in *address)
{
    int fd = bound(SOCK_STREAM, address);

    cr_assert_eq(io->listen(NULL, fd, 8), 0);
    return fd;
}

static void settle(int fd, short events)
{
    struct pollfd polled = { .fd = fd, .events = events };

    cr_assert_eq(poll(&polled, 1, 10000), 1);
}

/* -- Making and connecting ---------------------------------------------------- */

Test(posix_io, sockets_are_nonblocking_and_close_on_exec)
{
    cr_assert(private_and_nonblocking(io->socket(NULL, AF_INET, SOCK_STREAM, 0)));
    cr_assert(private_and_nonblocking(io->socket(NULL, AF_UNIX, SOCK_DGRAM, 0)));
    cr_assert_lt(io->socket(NULL, -1, SOCK_STREAM, 0), 0);
}

Test(posix_io, accepted_connections_are_nonblocking_and_close_on_exec)
{
    struct sockaddr_in address, client = { 0 };
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer, client_len = sizeof client;
    int listener = listening(&address), fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    settle(listener, POLLIN);
    int connection = io->accept(NULL, listener, (struct sockaddr *)&peer, &len);
    cr_assert(private_and_nonblocking(connection));
    cr_assert_eq(len, sizeof address);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&client, &client_len), 0);
    cr_assert_eq(((struct sockaddr_in *)&peer)->sin_port, client.sin_port);
}

Test(posix_io, accept_needs_no_address_and_does_not_wait)
{
    struct sockaddr_in address;
    int listener = listening(&address), fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(io->accept(NULL, listener, NULL, NULL), -EAGAIN);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    settle(listener, POLLIN);
    cr_assert_geq(io->accept(NULL, listener, NULL, NULL), 0);
    cr_assert_eq(io->accept(NULL, -1, NULL, NULL), -EBADF);
    cr_assert_eq(io->accept(NULL, fd, NULL, NULL), -EINVAL);
}

Test(posix_io, a_connect_goes_on_by_itself)
{
    struct sockaddr_in address, peer;
    socklen_t len = sizeof peer;
    int listener = listening(&address), fd = io->socket(NULL, AF_INET, SOCK_STREAM, 0);
    int error = io->connect(NULL, fd, (struct sockaddr *)&address, sizeof address);

    cr_assert(error == -EINPROGRESS || error == 0);
    settle(fd, POLLOUT);
    cr_assert_eq(io->socket_error(NULL, fd), 0);
    cr_assert_eq(io->getpeername(NULL, fd, (struct sockaddr *)&peer, &len), 0);
    cr_assert_eq(peer.sin_port, address.sin_port);
    cr_assert_geq(io->accept(NULL, listener, NULL, NULL), 0);
}

Test(posix_io, connect_says_what_is_wrong)
{
    struct sockaddr_un nobody = { .sun_family = AF_UNIX };
    int fd = io->socket(NULL, AF_UNIX, SOCK_STREAM, 0);

    snprintf(nobody.sun_path, sizeof nobody.sun_path, "%s/nobody", test_folder());
    cr_assert_eq(io->connect(NULL, fd, (struct sockaddr *)&nobody, sizeof nobody), -ENOENT);
    cr_assert_eq(io->bind(NULL, fd, (struct sockaddr *)&nobody, sizeof nobody), 0);
    close(fd);
    fd = io->socket(NULL, AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(io->bind(NULL, fd, (struct sockaddr *)&nobody, sizeof nobody), -EADDRINUSE);
    cr_assert_eq(io->connect(NULL, fd, (struct sockaddr *)&nobody, sizeof nobody), -ECONNREFUSED);
}

Test(posix_io, asking_for_the_error_of_a_socket_clears_it)
{
    const struct linger at_once = { .l_onoff = 1 };
    int pair[2];

    test_tcp_pair(pair);
    cr_assert_eq(io->setsockopt(NULL, pair[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    cr_assert_eq(io->close(NULL, pair[1]), 0);
    settle(pair[0], POLLIN);
    cr_assert_eq(io->socket_error(NULL, pair[0]), -ECONNRESET);
    cr_assert_eq(io->socket_error(NULL, pair[0]), 0);
    cr_assert_eq(io->socket_error(NULL, -1), -EBADF);
}

Test(posix_io, options_are_set_or_refused)
{
    int pair[2], yes = 1, value = 0;
    socklen_t len = sizeof value;

    test_tcp_pair(pair);
    cr_assert_eq(io->setsockopt(NULL, pair[0], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), 0);
    cr_assert_eq(getsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    cr_assert_neq(value, 0);
    cr_assert_eq(io->setsockopt(NULL, pair[0], IPPROTO_TCP, -1, &yes, sizeof yes), -ENOPROTOOPT);
}

Test(posix_io, datagrams_come_with_where_they_came_from)
{
    struct sockaddr_in a, b, from;
    socklen_t len = sizeof from;
    int one = bound(SOCK_DGRAM, &a), two = bound(SOCK_DGRAM, &b);
    char bytes[8];

    cr_assert_eq(io->recvfrom(NULL, two, bytes, sizeof bytes, 0, NULL, NULL), -EAGAIN);
    cr_assert_eq(io->sendto(NULL, one, "abc", 3, 0, (struct sockaddr *)&b, sizeof b), 3);
    settle(two, POLLIN);
    cr_assert_eq(io->recvfrom(NULL, two, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len), 3);
    cr_assert_eq(len, sizeof from);
    cr_assert_eq(from.sin_port, a.sin_port);
    cr_assert_eq(io->sendto(NULL, one, "abc", 3, 0, NULL, 0), -EDESTADDRREQ);
}

/* -- Foreign descriptors, and the rest ---------------------------------------------- */

Test(posix_io, adopt_tells_what_a_descriptor_is_and_makes_it_fit)
{
    struct sockaddr_in address;
    int pair[2], ends[2], listener = listening(&address), datagram = socket(AF_INET, SOCK_DGRAM, 0);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(io->adopt(NULL, pair[0]), CONFAB_FD_SOCKET);
    cr_assert_eq(io->adopt(NULL, datagram), CONFAB_FD_UNCONNECTED);
    cr_assert_eq(io->adopt(NULL, listener), CONFAB_FD_LISTENER);
    cr_assert_eq(io->adopt(NULL, ends[0]), CONFAB_FD_STREAM);
    cr_assert_eq(io->adopt(NULL, terminal), CONFAB_FD_STREAM);
    cr_assert(private_and_nonblocking(pair[0]));
    cr_assert(private_and_nonblocking(datagram));
    cr_assert(private_and_nonblocking(ends[0]));
    cr_assert(private_and_nonblocking(terminal));
    cr_assert(!private_and_nonblocking(pair[1]));
}

Test(posix_io, adopt_refuses_what_cannot_be_polled_and_closes_nothing)
{
    int file = test_file("x", 1), folder = open(test_folder(), O_RDONLY);

    cr_assert_eq(io->adopt(NULL, file), -EPERM);
    cr_assert_eq(io->adopt(NULL, folder), -EPERM);
    cr_assert_eq(io->adopt(NULL, -1), -EBADF);
    cr_assert(!(fcntl(file, F_GETFL) & O_NONBLOCK));
    cr_assert_geq(fcntl(folder, F_GETFD), 0);
}

Test(posix_io, shutdown_and_close_say_what_is_wrong)
{
    char byte;
    int pair[2], lone = io->socket(NULL, AF_INET, SOCK_STREAM, 0);

    test_pair(pair);
    cr_assert_eq(io->shutdown(NULL, lone, SHUT_WR), -ENOTCONN);
    cr_assert_eq(io->close(NULL, pair[0]), 0);
    cr_assert_eq(io->close(NULL, pair[0]), -EBADF);
    cr_assert_eq(test_recv(pair[1], &byte, 1), -1);
}

Test(posix_io, the_clocks_go_forward_and_know_the_date)
{
    int64_t first = io->clock(NULL), second = io->clock(NULL);
    time_t date = time(NULL);

    cr_assert_gt(first, 0);
    cr_assert_geq(second, first);
    cr_assert_leq(llabs(io->wall_clock(NULL) / CONFAB_SECOND - (int64_t)date), 1);
}

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
