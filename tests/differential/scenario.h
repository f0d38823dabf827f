/* scenario.h: a file of steps, read into memory.  README.md describes the language. */
#ifndef CONFAB_TESTS_DIFFERENTIAL_SCENARIO_H
#define CONFAB_TESTS_DIFFERENTIAL_SCENARIO_H

#include "bytes.h"
#include <confab/chat.h>

enum { NAME_ROOM = 16, CHANNELS_MAX = 16, LISTENERS_MAX = 4, UNTIL_MAX = 64, BYTES_MAX = 16 << 20 };

/* What ends a message. */
struct until {
    enum confab_terminator kind;
    uint64_t count;
    char bytes[UNTIL_MAX];
    size_t len;
};

enum eof_manner { EOF_DEFAULT, EOF_DONE, EOF_CLOSE, EOF_KEEP };

/* How a chat behaves: those of a listener, or one that dials. */
struct manner {
    struct until until;
    bool pieces;         /* collects by itself, not with the library's collector */
    enum eof_manner eof; /* what handle_eof does; DEFAULT: there is none */
    bool keeps;          /* handle_timeout keeps the chat; else there is none */
    bool skips;          /* handle_too_long skips the message */
    struct confab_chat_options options;
};

enum step_kind {
    STEP_NONE,
    STEP_LISTEN,
    STEP_PAUSE,
    STEP_RESUME,
    STEP_CONNECT,
    STEP_DIAL,
    STEP_SEND,  /* the far end sends text */
    STEP_EOF,   /* it ends its side */
    STEP_RESET, /* it resets the connection */
    STEP_CLOSE, /* it closes it */
    STEP_STALL, /* it reads no more */
    STEP_GO,    /* it reads again */
    STEP_DO,    /* the chat does what text says */
    STEP_PASS,  /* time passes */
    STEP_EXPECT /* text is the next line of the channel's trace */
};

enum dial_kind { DIAL_OPEN, DIAL_REFUSED, DIAL_LOCALHOST };

struct step {
    enum step_kind kind;
    int line;           /* of the file, from 1 */
    bool goes_on;       /* the next step comes before the loop turns */
    int channel;        /* -1: none */
    int listener;       /* likewise */
    struct bytes text;  /* what is sent, done, expected */
    int64_t ns;         /* of PASS */
    enum dial_kind to;  /* of DIAL */
    struct manner with; /* of LISTEN and DIAL */
};

struct scenario {
    struct bytes text; /* as it was read */
    struct confab_reactor_options reactor;
    char channel[CHANNELS_MAX][NAME_ROOM], listener[LISTENERS_MAX][NAME_ROOM];
    int channels, listeners;
    struct step *steps;
    int count;
};

/* Reads a scenario; false: why tells what is wrong and where.  Owns what it has made in any case. */
bool scenario_read(struct scenario *scenario, const char *text, size_t len, char *why, size_t room);
void scenario_free(struct scenario *scenario);

/* Writes the scenario of a seed. */
void scenario_generate(struct bytes *text, uint64_t seed);

/* -- words.c -- */

/* Takes the next word off the text, in which quoted parts are read ("a\r\n\x00").  False: there is none, or its
 * quote does not end.  quoted (may be NULL): it begins with a quote. */
bool word_take(const char **text, struct bytes *word, bool *quoted);

/* "64", "64k", "3m"; "10s", "250ms", "2m": false where it is none. */
bool word_size(const char *word, uint64_t *size);
bool word_time(const char *word, int64_t *ns);

/* "line", "none", "count=5", "count 5" is written as two; or the bytes of a quoted word. */
bool word_until(const char *word, size_t len, bool quoted, struct until *until);

/* Sets what a KEY=VALUE says. */
bool word_manner(const char *word, size_t len, struct manner *manner);
bool word_reactor(const char *word, struct confab_reactor_options *options);

#endif
