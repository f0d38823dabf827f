/* The contract of backend.h, kept by every backend of this build: what ended is
 * told as readable and writable, behind all that came before it. */
#include "backend_support.h"
#include <errno.h>

/* A terminal says EIO where its other side has gone. */
static bool at_the_end(struct subject *s, int fd)
{
    char byte;
    ssize_t n = s->io->read(s->state, fd, &byte, 1);

    return n == 0 || n == -EIO;
}

static void last_words(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_write(s, pair[1], "last words");
    subject_close(s, pair[1]);
    subject_until(s, pair[0], BACKEND_READ);
    subject_expect(s, pair[0], "last words");
    subject_set(s, pair[0], 0, BACKEND_READ);
    for (int i = 0; i < 2; i++) {
        subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->n == 1 && s->ready[0].events == BACKEND_READ);
        expect(s, at_the_end(s, pair[0]));
    }
}

BACKEND_TEST(backend_ends, what_came_before_a_hang_up_is_not_lost)
{
    subject_every_kind(s, last_words);
}

BACKEND_TEST(backend_ends, what_came_before_a_reset_is_not_lost)
{
    char byte;
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_write(s, pair[1], "last words");
    subject_settle(s, pair[0], BACKEND_READ);
    subject_reset(s, pair[1]);
    subject_settle(s, pair[0], BACKEND_READ);
    subject_expect(s, pair[0], "last words");
    subject_settle(s, pair[0], BACKEND_READ);
    expect(s, s->io->recv(s->state, pair[0], &byte, 1, 0) == -ECONNRESET);
}

/* -- What nobody wants to know -------------------------------------------------- */

static void unwanted_hang_up(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, 0);
    subject_close(s, pair[1]);
    subject_rests(s);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_until(s, pair[0], BACKEND_READ);
    subject_set(s, pair[0], BACKEND_READ, 0);
    subject_rests(s);
}

BACKEND_TEST(backend_ends, with_no_interest_a_hang_up_is_not_told)
{
    subject_every_kind(s, unwanted_hang_up);
}

BACKEND_TEST(backend_ends, with_no_interest_a_reset_is_not_told)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ | BACKEND_WRITE);
    subject_set(s, pair[0], BACKEND_READ | BACKEND_WRITE, 0);
    subject_reset(s, pair[1]);
    subject_rests(s);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_until(s, pair[0], BACKEND_READ);
}

/* Where the kernel tells of it wanted or not, one wait may end early, as by a signal. */
static void hang_up_for_except(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_EXCEPT);
    subject_close(s, pair[1]);
    expect(s, subject_wait(s, CONFAB_MILLISECOND) == 0);
    subject_rests(s);
    subject_set(s, pair[0], BACKEND_EXCEPT, BACKEND_READ | BACKEND_EXCEPT);
    expect(s, !(subject_until(s, pair[0], BACKEND_READ)->events & BACKEND_FAILED));
}

BACKEND_TEST(backend_ends, a_hang_up_is_nothing_to_who_wants_except_only)
{
    subject_every_kind(s, hang_up_for_except);
}

/* -- As far as it is wanted ----------------------------------------------------- */

static void told_as_wanted(struct subject *s, int fd)
{
    const unsigned wanted[] = { BACKEND_READ, BACKEND_WRITE, BACKEND_READ | BACKEND_WRITE };
    unsigned armed = 0;

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        subject_set(s, fd, armed, wanted[i]);
        for (int times = 0; times < 2; times++) {
            subject_until(s, fd, wanted[i]);
            expect(s, s->n == 1 && s->ready[0].events == wanted[i] && s->ready[0].error == 0);
        }
        armed = wanted[i];
    }
}

static void hung_up(struct subject *s, int pair[2])
{
    subject_close(s, pair[1]);
    told_as_wanted(s, pair[0]);
}

BACKEND_TEST(backend_ends, a_hang_up_shows_as_what_is_wanted_in_one_entry)
{
    subject_every_connection(s, hung_up);
}

BACKEND_TEST(backend_ends, a_reset_shows_as_what_is_wanted_in_one_entry)
{
    int pair[2];

    subject_pair(s, OVER_TCP, pair);
    subject_reset(s, pair[1]);
    told_as_wanted(s, pair[0]);
}

BACKEND_TEST(backend_ends, a_reset_is_readable)
{
    int pair[2];
    char byte;

    subject_pair(s, OVER_TCP, pair);
    subject_set(s, pair[0], 0, BACKEND_READ);
    expect(s, subject_wait(s, 0) == 0);
    subject_reset(s, pair[1]);
    subject_until(s, pair[0], BACKEND_READ);
    expect(s, s->io->recv(s->state, pair[0], &byte, 1, 0) == -ECONNRESET);
}

