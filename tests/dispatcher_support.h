/* dispatcher_support.h: a dispatcher whose handlers count what they were told. */
#ifndef CONFAB_TESTS_DISPATCHER_SUPPORT_H
#define CONFAB_TESTS_DISPATCHER_SUPPORT_H

#include "support.h"
#include <arpa/inet.h>
#include <confab/dispatcher.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum told { CONNECT, READ, WRITE, EXPT, ACCEPTED, ERROR, CLOSE, TOLD };

/* What a dispatcher was told; its data. */
struct seen {
    int times[TOLD];
    char order[64]; /* the first letter of each, C R W E A ! . */
    int error;      /* of the last handle_error */
    int fd;         /* of the last handle_accepted; not closed */
    char bytes[256];
    size_t n; /* of what handle_read received */

    /* What its handlers do besides, by bit of enum told. */
    unsigned close_in; /* close the dispatcher */
    unsigned fail_in;  /* return -EPROTO */
    bool leave_unread; /* handle_read receives nothing */
    void (*also)(confab_dispatcher *, enum told);
};

static inline int note(confab_dispatcher *d, enum told told)
{
    struct seen *seen = confab_dispatcher_data(d);
    size_t n = strlen(seen->order);

    seen->times[told]++;
    if (n + 1 < sizeof seen->order)
        seen->order[n] = "CRWEA!."[told];
    if (seen->also)
        seen->also(d, told);
    if (seen->close_in & 1u << told)
        confab_dispatcher_close(d);
    return seen->fail_in & 1u << told ? -EPROTO : 0;
}

static inline int note_connect(confab_dispatcher *d)
{
    return note(d, CONNECT);
}

static inline int note_read(confab_dispatcher *d)
{
    struct seen *seen = confab_dispatcher_data(d);

    if (!seen->leave_unread) {
        ssize_t n = confab_dispatcher_recv(d, seen->bytes + seen->n, sizeof seen->bytes - 1 - seen->n);
        cr_assert_geq(n, 0, "recv: %s", strerror((int)-n));
        seen->n += (size_t)n;
    }
    return note(d, READ);
}

static inline int note_write(confab_dispatcher *d)
{
    return note(d, WRITE);
}

static inline int note_expt(confab_dispatcher *d)
{
    return note(d, EXPT);
}

static inline int note_accepted(confab_dispatcher *d, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct seen *seen = confab_dispatcher_data(d);

    (void)peer, (void)len;
    seen->fd = fd;
    return note(d, ACCEPTED);
}

static inline int note_error(confab_dispatcher *d, int error)
{
    struct seen *seen = confab_dispatcher_data(d);

    seen->error = error;
    return note(d, ERROR);
}

static inline void note_close(confab_dispatcher *d)
{
    note(d, CLOSE);
}

static const struct confab_dispatcher_ops noting = { .size = sizeof noting,
                                                     .handle_connect = note_connect,
                                                     .handle_read = note_read,
                                                     .handle_write = note_write,
                                                     .handle_expt = note_expt,
                                                     .handle_accepted = note_accepted,
                                                     .handle_error = note_error,
                                                     .handle_close = note_close };

/* One that owns fd. */
static inline confab_dispatcher *adopted(confab_reactor *reactor, int fd, struct seen *seen)
{
    confab_dispatcher *d = confab_dispatcher_new(reactor, &noting, seen);

    cr_assert_not_null(d);
    cr_assert_eq(confab_dispatcher_adopt(d, fd), 0);
    return d;
}

/* One with a new socket. */
static inline confab_dispatcher *with_socket(confab_reactor *reactor, int family, int type, struct seen *seen)
{
    confab_dispatcher *d = confab_dispatcher_new(reactor, &noting, seen);

    cr_assert_not_null(d);
    cr_assert_eq(confab_dispatcher_create_socket(d, family, type), 0);
    return d;
}

/* One that listens. */
static inline confab_dispatcher *listening(confab_reactor *reactor, int family, const char *address,
                                           struct seen *seen)
{
    confab_dispatcher *d = with_socket(reactor, family, SOCK_STREAM, seen);

    cr_assert_eq(confab_dispatcher_set_reuse_addr(d), 0);
    cr_assert_eq(confab_dispatcher_bind(d, address), 0);
    cr_assert_eq(confab_dispatcher_listen(d, 16), 0);
    return d;
}

/* Whether this machine has IPv6 at all. */
static inline bool has_six(void)
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

/* An address of this machine where nobody listens. */
static inline const char *deserted(void)
{
    static char text[64];
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    close(fd);
    snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(sa.sin_port));
    return text;
}

/* A dispatcher on one end of a connected pair; the test has the other. */
struct pair {
    confab_reactor *reactor;
    confab_dispatcher *d;
    int far;
    struct seen seen;
};

static inline void pair_open(struct pair *pair)
{
    int fds[2];

    pair->reactor = test_reactor();
    test_pair(fds);
    pair->d = adopted(pair->reactor, fds[0], &pair->seen);
    pair->far = fds[1];
}

static inline void pair_close(struct pair *pair)
{
    close(pair->far);
    test_reactor_free(pair->reactor);
    cr_expect_eq(pair->seen.times[CLOSE], 1, "handle_close was called %d times", pair->seen.times[CLOSE]);
}

#endif
