#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* -- Descriptors -------------------------------------------------------------- */

int subject_keep(struct subject *s, int fd)
{
    cr_assert_geq(fd, 0, "%s: %s", s->backend->name, strerror(-fd));
    if (s->ends_count == s->ends_room) {
        s->ends_room = s->ends_room ? 2 * s->ends_room : 64;
        s->ends = realloc(s->ends, s->ends_room * sizeof *s->ends);
        cr_assert_not_null(s->ends);
    }
    s->ends[s->ends_count++] = fd;
    return fd;
}

/* The last first: what is to be closed soon was mostly made late. */
void subject_close(struct subject *s, int fd)
{
    size_t i = s->ends_count;

    while (i > 0 && s->ends[i - 1] != fd)
        i--;
    cr_assert_gt(i, 0, "%s: %d is not the test's", s->backend->name, fd);
    s->ends[i - 1] = s->ends[--s->ends_count];
    expect(s, s->io->close(s->state, fd) == 0);
}

void subject_close_all(struct subject *s)
{
    while (s->ends_count > 0) {
        int fd = s->ends[s->ends_count - 1];

        expect(s, s->backend->del(s->state, fd, BACKEND_READ | BACKEND_WRITE | BACKEND_EXCEPT) == 0);
        subject_close(s, fd);
    }
}

