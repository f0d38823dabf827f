/* family_support.h: the kinds of connections whose other end can hang up. */
#ifndef CONFAB_TESTS_FAMILY_SUPPORT_H
#define CONFAB_TESTS_FAMILY_SUPPORT_H

#include "handle_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum family { OVER_UNIX, OVER_TCP, OVER_TCP6, OVER_PIPE, OVER_TERMINAL, FAMILIES };

static const char *const family_names[] = {
    "a unix socket", "TCP over IPv4", "TCP over IPv6", "a pipe", "a terminal",
};

/* Whether the simulated network, too, has such a connection. */
static inline bool family_is_simulated(enum family family)
{
    return family != OVER_PIPE && family != OVER_TERMINAL;
}

/* False where the machine has no IPv6. */
static inline bool family_tcp6(int pair[2])
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t len = sizeof sa;
    if (test_simulated()) {
        handle_pair(AF_INET6, pair);
        return true;
    }
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&sa, sizeof sa) < 0) {
        cr_assert(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL, "IPv6: %s", strerror(errno));
        close(listener);
        return false;
    }
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&sa, &len), 0);
    pair[1] = socket(AF_INET6, SOCK_STREAM, 0);
    cr_assert_eq(connect(pair[1], (struct sockaddr *)&sa, sizeof sa), 0);
    pair[0] = accept(listener, NULL, NULL);
    cr_assert_geq(pair[0], 0);
    close(listener);
    return true;
}

/* A new terminal, raw: [0] is the side of who made it, [1] that of a program in it. */
static inline void family_terminal(int pair[2])
{
    struct termios t;

    pair[0] = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert_geq(pair[0], 0);
    cr_assert_eq(grantpt(pair[0]), 0);
    cr_assert_eq(unlockpt(pair[0]), 0);
    pair[1] = open(ptsname(pair[0]), O_RDWR | O_NOCTTY);
    cr_assert_geq(pair[1], 0);
    cr_assert_eq(tcgetattr(pair[1], &t), 0);
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    t.c_iflag &= ~(tcflag_t)(ICRNL | IXON | IXOFF | ISTRIP);
    t.c_oflag &= ~(tcflag_t)OPOST;
    cr_assert_eq(tcsetattr(pair[1], TCSANOW, &t), 0);
}

/* Connects [0], from which confab reads, with [1], non-blocking, to which the test writes.  False: there is no such
 * connection here. */
static inline bool family_connect(enum family family, int pair[2])
{
    if (test_simulated() && !family_is_simulated(family))
        return false;
    if (family == OVER_UNIX)
        test_pair(pair);
    else if (family == OVER_TCP)
        test_tcp_pair(pair);
    else if (family == OVER_PIPE)
        cr_assert_eq(pipe(pair), 0);
    else if (family == OVER_TERMINAL)
        family_terminal(pair);
    else if (!family_tcp6(pair))
        return false;
    for (int i = 0; i < 2 && !test_simulated(); i++)
        cr_assert_eq(fcntl(pair[i], F_SETFL, fcntl(pair[i], F_GETFL) | O_NONBLOCK), 0);
    return true;
}

/* Writes what the other end has room for; returns how much that was. */
static inline size_t family_write(int fd, const char *bytes, size_t len)
{
    size_t written = 0;

    if (test_simulated())
        return test_send_some(fd, bytes, len);
    while (written < len) {
        ssize_t n = write(fd, bytes + written, len - written);
        if (n < 0) {
            cr_assert_eq(errno, EAGAIN, "write: %s", strerror(errno));
            break;
        }
        written += (size_t)n;
    }
    return written;
}

/* Writes all of it, turning the loop where there is no room, and hangs up. */
static inline void family_write_and_hang_up(confab_reactor *reactor, int fd, const char *bytes, size_t len)
{
    size_t written = family_write(fd, bytes, len);

    for (int turns = 0; written < len; turns++) {
        cr_assert_lt(turns, 100000, "%zu bytes of %zu have been taken", written, len);
        cr_assert_geq(confab_reactor_run_once(reactor, CONFAB_MILLISECOND), 0);
        written += family_write(fd, bytes + written, len - written);
    }
    test_close(fd);
}

#endif
