/* struct confab_io, kept by every backend of this build: bytes, over each kind of
 * descriptor and by each call. */
#include "backend_support.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char big[1 << 16];

/* -- Each way of sending and of receiving, as one signature ----------------------- */

typedef ssize_t send_way(struct subject *s, int fd, const char *bytes, size_t len);
typedef ssize_t recv_way(struct subject *s, int fd, char *bytes, size_t len);

static ssize_t by_send(struct subject *s, int fd, const char *bytes, size_t len)
{
    return s->io->send(s->state, fd, bytes, len, 0);
}

/* In three pieces, one of them empty. */
static void pieces(struct iovec iov[3], const char *bytes, size_t len)
{
    char *first = (char *)(uintptr_t)bytes;

    iov[0] = (struct iovec){ first, len / 2 };
    iov[1] = (struct iovec){ NULL, 0 };
    iov[2] = (struct iovec){ first + len / 2, len - len / 2 };
}

static ssize_t by_sendmsg(struct subject *s, int fd, const char *bytes, size_t len)
{
    struct iovec iov[3];

    pieces(iov, bytes, len);
    return s->io->sendmsg(s->state, fd, iov, 3, 0);
}

static ssize_t by_sendto(struct subject *s, int fd, const char *bytes, size_t len)
{
    return s->io->sendto(s->state, fd, bytes, len, 0, NULL, 0);
}

static ssize_t by_writev(struct subject *s, int fd, const char *bytes, size_t len)
{
    struct iovec iov[3];

    pieces(iov, bytes, len);
    return s->io->writev(s->state, fd, iov, 3);
}

/* The file has a byte before and one behind them. */
static ssize_t by_sendfile(struct subject *s, int fd, const char *bytes, size_t len)
{
    char *framed = malloc(len + 2);

    cr_assert_not_null(framed);
    framed[0] = framed[len + 1] = '#';
    memcpy(framed + 1, bytes, len);
    int file = test_file(framed, len + 2);
    ssize_t n = s->io->sendfile(s->state, fd, file, 1, len);
    close(file);
    free(framed);
    return n;
}

static ssize_t by_recv(struct subject *s, int fd, char *bytes, size_t len)
{
    return s->io->recv(s->state, fd, bytes, len, 0);
}

static ssize_t by_recvfrom(struct subject *s, int fd, char *bytes, size_t len)
{
    return s->io->recvfrom(s->state, fd, bytes, len, 0, NULL, NULL);
}

static ssize_t by_read(struct subject *s, int fd, char *bytes, size_t len)
{
    return s->io->read(s->state, fd, bytes, len);
}

/* The first of both go with sockets only. */
static send_way *const sends[] = { by_send, by_sendmsg, by_sendto, by_writev, by_sendfile };
static recv_way *const recvs[] = { by_recv, by_recvfrom, by_read };

enum { SENDS = 5, RECVS = 3, STREAM_SEND = 3, STREAM_RECV = 2 };

static bool is_socket(struct subject *s, int fd)
{
    return s->io->socket_error(s->state, fd) == 0;
}

/* -- Moving ------------------------------------------------------------------------- */

static void each_to_each(struct subject *s, int pair[2])
{
    char bytes[16];

    for (int i = is_socket(s, pair[0]) ? 0 : STREAM_SEND; i < SENDS; i++)
        for (int k = is_socket(s, pair[0]) ? 0 : STREAM_RECV; k < RECVS; k++) {
            expect(s, recvs[k](s, pair[0], bytes, sizeof bytes) == -EAGAIN);
            expect(s, sends[i](s, pair[1], "abcde", 5) == 5);
            subject_settle(s, pair[0], BACKEND_READ);
            expect(s, recvs[k](s, pair[0], bytes, 2) == 2); /* what is left stays for the next call */
            expect(s, recvs[k](s, pair[0], bytes + 2, sizeof bytes - 2) == 3);
            expect(s, memcmp(bytes, "abcde", 5) == 0);
        }
}

BACKEND_TEST(backend_bytes, what_each_call_sends_each_call_receives)
{
    subject_every_kind(s, each_to_each);
}

/* Much, sent by all calls in turn, received by all in turn in other portions. */
static void much(struct subject *s, int pair[2])
{
    const size_t len = (size_t)test_rounds(1 << 20);
    char *bytes = test_pattern(len), *got = malloc(len + 1);
    size_t sent = 0, received = 0;
    int calls = 0;

    cr_assert_not_null(got);
    for (int64_t end = subject_now(s) + 2 * PATIENCE; received < len; calls++) {
        bool socket = is_socket(s, pair[0]);
        int out = socket ? calls % SENDS : STREAM_SEND + calls % (SENDS - STREAM_SEND);
        int in = socket ? calls % RECVS : STREAM_RECV;
        size_t portion = 1 + (size_t)calls * 7919 % 60000;

        expect(s, subject_now(s) < end);
        if (sent < len) {
            ssize_t n = sends[out](s, pair[1], bytes + sent, len - sent < portion ? len - sent : portion);
            expect(s, n > 0 || n == -EAGAIN);
            sent += n > 0 ? (size_t)n : 0;
        }
        ssize_t n =
            recvs[in](s, pair[0], got + received, len + 1 - received < 9973 ? len + 1 - received : 9973);
        expect(s, n > 0 || n == -EAGAIN);
        received += n > 0 ? (size_t)n : 0;
        if (n == -EAGAIN)
            subject_settle(s, pair[0], BACKEND_READ);
    }
    expect(s, received == len && memcmp(bytes, got, len) == 0);
    free(got);
    free(bytes);
}

