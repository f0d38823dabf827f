/* struct confab_io, kept by every backend of this build: sockets, connections,
 * names and errors. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static const enum subject_kind kinds[] = { OVER_TCP, OVER_UNIX };

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* -- Making, binding, listening ------------------------------------------------- */

static bool private_and_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

REAL_BACKEND_TEST(backend_io, what_is_made_is_nonblocking_and_does_not_survive_an_exec,
                  "only descriptors can be asked")
{
    for (int i = 0; i < KINDS; i++) {
        struct subject_address address;
        int listener = subject_listener(s, kinds[i], &address), fd = subject_socket(s, kinds[i]);

        subject_connect(s, fd, &address);
        expect(s, private_and_nonblocking(listener) && private_and_nonblocking(fd));
        expect(s, private_and_nonblocking(subject_accept(s, listener)));
    }
    expect(s, private_and_nonblocking(subject_keep(s, s->io->socket(s->state, AF_INET, SOCK_DGRAM, 0))));
}

BACKEND_TEST(backend_io, a_socket_of_no_kind_is_refused)
{
    int before = test_open_fds();

    expect(s, s->io->socket(s->state, -1, SOCK_STREAM, 0) < 0);
    expect(s, s->io->socket(s->state, AF_INET, -1, 0) < 0);
    expect(s, test_open_fds() == before);
}

BACKEND_TEST(backend_io, bind_to_port_0_takes_a_free_one)
{
    struct subject_address one, other;

    subject_listener(s, OVER_TCP, &one);
    subject_listener(s, OVER_TCP, &other);
    expect(s, subject_port(&one) != 0 && subject_port(&other) != 0 &&
                  subject_port(&one) != subject_port(&other));
}

BACKEND_TEST(backend_io, an_address_that_is_taken_is_refused)
{
    for (int i = 0; i < KINDS; i++) {
        struct subject_address address;
        int fd;

        subject_listener(s, kinds[i], &address);
        fd = subject_socket(s, kinds[i]);
        expect(s, s->io->bind(s->state, fd, subject_sa(&address), address.len) == -EADDRINUSE);
    }
}

BACKEND_TEST(backend_io, nobody_is_connected_before_it_listens)
{
    struct subject_address address;
    int listener = subject_bound(s, OVER_UNIX, &address), fd = subject_socket(s, OVER_UNIX);
    int error = s->io->connect(s->state, fd, subject_sa(&address), address.len);

    /* A simulated network has no files, which would be there before anybody listens. */
    expect(s, error == -ECONNREFUSED || (error == -ENOENT && !subject_real(s)));
    expect(s, s->io->listen(s->state, listener, 1) == 0);
    subject_connect(s, subject_socket(s, OVER_UNIX), &address);
    subject_accept(s, listener);
}

/* -- Options, errors, names --------------------------------------------------------- */

