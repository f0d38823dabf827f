/* play.h: a scenario that is played in a world.
 *
 * A wire is one channel of the scenario: a chat of confab's at its one end, the
 * far end at the other.  What happens at either is written into its trace.
 *
 * run.c       the steps, and coming to rest after each
 * far.c       the far ends
 * server.c    the chats: hooks that write down what they are called with
 * commands.c  what a chat is told to do
 * push.c      what it pushes
 * trace.c     what was written down
 * rest.c      whether anything is still under way
 * normal.c    what systems may do differently */
#ifndef CONFAB_TESTS_DIFFERENTIAL_PLAY_H
#define CONFAB_TESTS_DIFFERENTIAL_PLAY_H

#include "scenario.h"
#include "world.h"

enum note_kind {
    NOTE_CONNECT,
    NOTE_MESSAGE,
    NOTE_EOF,
    NOTE_LONG,
    NOTE_TIMEOUT,
    NOTE_TIMER,
    NOTE_WORK,
    NOTE_SENT,
    NOTE_DRAIN,
    NOTE_SO_FAR, /* of a message that is not whole */
    NOTE_WAITS,  /* output that does not leave */
    NOTE_CLOSE,
    NOTE_GOT, /* the far end: bytes */
    NOTE_END  /* the far end: how it ended */
};

struct note {
    enum note_kind kind;
    int line; /* of the scenario: the step at whose end it was written down */
    char *text;
};

struct trace {
    struct note *notes;
    int count;
    int expected; /* how many of them the scenario has looked at */
};

enum far_saw { SAW_NOTHING, SAW_EOF, SAW_RESET };

struct far {
    struct far_end end, listener;
    bool open;           /* there is an end: it has connected, or was accepted, and is not gone */
    bool listens;        /* somebody is to connect to it */
    bool stalled;        /* reads nothing */
    bool ended;          /* its side of the stream has */
    bool reset, closed;  /* by the scenario */
    int gone_line;       /* the step that does, */
    int gone_rest;       /* and the one behind which all came to rest then */
    bool broken;         /* it cannot send any more */
    bool reset_told;     /* a send said so */
    enum step_kind last; /* EOF, RESET or CLOSE: to be done when all has been sent; else NONE */
    enum far_saw saw;
    bool told;        /* that is in the trace */
    struct bytes out; /* all that it is to send; */
    size_t sent;      /* how much of it the network has taken */
    struct bytes in;  /* all that it has received; */
    size_t noted;     /* how much of it is in the trace */
};

struct play;
struct wire;

/* What a chat's data points to. */
struct origin {
    struct play *play;
    struct wire *wire; /* NULL: it was accepted, and the peer's address tells which */
    struct confab_chat_ops ops;
    const struct manner *manner;
};

struct wire {
    struct play *play;
    const char *name; /* NULL: the scenario has not come to it */
    struct manner manner;
    int listener;            /* the one that it connects to; -1: it dials */
    char from[ADDRESS_ROOM]; /* where the far end of such a one is */
    confab_chat *chat;       /* NULL: none yet, or no more */
    bool connected, was_closed;
    struct far far;
    struct bytes pushed;    /* all that the chat has pushed */
    struct bytes message;   /* what its own collector has */
    struct until until;     /* what ends the present message */
    size_t delivered;       /* of far.out, how much the hooks have been given; */
    bool uncounted;         /* that is not known, because some was dropped */
    unsigned sents, drains; /* since the last rest */
    void *deferred;         /* a producer that is being pushed */
    bool waits, over;       /* at the last rest: output waits, and is over the high mark */
    uint64_t so_far;        /* likewise: bytes of the message that is arriving */
    uint64_t bytes_out;     /* of one that was closed */
    struct trace trace;

    /* What normal.c wants to know. */
    size_t pushed_before; /* at the last rest */
    enum confab_reason reason;
    bool shut, aborted;    /* it ended its side of the stream before it closed; it closed with a reset */
    bool ragged;           /* it was closed while output was to leave */
    size_t kept;           /* what its hooks were given at the end of the stream, and may be given again */
    bool late;             /* the far end has sent to it when it was closed */
    bool pushed_to_nobody; /* it had something to send when the far end had closed */
    bool ended_twice;      /* the far end reset or closed it when it had not read the end of the stream */
};

struct play {
    const struct scenario *scenario;
    struct world *world;
    confab_reactor *reactor;
    confab_listener *listeners[LISTENERS_MAX];
    bool paused[LISTENERS_MAX];
    struct origin origins[LISTENERS_MAX + CHANNELS_MAX];
    struct wire wires[CHANNELS_MAX];
    int line;              /* of the step that is played */
    int64_t began;         /* of its clock */
    bool over;             /* nothing is written down any more */
    unsigned jobs;         /* of confab_work that are out */
    struct later *laters;  /* what timers are to do */
    unsigned lent, given;  /* what has a release, and what was released */
    uint64_t happened;     /* counts what hooks and far ends see */
    struct bytes failures; /* what is wrong whatever the others do, a line each */
};

/* Plays it all.  0, or -errno: the world could not be made.  play_free frees what it holds in any case. */
int play(struct play *play, const struct scenario *scenario, const char *backend, bool cut, uint64_t seed);
void play_free(struct play *play);

/* Whole seconds of its clock: a time-out may be late by some ticks, which depends on what else its timer was set for. */
int play_time(const struct play *play);

/* Something is wrong in itself. */
void play_fail(struct play *play, const struct wire *wire, const char *format, ...) CONFAB_PRINTF(3, 4);

/* -- far.c -- */

/* Moves what can be moved at the far end; returns whether anything was. */
bool far_pump(struct wire *wire);

/* A step of the far end's. */
void far_step(struct wire *wire, const struct step *step);
void far_free(struct wire *wire);

/* -- server.c -- */

int server_listen(struct play *play, const struct step *step);
void server_dial(struct wire *wire, const struct step *step);

/* Sets what ends messages from now on. */
int server_until(struct wire *wire, const struct until *until);

/* -- commands.c -- */

/* Does what a text says, and returns what a hook is to return.  must: it is wrong where that is no command. */
int command(struct wire *wire, const char *text, bool must);

/* What its timers have not come to. */
void commands_free(struct play *play);

/* -- push.c -- */

/* A way to push bytes, which are gone when it has returned. */
typedef int push_way(struct wire *wire, const char *bytes, size_t len);
push_way push_copy, push_reference, push_buffer, push_producer, push_file;

/* Pushes bytes, or so many letters, and remembers them unless they were refused; returns what the way does. */
int push_bytes(struct wire *wire, push_way *how, const char *bytes, size_t len);
int push_letters(struct wire *wire, push_way *how, size_t len);

/* A simple producer of these bytes, whose release is waited for. */
void *push_lent(struct wire *wire, const char *bytes, size_t len);

/* -- rest.c -- */

/* What is still under way on this wire, in words; NULL: nothing. */
const char *not_at_rest(const struct wire *wire);

/* Whether the chat, if there is one, has read the end of the stream. */
bool chat_has_read_end(const struct wire *wire);

/* Writes down how it stands when all is at rest. */
void rest_note(struct wire *wire);

/* -- trace.c -- */

void note(struct wire *wire, enum note_kind kind, const char *format, ...) CONFAB_PRINTF(3, 4);
void note_bytes(struct wire *wire, enum note_kind kind, const char *what, const char *bytes, size_t len);
void note_drop(struct trace *trace, int index);
void trace_free(struct trace *trace);

/* -- normal.c -- */

void normalise(struct play *play);

#endif