BACKEND_TEST(backend_bytes, much_arrives_whole_and_in_order_however_it_is_cut)
{
    subject_every_kind(s, much);
}

static void takes_what_fits(struct subject *s, int pair[2])
{
    size_t got = 0;

    for (int i = is_socket(s, pair[0]) ? 0 : STREAM_SEND; i < SENDS; i++) {
        size_t sent = 0;
        ssize_t n;

        while ((n = sends[i](s, pair[1], big, sizeof big)) > 0)
            sent += (size_t)n;
        expect(s, n == -EAGAIN && (sent > 0 || i > 0));
        for (got = 0; got < sent;) {
            subject_settle(s, pair[0], BACKEND_READ);
            got += subject_empty(s, pair[0]);
        }
        expect(s, got == sent);
    }
}

BACKEND_TEST(backend_bytes, sending_takes_what_fits_and_then_would_block)
{
    subject_every_kind(s, takes_what_fits);
}

static void nothing_or_the_end(struct subject *s, int pair[2])
{
    char byte;

    for (int k = 0; k < RECVS; k++)
        expect(s, recvs[k](s, pair[0], &byte, 1) == -EAGAIN);
    subject_write(s, pair[1], "abc");
    expect(s, s->io->shutdown(s->state, pair[1], SHUT_WR) == 0);
    subject_settle(s, pair[0], BACKEND_READ);
    for (int k = 0; k < RECVS; k++)
        expect(s, recvs[k](s, pair[0], &byte, 1) == 1 && byte == "abc"[k]);
    subject_settle(s, pair[0], BACKEND_READ);
    for (int k = 0; k < 2 * RECVS; k++)
        expect(s, recvs[k % RECVS](s, pair[0], &byte, 1) == 0);
}

BACKEND_TEST(backend_bytes, nothing_yet_would_block_and_the_end_is_0)
{
    subject_every_connection(s, nothing_or_the_end);
}

static void peeked(struct subject *s, int pair[2])
{
    char bytes[8] = "";

    expect(s, s->io->recv(s->state, pair[0], bytes, sizeof bytes, MSG_PEEK) == -EAGAIN);
    subject_write(s, pair[1], "abc");
    subject_settle(s, pair[0], BACKEND_READ);
    for (int i = 0; i < 2; i++)
        expect(s, s->io->recv(s->state, pair[0], bytes, sizeof bytes, MSG_PEEK) == 3 &&
                      !memcmp(bytes, "abc", 3));
    expect(s, s->io->recv(s->state, pair[0], bytes, 1, MSG_PEEK) == 1);
    expect(s, s->io->recv(s->state, pair[0], bytes, sizeof bytes, 0) == 3);
    subject_close(s, pair[1]);
    subject_settle(s, pair[0], BACKEND_READ);
    expect(s, s->io->recv(s->state, pair[0], bytes, sizeof bytes, MSG_PEEK) == 0);
}

BACKEND_TEST(backend_bytes, what_is_peeked_at_stays)
{
    subject_every_connection(s, peeked);
}

/* -- To nobody ------------------------------------------------------------------------ */

static int blocked(sigset_t *set)
{
    return pthread_sigmask(SIG_BLOCK, NULL, set);
}

static bool sigpipe_is(int (*ask)(sigset_t *))
{
    sigset_t set;

    cr_assert_eq(ask(&set), 0);
    return sigismember(&set, SIGPIPE);
}

static void after_our_own_end(struct subject *s, int pair[2])
{
    expect(s, s->io->shutdown(s->state, pair[1], SHUT_WR) == 0);
    for (int i = 0; i < SENDS; i++)
        expect(s, sends[i](s, pair[1], big, sizeof big) == -EPIPE);
}

/* By SIGPIPE it would end here. */
BACKEND_TEST(backend_bytes, sending_to_nobody_is_EPIPE_and_no_signal)
{
    int pair[2];

    signal(SIGPIPE, SIG_DFL);
    subject_every_connection(s, after_our_own_end);
    for (int i = 0; i < SENDS; i++) {
        subject_pair(s, OVER_UNIX, pair);
        subject_close(s, pair[0]);
        expect(s, sends[i](s, pair[1], big, sizeof big) == -EPIPE);
    }
    if (subject_real(s)) {
        subject_pair(s, OVER_PIPE, pair);
        subject_close(s, pair[0]);
        for (int i = STREAM_SEND; i < SENDS; i++)
            expect(s, sends[i](s, pair[1], big, sizeof big) == -EPIPE);
    }
    expect(s, !sigpipe_is(blocked) && !sigpipe_is(sigpending));
}