BACKEND_TEST(backend_ends, a_reset_is_writable_where_there_was_no_room)
{
    static char bytes[65536];
    int pair[2], size = 4096;
    ssize_t n;

    subject_pair(s, OVER_TCP, pair);
    s->io->setsockopt(s->state, pair[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    subject_fill(s, pair[0]);
    subject_set(s, pair[0], 0, BACKEND_WRITE);
    subject_reset(s, pair[1]);
    do {
        subject_until(s, pair[0], BACKEND_WRITE);
        n = s->io->send(s->state, pair[0], bytes, sizeof bytes, 0);
    } while (n > 0);
    expect(s, n == -ECONNRESET || n == -EPIPE);
}

static void nobody_reads_any_more(struct subject *s, int pair[2])
{
    static char bytes[4096];
    const struct iovec iov = { bytes, sizeof bytes };

    subject_fill(s, pair[1]);
    subject_set(s, pair[1], 0, BACKEND_WRITE);
    subject_close(s, pair[0]);
    subject_until(s, pair[1], BACKEND_WRITE);
    expect(s, s->io->writev(s->state, pair[1], &iov, 1) < 0);
}

BACKEND_TEST(backend_ends, what_is_full_is_writable_once_nobody_can_read_it)
{
    int pair[2];

    subject_pair(s, OVER_UNIX, pair);
    nobody_reads_any_more(s, pair);
    if (subject_real(s)) {
        subject_pair(s, OVER_PIPE, pair);
        nobody_reads_any_more(s, pair);
    }
}

/* -- Half of it ----------------------------------------------------------------- */

static void half_closed(struct subject *s, int pair[2])
{
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_write(s, pair[1], "last words");
    expect(s, s->io->shutdown(s->state, pair[1], SHUT_WR) == 0);
    subject_expect(s, pair[0], "last words");
    subject_set(s, pair[0], BACKEND_READ, BACKEND_READ | BACKEND_WRITE);
    for (int i = 0; i < 2; i++) {
        subject_until(s, pair[0], BACKEND_READ);
        expect(s, s->n == 1 && s->ready[0].events == (BACKEND_READ | BACKEND_WRITE));
        expect(s, at_the_end(s, pair[0]));
    }
    subject_write(s, pair[0], "an answer");
    subject_expect(s, pair[1], "an answer");
}

BACKEND_TEST(backend_ends, a_half_close_is_readable_and_the_other_way_goes_on)
{
    subject_every_connection(s, half_closed);
}

static void own_half_close(struct subject *s, int pair[2])
{
    expect(s, s->io->shutdown(s->state, pair[0], SHUT_WR) == 0);
    subject_set(s, pair[0], 0, BACKEND_READ);
    subject_rests(s);
    subject_write(s, pair[1], "still here");
    subject_until(s, pair[0], BACKEND_READ);
    subject_expect(s, pair[0], "still here");
}

BACKEND_TEST(backend_ends, our_own_half_close_is_no_end_of_input)
{
    subject_every_connection(s, own_half_close);
}

/* -- Connecting ------------------------------------------------------------------- */

BACKEND_TEST(backend_ends, a_refused_connect_is_writable)
{
    struct subject_address address;
    int fd = subject_socket(s, OVER_TCP);

    subject_bound(s, OVER_TCP, &address); /* and nobody listens there */
    int error = s->io->connect(s->state, fd, subject_sa(&address), address.len);
    if (error == -EINPROGRESS) {
        subject_set(s, fd, 0, BACKEND_WRITE);
        expect(s, subject_until(s, fd, BACKEND_WRITE)->events == BACKEND_WRITE);
        error = s->io->socket_error(s->state, fd);
    }
    expect(s, error == -ECONNREFUSED);
}

static void connects(struct subject *s, enum subject_kind kind)
{
    struct subject_address address;
    int listener = subject_listener(s, kind, &address), fd = subject_socket(s, kind);
    int error = s->io->connect(s->state, fd, subject_sa(&address), address.len);

    expect(s, error == 0 || error == -EINPROGRESS);
    subject_set(s, fd, 0, BACKEND_READ | BACKEND_WRITE);
    expect(s, subject_until(s, fd, BACKEND_WRITE)->events == BACKEND_WRITE);
    expect(s, s->io->socket_error(s->state, fd) == 0);
    int far = subject_accept(s, listener);
    subject_write(s, fd, "hello");
    subject_expect(s, far, "hello");
}

BACKEND_TEST(backend_ends, a_connect_that_is_done_is_writable)
{
    connects(s, OVER_TCP);
    connects(s, OVER_UNIX);
}
