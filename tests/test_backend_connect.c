/* struct confab_io, kept by every backend of this build: accept and connect. */
#include "backend_support.h"
#include <errno.h>
#include <string.h>

static const enum subject_kind kinds[] = { OVER_TCP, OVER_UNIX };

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* -- accept ----------------------------------------------------------------------- */

BACKEND_TEST(backend_connect, accept_takes_one_after_another_and_then_would_block)
{
    for (int i = 0; i < KINDS; i++) {
        struct subject_address address;
        int listener = subject_listener(s, kinds[i], &address), far[3];

        expect(s, s->io->accept(s->state, listener, NULL, NULL) == -EAGAIN);
        for (int k = 0; k < 3; k++) {
            far[k] = subject_socket(s, kinds[i]);
            subject_connect(s, far[k], &address);
            subject_write(s, far[k], k == 0 ? "first" : k == 1 ? "second" : "third");
        }
        subject_expect(s, subject_accept(s, listener), "first");
        subject_expect(s, subject_accept(s, listener), "second");
        subject_expect(s, subject_accept(s, listener), "third");
        expect(s, s->io->accept(s->state, listener, NULL, NULL) == -EAGAIN);
    }
}

BACKEND_TEST(backend_connect, accept_tells_who_it_is)
{
    struct subject_address address, peer = { .len = sizeof peer.sa }, own;
    int listener = subject_listener(s, OVER_TCP, &address), fd = subject_socket(s, OVER_TCP);

    subject_connect(s, fd, &address);
    subject_settle(s, listener, BACKEND_READ);
    subject_keep(s, s->io->accept(s->state, listener, (struct sockaddr *)&peer.sa, &peer.len));
    own = subject_name(s, fd);
    expect(s, subject_same(&peer, &own));
}

/* Some systems tell how long the whole is, others how much of it there was room for. */
static void expect_short(struct subject *s, const unsigned char *got, socklen_t len, socklen_t room,
                         const struct subject_address *whole)
{
    expect(s, len == room || len == whole->len);
    expect(s, memcmp(got, &whole->sa, room) == 0);
    for (socklen_t i = room; i < sizeof whole->sa; i++)
        expect(s, got[i] == 0x77);
}

BACKEND_TEST(backend_connect, a_room_that_is_short_is_not_overrun)
{
    struct subject_address address, whole;
    unsigned char got[sizeof whole.sa];
    int listener = subject_listener(s, OVER_TCP, &address), fd = subject_socket(s, OVER_TCP);
    socklen_t room = 4, len;

    subject_connect(s, fd, &address);
    subject_settle(s, listener, BACKEND_READ);
    memset(got, 0x77, sizeof got);
    len = room;
    subject_keep(s, s->io->accept(s->state, listener, (struct sockaddr *)got, &len));
    whole = subject_name(s, fd);
    expect_short(s, got, len, room, &whole);

    memset(got, 0x77, sizeof got);
    len = room;
    expect(s, s->io->getsockname(s->state, fd, (struct sockaddr *)got, &len) == 0);
    expect_short(s, got, len, room, &whole);
    whole = subject_peer(s, fd);
    memset(got, 0x77, sizeof got);
    len = room;
    expect(s, s->io->getpeername(s->state, fd, (struct sockaddr *)got, &len) == 0);
    expect_short(s, got, len, room, &whole);
}

/* Some systems hand out one that has gone; no other error than "none" comes of it. */
BACKEND_TEST(backend_connect, accept_comes_to_the_connection_behind_one_that_has_gone)
{
    struct subject_address address, own, peer;
    int listener = subject_listener(s, OVER_TCP, &address), gone = subject_socket(s, OVER_TCP), fd, got;

    subject_connect(s, gone, &address);
    subject_reset(s, gone);
    fd = subject_socket(s, OVER_TCP);
    subject_connect(s, fd, &address);
    own = subject_name(s, fd);
    for (int i = 0;; i++) {
        expect(s, i < 2);
        peer.len = sizeof peer.sa;
        got = s->io->accept(s->state, listener, (struct sockaddr *)&peer.sa, &peer.len);
        if (got == -EAGAIN) {
            subject_settle(s, listener, BACKEND_READ);
            continue;
        }
        subject_keep(s, got);
        if (subject_same(&peer, &own))
            break;
    }
    subject_write(s, fd, "here");
    subject_expect(s, got, "here");
}

/* -- connect ---------------------------------------------------------------------- */

BACKEND_TEST(backend_connect, connect_never_waits_for_who_does_not_accept)
{
    for (int i = 0; i < KINDS; i++) {
        struct subject_address address;
        int fd;

        subject_listener(s, kinds[i], &address);
        fd = subject_socket(s, kinds[i]);
        subject_connect(s, fd, &address);
        int again = s->io->connect(s->state, fd, subject_sa(&address), address.len);
        expect(s, again == 0 || again == -EISCONN);
        subject_write(s, fd, "it can be written to");
    }
}

BACKEND_TEST(backend_connect, connect_says_that_nobody_is_there)
{
    struct subject_address nobody = subject_address(s, OVER_UNIX), taken;
    int fd = subject_socket(s, OVER_UNIX), error;

    error = s->io->connect(s->state, fd, subject_sa(&nobody), nobody.len);
    expect(s, error == -ENOENT);
    subject_bound(s, OVER_TCP, &taken);
    fd = subject_socket(s, OVER_TCP);
    error = s->io->connect(s->state, fd, subject_sa(&taken), taken.len);
    expect(s, error == -EINPROGRESS || error == -ECONNREFUSED);
    if (error == -EINPROGRESS) {
        subject_settle(s, fd, BACKEND_WRITE);
        expect(s, s->io->socket_error(s->state, fd) == -ECONNREFUSED);
    }
}