void subject_reset(struct subject *s, int fd)
{
    const struct linger at_once = { .l_onoff = 1 };

    expect(s, s->io->setsockopt(s->state, fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    subject_close(s, fd);
}

static const int domains[] = { [OVER_TCP] = AF_INET, [OVER_TCP6] = AF_INET6, [OVER_UNIX] = AF_UNIX };

struct subject_address subject_address(struct subject *s, enum subject_kind kind)
{
    static int paths;
    struct subject_address address = { .len = sizeof(struct sockaddr_in) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr_un path = { .sun_family = AF_UNIX };

    memcpy(&address.sa, &four, sizeof four);
    if (kind == OVER_TCP6) {
        memcpy(&address.sa, &six, sizeof six);
        address.len = sizeof six;
    } else if (kind == OVER_UNIX) {
        int n = snprintf(path.sun_path, sizeof path.sun_path, "%s/%d", test_folder(), paths++);
        expect(s, n > 0 && (size_t)n < sizeof path.sun_path);
        memcpy(&address.sa, &path, sizeof path);
        address.len = sizeof path;
    }
    return address;
}

in_port_t subject_port(const struct subject_address *address)
{
    return ((const struct sockaddr_in *)&address->sa)->sin_port;
}

bool subject_same(const struct subject_address *a, const struct subject_address *b)
{
    return a->len == b->len && a->sa.ss_family == b->sa.ss_family &&
           (a->sa.ss_family == AF_UNIX ? !memcmp(&a->sa, &b->sa, a->len)
                                       : subject_port(a) == subject_port(b));
}

struct subject_address subject_name(struct subject *s, int fd)
{
    struct subject_address name = { .len = sizeof name.sa };

    expect(s, s->io->getsockname(s->state, fd, (struct sockaddr *)&name.sa, &name.len) == 0);
    return name;
}

struct subject_address subject_peer(struct subject *s, int fd)
{
    struct subject_address name = { .len = sizeof name.sa };

    expect(s, s->io->getpeername(s->state, fd, (struct sockaddr *)&name.sa, &name.len) == 0);
    return name;
}

int subject_socket(struct subject *s, enum subject_kind kind)
{
    return subject_keep(s, s->io->socket(s->state, domains[kind], SOCK_STREAM, 0));
}

int subject_bound(struct subject *s, enum subject_kind kind, struct subject_address *address)
{
    int fd = subject_socket(s, kind);

    *address = subject_address(s, kind);
    expect(s, s->io->bind(s->state, fd, subject_sa(address), address->len) == 0);
    address->len = sizeof address->sa;
    expect(s, s->io->getsockname(s->state, fd, (struct sockaddr *)&address->sa, &address->len) == 0);
    return fd;
}

int subject_listener(struct subject *s, enum subject_kind kind, struct subject_address *address)
{
    int fd = subject_bound(s, kind, address);

    expect(s, s->io->listen(s->state, fd, 64) == 0);
    return fd;
}

void subject_connect(struct subject *s, int fd, const struct subject_address *address)
{
    int error = s->io->connect(s->state, fd, subject_sa(address), address->len);

    expect(s, error == 0 || error == -EINPROGRESS);
    subject_settle(s, fd, BACKEND_WRITE);
    expect(s, s->io->socket_error(s->state, fd) == 0);
}

int subject_accept(struct subject *s, int listener)
{
    int fd = s->io->accept(s->state, listener, NULL, NULL);

    if (fd == -EAGAIN) {
        subject_settle(s, listener, BACKEND_READ);
        fd = s->io->accept(s->state, listener, NULL, NULL);
    }
    return subject_keep(s, fd);
}

static bool has_ipv6(struct subject *s)
{
    struct subject_address address = subject_address(s, OVER_TCP6);
    int fd = s->io->socket(s->state, AF_INET6, SOCK_STREAM, 0);

    if (fd == -EAFNOSUPPORT)
        return false;
    subject_keep(s, fd);
    int error = s->io->bind(s->state, fd, subject_sa(&address), address.len);
    subject_close(s, fd);
    expect(s, error == 0 || error == -EADDRNOTAVAIL);
    return error == 0;
}

static void connect_pair(struct subject *s, enum subject_kind kind, int client, int pair[2])
{
    struct subject_address address;
    int listener = subject_listener(s, kind, &address);

    subject_connect(s, client, &address);
    pair[0] = subject_accept(s, listener);
    pair[1] = client;
    subject_close(s, listener);
}

static void make_pipe(int pair[2])
{
    cr_assert_eq(pipe(pair), 0);
}

/* The master reads: what is written to the slave outlives the slave's end. */
static void make_terminal(int pair[2])
{
    struct termios mode;

    pair[0] = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(pair[0] >= 0 && grantpt(pair[0]) == 0 && unlockpt(pair[0]) == 0);
    pair[1] = open(ptsname(pair[0]), O_RDWR | O_NOCTTY);
    cr_assert_eq(tcgetattr(pair[1], &mode), 0);
    cfmakeraw(&mode);
    cr_assert_eq(tcsetattr(pair[1], TCSANOW, &mode), 0);
}

bool subject_pair(struct subject *s, enum subject_kind kind, int pair[2])
{
    if (kind <= OVER_UNIX) {
        if (kind == OVER_TCP6 && !has_ipv6(s))
            return false;
        connect_pair(s, kind, subject_socket(s, kind), pair);
        return true;
    }
    if (kind == OVER_PIPE)
        make_pipe(pair);
    else
        make_terminal(pair);
    for (int i = 0; i < 2; i++)
        expect(s, s->io->adopt(s->state, subject_keep(s, pair[i])) == CONFAB_FD_STREAM);
    return true;
}

/* The lowest free number is taken first, here as in POSIX. */
void subject_pair_at(struct subject *s, int number, int pair[2])
{
    int fd;

    do
        fd = subject_socket(s, OVER_TCP);
    while (fd < number);
    expect(s, fd == number);
    connect_pair(s, OVER_TCP, fd, pair);
    pair[1] = pair[0];
    pair[0] = fd;
}

static void every_kind_until(struct subject *s, enum subject_kind end,
                             void (*test)(struct subject *, int pair[2]))
{
    static const char *const names[] = {
        ", over TCP", ", over TCP and IPv6", ", over a unix socket", ", a pipe", ", a terminal",
    };

    for (enum subject_kind kind = OVER_TCP; kind < end; kind++) {
        int pair[2];

        s->kind = names[kind];
        if (subject_pair(s, kind, pair))
            test(s, pair);
        subject_close_all(s);
    }
    s->kind = NULL;
}

void subject_every_connection(struct subject *s, void (*test)(struct subject *, int pair[2]))
{
    every_kind_until(s, OVER_PIPE, test);
}

void subject_every_kind(struct subject *s, void (*test)(struct subject *, int pair[2]))
{
    every_kind_until(s, subject_real(s) ? SUBJECT_KINDS : OVER_PIPE, test);
}

void subject_many(struct subject *s, int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        int pair[2];

        subject_pair(s, subject_real(s) ? OVER_PIPE : OVER_UNIX, pair);
        subject_write(s, pair[1], "x");
        fds[i] = pair[0];
    }
}

/* -- Bytes -------------------------------------------------------------------- */

void subject_write(struct subject *s, int fd, const char *text)
{
    const struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };

    expect(s, s->io->writev(s->state, fd, &iov, 1) == (ssize_t)iov.iov_len);
}

void subject_expect(struct subject *s, int fd, const char *text)
{
    char bytes[256];
    size_t got = 0, len = strlen(text);

    cr_assert_lt(len, sizeof bytes);
    while (got < len) {
        ssize_t n = s->io->read(s->state, fd, bytes + got, len - got);
        if (n == -EAGAIN) {
            subject_settle(s, fd, BACKEND_READ);
            continue;
        }
        expect(s, n > 0);
        got += (size_t)n;
    }
    expect(s, memcmp(bytes, text, len) == 0);
}

size_t subject_fill(struct subject *s, int fd)
{
    static char bytes[65536];
    const struct iovec iov = { bytes, sizeof bytes };
    size_t written = 0;
    ssize_t n;

    while ((n = s->io->writev(s->state, fd, &iov, 1)) > 0)
        written += (size_t)n;
    expect(s, n == -EAGAIN);
    return written;
}

size_t subject_empty(struct subject *s, int fd)
{
    static char bytes[65536];
    size_t got = 0;
    ssize_t n;

    while ((n = s->io->read(s->state, fd, bytes, sizeof bytes)) > 0)
        got += (size_t)n;
    expect(s, n == -EAGAIN);
    return got;
}
