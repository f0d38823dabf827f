/* rate_support.h: a talk at a rate, on a clock that only the test moves. */
#ifndef CONFAB_TESTS_RATE_SUPPORT_H
#define CONFAB_TESTS_RATE_SUPPORT_H

#include "chat_support.h"
#include "core/chat.h"
#include "support.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stub_io.h"

/* 400 bytes at first, then 160 in 100 ms; a rest is 62.5 ms, 100 bytes. */
enum { RATE = 1600, BURST = 400, USEFUL = 100, MANY = 6000 };

#define MILLISECONDS(n) ((n)*CONFAB_MILLISECOND)

/* MANY bytes, for each test anew: .init and .fini of its suite. */
static char *pattern;

static inline void make_pattern(void)
{
    pattern = test_pattern(MANY);
}

static inline void free_pattern(void)
{
    free(pattern);
}

static char rate_got[MANY]; /* what the peer has received */
static size_t rate_got_size;

/* Opens it, and turns the loop until it is connected. */
static inline void rate_open(struct talk *talk)
{
    talk->reactor = test_reactor();
    talk->owns_reactor = true;
    talk->mute = true;
    stub_io(talk->reactor);
    talk_open(talk);
    run_quiet(talk->reactor);
    rate_got_size = 0;
}

/* Lets exactly that much time pass, and what is due then happen. */
static inline void rate_pass(int64_t ns)
{
    stub_now += ns;
    run_quiet(stub_reactor);
}

/* How many bytes of the pattern the peer has received by now; they are its first. */
static inline size_t rate_received(struct talk *talk)
{
    ssize_t n;

    while ((n = test_recv(talk->peer, rate_got + rate_got_size, sizeof rate_got - rate_got_size)) > 0)
        rate_got_size += (size_t)n;
    cr_assert_eq(memcmp(rate_got, pattern, rate_got_size), 0, "what was received is not what was sent");
    return rate_got_size;
}

/* Whether the peer has received all, and the end behind it. */
static inline bool rate_ended(struct talk *talk)
{
    char byte;

    return test_recv(talk->peer, &byte, 1) == -1;
}

static inline struct confab_chat_stats rate_stats(confab_chat *chat)
{
    struct confab_chat_stats stats = { .size = sizeof stats };

    confab_chat_get_stats(chat, &stats);
    return stats;
}

#endif
