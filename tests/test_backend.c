/* The contract of backend.h, kept by every backend of this build: what is ready
 * is told, what ended is told as readable and writable, and nothing else is. */
#include "backend_support.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static void tells_again_until_read(struct subject *s, int pair[2])
{
    const struct confab_ready *entry;
    char byte;

    expect(s, s->backend->set(s->state, pair[0], 0xfedcba98u, 0, BACKEND_READ) == 0);
    expect(s, subject_wait(s, 0) == 0);
    expect(s, write(pair[1], "x", 1) == 1);
    for (int i = 0; i < 3; i++) {
        entry = subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->n == 1 && entry->events == BACKEND_READ && entry->error == 0);
        expect(s, entry->generation == 0xfedcba98u);
    }
    expect(s, read(pair[0], &byte, 1) == 1);
    expect(s, subject_wait(s, 0) == 0);
}

BACKEND_TEST(backend, input_is_told_again_until_it_is_read)
{
    subject_every_kind(s, tells_again_until_read);
}

static void fill_and_empty(struct subject *s, int from, int to)
{
    static char bytes[4096];

    subject_set(s, to, 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
    while (write(to, bytes, sizeof bytes) > 0)
        ;
    expect(s, subject_wait(s, 0) == 0);
    while (read(from, bytes, sizeof bytes) > 0)
        ;
    subject_until(s, to, BACKEND_WRITE);
    s->backend->del(s->state, to, BACKEND_WRITE);
}

BACKEND_TEST(backend, writable_means_that_there_is_room)
{
    int pair[2];

    test_pair(pair);
    fill_and_empty(s, pair[0], pair[1]);
    subject_pipe(pair);
    fill_and_empty(s, pair[0], pair[1]);
}

BACKEND_TEST(backend, there_is_one_entry_for_reading_and_writing)
{
    int pair[2];

    test_pair(pair);
    test_send(pair[1], "x", 1);
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    expect(s, subject_wait(s, PATIENCE) == 1);
    expect(s, s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
}

BACKEND_TEST(backend, only_what_is_wanted_is_told)
{
    int pair[2];

    test_pair(pair);
    test_send(pair[1], "x", 1);
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_WRITE, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, 0);
    expect(s, subject_wait(s, 0) == 0);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_READ);
}

BACKEND_TEST(backend, out_of_band_data_is_except)
{
    int pair[2];

    test_tcp_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_EXCEPT);
    expect(s, send(pair[1], "!", 1, MSG_OOB) == 1);
    expect(s, subject_until(s, pair[0], BACKEND_EXCEPT)->events == BACKEND_EXCEPT);
    subject_set(s, pair[0], BACKEND_EXCEPT, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 1 && s->ready[0].events == BACKEND_WRITE);
}

BACKEND_TEST(backend, a_connection_that_waits_makes_a_listener_readable)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    subject_set(s, listener, 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 0);
    cr_assert_eq(connect(client, (struct sockaddr *)&address, len), 0);
    subject_until(s, listener, BACKEND_READ);
}

/* -- Ends ------------------------------------------------------------------- */

static void last_words(struct subject *s, int pair[2])
{
    char bytes[16];

    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, write(pair[1], "last words", 10) == 10);
    subject_hang_up(pair[1]);
    for (size_t got = 0; got < 10;) {
        subject_until(s, pair[0], BACKEND_READ);
        ssize_t n = read(pair[0], bytes + got, 10 - got);
        expect(s, n > 0);
        got += (size_t)n;
    }
    expect(s, memcmp(bytes, "last words", 10) == 0);
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, read(pair[0], bytes, 1) == 0 || errno == EIO);
}

BACKEND_TEST(backend, what_came_before_a_hang_up_is_not_lost)
{
    subject_every_kind(s, last_words);
}

