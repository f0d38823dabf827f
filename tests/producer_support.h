/* producer_support.h: what suites of producers share beside script.h: bytes in
 * pieces, and the ways in which a chat leaves a producer before its end. */
#ifndef CONFAB_TESTS_PRODUCER_SUPPORT_H
#define CONFAB_TESTS_PRODUCER_SUPPORT_H

#include "chat_support.h"
#include "support.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static inline void count_release(void *released)
{
    ++*(int *)released;
}

/* A simple producer of these bytes, `cut` (0: 512) at a time; each release counts. */
static inline void *in_pieces(const char *bytes, size_t len, size_t cut, int *released)
{
    void *self = confab_simple_producer_new(bytes, len, cut, count_release, released);

    cr_assert_not_null(self);
    return self;
}

static inline void *text_in_pieces(const char *text, size_t cut, int *released)
{
    return in_pieces(text, strlen(text), cut, released);
}

static inline void talk_push(struct talk *talk, const struct confab_producer_ops *ops, void *self)
{
    cr_assert_not_null(self);
    cr_assert_eq(confab_chat_push_with_producer(talk->chat, ops, self), 0);
}

/* Turns the loop until it is quiet; then exactly this text has arrived since the last time. */
static inline void quiet_expect(struct talk *talk, const char *text)
{
    run_quiet(talk->reactor);
    test_expect(talk->peer, text);
}

static inline void peer_goes(struct talk *talk)
{
    test_close(talk->peer);
    talk->peer = -1;
}

static inline void chat_closes(struct talk *talk)
{
    confab_chat_close(talk->chat);
}

static inline void chat_aborts(struct talk *talk)
{
    confab_chat_abort(talk->chat);
}

static inline void chat_discards(struct talk *talk)
{
    confab_chat_discard_buffers(talk->chat);
}

static void (*const leavings[])(struct talk *) = { peer_goes, chat_closes, chat_aborts, chat_discards };
enum { LEAVINGS = sizeof leavings / sizeof *leavings };

/* A producer around a long one is left half sent, one around `never` while it waits behind that: what they hold
 * is released once, and not inside the call. */
static inline void leave_half_way(const struct confab_producer_ops *ops, void *(*around)(void *simple),
                                  void (*leave)(struct talk *))
{
    enum { LEN = 1 << 20 };
    static char bytes[LEN];
    struct talk talk = { 0 };
    int half = 0, never = 0;

    talk_open(&talk);
    talk_push(&talk, ops, around(in_pieces(bytes, LEN, 3000, &half)));
    talk_push(&talk, ops, around(in_pieces(bytes, LEN, 3000, &never)));
    run_quiet(talk.reactor);
    cr_assert_gt(test_recv(talk.peer, (char[1000]){ 0 }, 1000), 0);
    leave(&talk);
    cr_assert_eq(half + never, 0);
    run_quiet(talk.reactor);
    cr_assert_eq(half, 1);
    cr_assert_eq(never, 1);
    cr_assert_eq(talk.closes, leave != chat_discards);
    talk_end(&talk);
    cr_assert_eq(half + never, 2);
}

#endif
