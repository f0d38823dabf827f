/* load_support.h: servers for a load, each with a fault of its own, in a process of its own. */
#ifndef CONFAB_TESTS_LOAD_SUPPORT_H
#define CONFAB_TESTS_LOAD_SUPPORT_H

#include "tools/bench/load.h"

/* What a server does with lines; the numbers are in load_support.c. */
enum fake_kind {
    FAKE_ANSWERS, /* sends them back */
    FAKE_WRONG,   /* with one wrong byte, after some time */
    FAKE_SILENT,  /* never sends anything */
    FAKE_IGNORES, /* as ANSWERS, but the third connection, which it never answers */
    FAKE_CLOSES,  /* closes each connection after some messages */
    FAKE_MIXES,   /* gives the answers of the first two connections to each other */
    FAKE_EXTRA,   /* sends more than it was sent, after some time */
    FAKE_STALLS,  /* answers nobody for FAKE_STALL ms, once */
    FAKE_FREEZES, /* stops the load for as long, once */
    FAKE_SLOW,    /* takes more than a ms for a message */
    FAKE_PIECES,  /* sends them back byte by byte */
    FAKE_GREETS,  /* says "hello" first, then as ANSWERS */
    FAKE_LEAVES,  /* says "hello", and closes */
    FAKE_QUITS,   /* as ANSWERS; closes behind a line with "quit" in it */
    FAKE_NUMBERS, /* answers "n NUMBER", which is another each time */
    FAKE_TWICE    /* every second answer has a line "also" before it */
};
enum { FAKE_STALL = 200 };

/* What it has seen. */
struct fake_counts {
    volatile uint64_t accepted, messages, resets;
    volatile bool frozen;       /* FREEZES has found the load */
    volatile uint64_t bytes[3]; /* of the first connections */
};

struct fake {
    struct server server;
    struct fake_counts *counts;
};

void fake_start(struct fake *fake, enum fake_kind kind);
void fake_stop(struct fake *fake);

/* A bench that pins nothing. */
struct bench fake_bench(void);

/* One load at one server, from beginning to end; what the server has seen. */
struct fake_counts fake_load(enum fake_kind kind, const struct load *load, struct bench *bench,
                             struct sample *sample);

#endif
