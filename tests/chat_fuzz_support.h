/* chat_fuzz_support.h: what test_chat_fuzz.c does at random to a chat, and the model that goes along.
 *
 * The model knows what was sent and not delivered yet, and judges each call of a hook by that alone. */
#ifndef CONFAB_TESTS_CHAT_FUZZ_SUPPORT_H
#define CONFAB_TESTS_CHAT_FUZZ_SUPPORT_H

#include <confab/chat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROOM = 4096, OUT_ROOM = 1 << 17, MUCH = 40000 };

/* A chat, its peer, and the model. */
struct session {
    unsigned seed;
    uint64_t random;
    confab_reactor *reactor;
    confab_chat *chat; /* NULL once handle_close was called */
    int peer;
    bool collector; /* collect_incoming_data is the library's own */
    int actions;    /* that may still be done */
    char done[4096];

    char rest[ROOM]; /* sent (or said to have been seen) and not delivered */
    size_t rest_len;
    uint64_t sent;      /* by the peer */
    char message[ROOM]; /* delivered of the present message */
    size_t message_len;
    enum confab_terminator kind;
    const char *bytes;
    uint64_t count;
    bool suspended, ending, over, shut, eof_sent, eof_seen;
    char pushed[OUT_ROOM], got[OUT_ROOM]; /* output as it should be; as the peer has it so far */
    size_t pushed_len, got_len;
    bool inside;
    int owned, released; /* pushes with a release */
    int resting;         /* producers that said "not now" */
    int file;            /* has fuzz_letters() from 0 on */
    int connects, closes;
    enum confab_reason reason;
};

/* -- The model (chat_fuzz_model.c) -- */

/* A number below the bound, the next of the seed's. */
unsigned fuzz_under(struct session *s, unsigned bound);

/* Fails the test unless it is good, and tells the seed and what was done until now; note: it is done now. */
void fuzz_check(const struct session *s, bool good, const char *what);
void fuzz_note(struct session *s, const char *what);

bool fuzz_starts(const char *text, const char *with, size_t len);

/* How much of the rest may be delivered now, and where the next message begins; false: this one does not end. */
bool fuzz_ends(const struct session *s, size_t *body, size_t *next);

/* So much of the rest is delivered. */
void fuzz_deliver(struct session *s, size_t len);

/* What the library's collector was given is delivered: it does not say so itself. */
void fuzz_catch_up(struct session *s);

struct confab_chat_stats fuzz_stats(const struct session *s);

/* -- What is done (chat_fuzz_acts.c) -- */

/* Does something, now and then two things; of it the model takes note. */
void fuzz_act(struct session *s);

/* What is pushed: those from the given place in the output on. */
void fuzz_letters(char *to, size_t from, size_t len);

#endif
