/* chat_support.h: a chat whose hooks write down what they are called with.
 *
 * A talk is one chat and the peer's end of its socket pair.  Its trace is what
 * the hooks saw, as text: the bytes that were collected (CR and LF as \r and
 * \n, other unprintable ones as \xNN), "|" for found_terminator, <eof>, <long>,
 * <close>.  With the library's collector a message is written down whole, just
 * before its "|".
 *
 * Each hook also checks what always holds: it is not called inside another,
 * nor before handle_connect, nor after handle_close, and collect never gets 0
 * bytes. */
#ifndef CONFAB_TESTS_CHAT_SUPPORT_H
#define CONFAB_TESTS_CHAT_SUPPORT_H

#include <confab/chat.h>
#include <stdbool.h>
#include <stddef.h>

enum { TALK_TRACE = 16384 };

struct talk {
    /* To be set before talk_open. */
    confab_reactor *reactor; /* NULL: one of its own */
    bool tcp;                /* over TCP instead of a pair of unix sockets */
    const int *pair;         /* a connection of the test's own, [0] for the chat; NULL: the talk makes one */
    bool collector;          /* collect_incoming_data is the library's own */
    bool unasked;            /* with it: found_terminator leaves the message to .found */
    bool bare;               /* no handle_eof and no handle_too_long: what the library does then */
    bool mute;               /* bytes are counted and not written down */
    const char *bytes;       /* the first terminator, one of three; else none */
    bool line;
    uint64_t count;
    struct confab_chat_options options;

    /* What a hook does after it was written down; NULL: nothing. */
    int (*connect)(struct talk *);
    int (*collect)(struct talk *, const char *data, size_t len);
    int (*found)(struct talk *);
    int (*eof)(struct talk *); /* NULL: close_when_done */
    int (*too_long)(struct talk *);
    void (*close)(struct talk *);
    void *data; /* the test's own */

    /* To be read. */
    confab_chat *chat; /* NULL once closed */
    int peer;          /* -1 once ended */
    int connects, collects, founds, eofs, longs, closes;
    size_t collected; /* bytes, over all messages */
    size_t largest;   /* bytes of one call of collect at the most */
    enum confab_reason reason;
    int error; /* confab_chat_error in handle_close */
    char trace[TALK_TRACE];
    size_t trace_len;

    /* Its own. */
    struct confab_chat_ops ops;
    bool owns_reactor, inside;
    int timer_fired;
    void (*timer_call)(struct talk *);
};

/* Makes the chat; handle_connect comes with the first turn. */
void talk_open(struct talk *talk);

/* Has the peer send a text, or bytes. */
void talk_send(struct talk *talk, const char *text);
void talk_send_bytes(struct talk *talk, const void *bytes, size_t len);

/* The same, and turns the loop until it is quiet: what was sent is one read. */
void talk_say(struct talk *talk, const char *text);
void talk_say_bytes(struct talk *talk, const void *bytes, size_t len);

/* Has the peer end its sending side, and turns the loop until it is quiet. */
void talk_say_eof(struct talk *talk);

/* One turn that does not wait. */
void talk_turn(struct talk *talk);

/* Has call(talk) called by a timer of the chat, and returns after that very turn. */
void talk_in_timer(struct talk *talk, void (*call)(struct talk *));

/* Closes what is left, checks that handle_close was called exactly once, and
 * frees the reactor where it is the talk's own. */
void talk_end(struct talk *talk);

/* Gives `input` to a copy of model in one piece, in two for every cut, and byte
 * by byte, then checks the trace each time. */
void talk_every_cut(const struct talk *model, const char *input, const char *trace);

/* Adds a text to the trace; or bytes, as they are written there. */
void talk_note(struct talk *talk, const char *text);
void talk_note_bytes(struct talk *talk, const char *data, size_t len);

/* Asserts the trace so far. */
#define talk_expect(talk, text) cr_assert_str_eq((talk)->trace, text)

#endif