/* -- sendfile ------------------------------------------------------------------------- */

static void sends_a_part(struct subject *s, int pair[2])
{
    int file = subject_keep(s, test_file("0123456789", 10));

    cr_assert_eq(lseek(file, 5, SEEK_SET), 5);
    expect(s, s->io->sendfile(s->state, pair[1], file, 3, 4) == 4);
    subject_expect(s, pair[0], "3456");
    expect(s, s->io->sendfile(s->state, pair[1], file, 8, 100) == 2);
    subject_expect(s, pair[0], "89");
    expect(s, s->io->sendfile(s->state, pair[1], file, 10, 1) == 0);
    expect(s, s->io->sendfile(s->state, pair[1], file, 1000, 1) == 0);
    expect(s, subject_empty(s, pair[0]) == 0);
    cr_assert_eq(lseek(file, 0, SEEK_CUR), 5);
}

BACKEND_TEST(backend_bytes, sendfile_sends_a_part_and_0_where_the_file_ends)
{
    subject_every_kind(s, sends_a_part);
}

BACKEND_TEST(backend_bytes, sendfile_says_what_is_wrong)
{
    int pair[2], file = subject_keep(s, test_file("x", 1));
    int folder = subject_keep(s, open(test_folder(), O_RDONLY));

    subject_pair(s, OVER_TCP, pair);
    expect(s, s->io->sendfile(s->state, pair[0], -1, 0, 1) == -EBADF);
    expect(s, s->io->sendfile(s->state, -1, file, 0, 1) == -EBADF);
    expect(s, s->io->sendfile(s->state, pair[0], folder, 0, 1) < 0);
}

/* Whether it holds anything back only the system knows, and for how long. */
BACKEND_TEST(backend_bytes, what_was_corked_arrives_once_it_is_not)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    if (!s->io->cork || s->io->cork(s->state, pair[0], true) == -ENOTSUP)
        return;
    expect(s, s->io->send(s->state, pair[0], "ab", 2, 0) == 2);
    expect(s, s->io->send(s->state, pair[0], "c", 1, 0) == 1);
    expect(s, s->io->cork(s->state, pair[0], false) == 0);
    subject_expect(s, pair[1], "abc");
}

/* -- What has arrived ------------------------------------------------------------------ */

BACKEND_TEST(backend_bytes, unsent_is_0_only_where_the_peer_has_got_all)
{
    int pair[2], file = subject_keep(s, test_file("x", 1));

    subject_pair(s, OVER_TCP, pair);
    if (!s->io->unsent || s->io->unsent(s->state, pair[0]) == -ENOTSUP)
        return; /* not to be known: that is said, and all */
    expect(s, s->io->unsent(s->state, pair[0]) == 0);
    expect(s, s->io->unsent(s->state, file) < 0);
    subject_fill(s, pair[0]);
    /* What a simulated network takes of that is with the peer at once. */
    expect(s, s->io->unsent(s->state, pair[0]) > 0 || !subject_real(s));
    for (int64_t end = subject_now(s) + PATIENCE; s->io->unsent(s->state, pair[0]) > 0;) {
        expect(s, subject_now(s) < end);
        subject_empty(s, pair[1]);
        subject_wait(s, CONFAB_MILLISECOND);
    }
}

/* -- Datagrams ------------------------------------------------------------------------- */

static int datagram_socket(struct subject *s, struct subject_address *address)
{
    int fd = subject_keep(s, s->io->socket(s->state, AF_INET, SOCK_DGRAM, 0));

    *address = subject_address(s, OVER_TCP);
    expect(s, s->io->bind(s->state, fd, subject_sa(address), address->len) == 0);
    expect(s, s->io->getsockname(s->state, fd, (struct sockaddr *)&address->sa, &address->len) == 0);
    return fd;
}

REAL_BACKEND_TEST(backend_bytes, datagrams_come_with_where_they_came_from, "it has no datagrams")
{
    struct subject_address a, b, from = { .len = sizeof from.sa };
    int one = datagram_socket(s, &a), other = datagram_socket(s, &b);
    char bytes[8];

    expect(s, s->io->recvfrom(s->state, other, bytes, sizeof bytes, 0, NULL, NULL) == -EAGAIN);
    expect(s, s->io->sendto(s->state, one, "abc", 3, 0, subject_sa(&b), b.len) == 3);
    subject_settle(s, other, BACKEND_READ);
    expect(s, s->io->recvfrom(s->state, other, bytes, sizeof bytes, 0, (struct sockaddr *)&from.sa,
                              &from.len) == 3);
    expect(s, from.len == a.len && !memcmp(&from.sa, &a.sa, a.len));
    expect(s, s->io->sendto(s->state, one, "abc", 3, 0, NULL, 0) < 0);
}