/* Fails where waits of 5 ms come back at once and with nothing to tell. */
static void rests(struct subject *s)
{
    int64_t start = subject_now();

    for (int i = 0; i < 4; i++)
        expect(s, subject_wait(s, 5 * CONFAB_MILLISECOND) == 0);
    expect(s, subject_now() - start >= 15 * CONFAB_MILLISECOND);
}

static void unwanted_hang_up(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, 0);
    subject_hang_up(pair[1]);
    rests(s);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_until(s, pair[0], BACKEND_READ);
}

BACKEND_TEST(backend, with_no_interest_a_hang_up_is_not_told)
{
    subject_every_kind(s, unwanted_hang_up);
}

static void hang_up_for_except(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_EXCEPT);
    subject_hang_up(pair[1]);
    rests(s);
    subject_set(s, pair[0], BACKEND_EXCEPT, BACKEND_READ | BACKEND_EXCEPT);
    subject_until(s, pair[0], BACKEND_READ);
}

BACKEND_TEST(backend, a_hang_up_is_nothing_to_who_wants_except_only)
{
    subject_every_kind(s, hang_up_for_except);
}

static void reset(int fd)
{
    const struct linger at_once = { .l_onoff = 1 };

    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

BACKEND_TEST(backend, a_reset_is_readable)
{
    int pair[2];
    char byte;

    test_tcp_pair(pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    reset(pair[1]);
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, s->backend->io->recv(s->state, pair[0], &byte, 1, 0) == -ECONNRESET);
}

BACKEND_TEST(backend, a_reset_is_writable_where_there_was_no_room)
{
    static char bytes[65536];
    int pair[2], size = 4096;
    ssize_t n;

    test_tcp_pair(pair);
    cr_assert_eq(setsockopt(pair[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    while (send(pair[0], bytes, sizeof bytes, 0) > 0)
        ;
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    reset(pair[1]);
    do {
        subject_until(s, pair[0], BACKEND_WRITE);
        n = s->backend->io->send(s->state, pair[0], bytes, sizeof bytes, 0);
    } while (n > 0);
    expect(s, n == -ECONNRESET || n == -EPIPE);
}

BACKEND_TEST(backend, a_full_pipe_that_nobody_reads_any_more_is_writable)
{
    static char bytes[4096];
    const struct iovec iov = { bytes, sizeof bytes };
    int pair[2];

    subject_pipe(pair);
    while (write(pair[1], bytes, sizeof bytes) > 0)
        ;
    subject_set(s, pair[1], 0, BACKEND_WRITE);
    expect(s, subject_wait(s, 0) == 0);
    close(pair[0]);
    subject_until(s, pair[1], BACKEND_WRITE);
    expect(s, s->backend->io->writev(s->state, pair[1], &iov, 1) == -EPIPE);
}

BACKEND_TEST(backend, a_refused_connect_is_writable)
{
    const struct confab_io *io = s->backend->io;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int taken = socket(AF_INET, SOCK_STREAM, 0), fd = io->socket(s->state, AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(taken, (struct sockaddr *)&address, len), 0); /* and nobody listens there */
    cr_assert_eq(getsockname(taken, (struct sockaddr *)&address, &len), 0);
    int error = io->connect(s->state, fd, (struct sockaddr *)&address, len);
    subject_set(s, fd, 0, BACKEND_WRITE);
    subject_until(s, fd, BACKEND_WRITE);
    if (error == -EINPROGRESS)
        error = io->socket_error(s->state, fd);
    expect(s, error == -ECONNREFUSED);
}

/* -- The table -------------------------------------------------------------- */

Test(backend, each_backend_of_the_build_has_its_own_name)
{
    size_t n = 0;

    for (; confab_backends[n]; n++) {
        cr_assert_str_eq(confab_backend_name(n), confab_backends[n]->name);
        for (size_t i = 0; i < n; i++)
            cr_assert_str_neq(confab_backend_name(n), confab_backend_name(i));
    }
    cr_assert_gt(n, 0);
    cr_assert_null(confab_backend_name(n));
    cr_assert_null(confab_backend_name(SIZE_MAX));
}