BACKEND_TEST(backend_io, options_are_set_or_refused)
{
    const struct linger at_once = { .l_onoff = 1 };
    int pair[2], yes = 1;

    subject_pair(s, OVER_TCP, pair);
    expect(s, s->io->setsockopt(s->state, pair[0], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
    expect(s, s->io->setsockopt(s->state, pair[0], SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes) == 0);
    expect(s, s->io->setsockopt(s->state, pair[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    int error = s->io->setsockopt(s->state, pair[0], IPPROTO_TCP, -1, &yes, sizeof yes);
    expect(s, error == -ENOPROTOOPT || (error == 0 && !subject_real(s))); /* which takes any */
}

BACKEND_TEST(backend_io, asking_for_the_error_of_a_socket_clears_it)
{
    char byte;
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    expect(s, s->io->socket_error(s->state, pair[0]) == 0);
    subject_reset(s, pair[1]);
    subject_settle(s, pair[0], BACKEND_READ);
    expect(s, s->io->socket_error(s->state, pair[0]) == -ECONNRESET);
    expect(s, s->io->socket_error(s->state, pair[0]) == 0);
    expect(s, s->io->recv(s->state, pair[0], &byte, 1, 0) == 0);
}

BACKEND_TEST(backend_io, each_end_is_the_other_s_peer)
{
    for (int i = 0; i < KINDS; i++) {
        struct subject_address address, one, other;
        int listener = subject_listener(s, kinds[i], &address), fd = subject_socket(s, kinds[i]);

        subject_connect(s, fd, &address);
        int far = subject_accept(s, listener);
        one = subject_peer(s, fd);
        other = subject_name(s, far);
        expect(s, subject_same(&one, &address) && subject_same(&other, &address));
        one = subject_name(s, fd);
        other = subject_peer(s, far);
        expect(s, one.sa.ss_family == other.sa.ss_family);
        if (kinds[i] == OVER_TCP) /* the other one's socket has no path */
            expect(s, subject_same(&one, &other) && subject_port(&one) != 0 && !subject_same(&one, &address));
    }
}

BACKEND_TEST(backend_io, one_that_is_not_connected_has_no_peer)
{
    struct subject_address name = { .len = sizeof name.sa };
    struct sockaddr *sa = (struct sockaddr *)&name.sa;
    int lone = subject_socket(s, OVER_TCP),
        listener = subject_listener(s, OVER_TCP, &(struct subject_address){ 0 });
    char byte;

    expect(s, s->io->getpeername(s->state, lone, sa, &name.len) == -ENOTCONN);
    expect(s, s->io->getpeername(s->state, listener, sa, &name.len) == -ENOTCONN);
    expect(s, s->io->shutdown(s->state, lone, SHUT_WR) == -ENOTCONN);
    expect(s, s->io->recv(s->state, lone, &byte, 1, 0) == -ENOTCONN);
    expect(s, s->io->accept(s->state, lone, NULL, NULL) == -EINVAL);
}

/* -- The end ---------------------------------------------------------------------- */

BACKEND_TEST(backend_io, close_ends_it_for_both_sides)
{
    for (int i = 0; i < KINDS; i++) {
        char byte;
        int pair[2];

        subject_pair(s, kinds[i], pair);
        subject_close(s, pair[0]);
        expect(s, s->io->close(s->state, pair[0]) == -EBADF);
        subject_settle(s, pair[1], BACKEND_READ);
        expect(s, s->io->recv(s->state, pair[1], &byte, 1, 0) == 0);
    }
}

BACKEND_TEST(backend_io, a_closed_listener_s_connections_live_and_no_more_come)
{
    struct subject_address address;
    int listener = subject_listener(s, OVER_TCP, &address), fd = subject_socket(s, OVER_TCP), far, late,
        error;

    subject_connect(s, fd, &address);
    far = subject_accept(s, listener);
    subject_close(s, listener);
    subject_write(s, fd, "alive");
    subject_expect(s, far, "alive");
    late = subject_socket(s, OVER_TCP);
    error = s->io->connect(s->state, late, subject_sa(&address), address.len);
    if (error == -EINPROGRESS) {
        subject_settle(s, late, BACKEND_WRITE);
        error = s->io->socket_error(s->state, late);
    }
    expect(s, error == -ECONNREFUSED);
}

BACKEND_TEST(backend_io, what_is_no_descriptor_is_EBADF_to_each)
{
    const struct confab_io *io = s->io;
    struct subject_address address = { .len = sizeof address.sa };
    struct sockaddr *sa = (struct sockaddr *)&address.sa;
    struct iovec iov = { "x", 1 };
    int pair[2], yes = 1, file = subject_keep(s, test_file("x", 1));
    char byte;

    subject_pair(s, OVER_TCP, pair);
    subject_close(s, pair[0]);
    const int fds[] = { -1, pair[0] };
    for (int i = 0; i < 2; i++) {
        void *state = s->state;
        int fd = fds[i];

        address = subject_address(s, OVER_TCP);
        expect(s, io->bind(state, fd, sa, address.len) == -EBADF);
        expect(s, io->listen(state, fd, 1) == -EBADF);
        expect(s, io->accept(state, fd, NULL, NULL) == -EBADF);
        expect(s, io->connect(state, fd, sa, address.len) == -EBADF);
        expect(s, io->setsockopt(state, fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -EBADF);
        expect(s, io->socket_error(state, fd) == -EBADF);
        expect(s, io->getsockname(state, fd, sa, &address.len) == -EBADF);
        expect(s, io->getpeername(state, fd, sa, &address.len) == -EBADF);
        expect(s, io->recv(state, fd, &byte, 1, 0) == -EBADF);
        expect(s, io->send(state, fd, "x", 1, 0) == -EBADF);
        expect(s, io->sendmsg(state, fd, &iov, 1, 0) == -EBADF);
        expect(s, io->read(state, fd, &byte, 1) == -EBADF);
        expect(s, io->writev(state, fd, &iov, 1) == -EBADF);
        expect(s, io->recvfrom(state, fd, &byte, 1, 0, NULL, NULL) == -EBADF);
        expect(s, io->sendto(state, fd, "x", 1, 0, NULL, 0) == -EBADF);
        expect(s, io->sendfile(state, fd, file, 0, 1) == -EBADF);
        expect(s, !io->cork || io->cork(state, fd, true) == -EBADF || io->cork(state, fd, true) == -ENOTSUP);
        expect(s, !io->unsent || io->unsent(state, fd) == -EBADF || io->unsent(state, fd) == -ENOTSUP);
        expect(s, io->shutdown(state, fd, SHUT_WR) == -EBADF);
        expect(s, io->close(state, fd) == -EBADF);
        expect(s, io->adopt(state, fd) == -EBADF);
    }
}
