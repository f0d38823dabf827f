/* session.h: what is said over connections, as a file that people write: confab-session(5).
 *
 *     bytes.c    bytes that grow, and how they are quoted
 *     text.c     bytes with ${names} in them, and the names' values
 *     session.c  a session in memory
 *     scan.c     from characters to words, strings and expressions
 *     header.c   parse.c   step.c   from a file to a struct session
 *     print.c    and back
 *     pattern.c  POSIX regular expressions whose groups have names
 *     pattern_cost.c   how large they get where they are compiled
 *     mask.c     words that stand for what differs from run to run
 *     compare.c  two texts, but for what masks cover
 *     merge.c    several recordings as one session
 *     match.c    group.c   whether what came is what was to come
 *     times.c    durations and dates
 *
 * Nothing here knows of plugins or of networks.  Functions return 0 or -errno. */
#ifndef CONFAB_TOOLS_SESSION_H
#define CONFAB_TOOLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SESSION_SIZE_MAX = 64 << 20,  /* bytes of a file */
    SESSION_BYTES_MAX = 64 << 20, /* of one text once it is expanded */
    SESSION_STEPS_MAX = 100000,
    SESSION_CONNECTIONS_MAX = 256,
    SESSION_LINE_MAX = 1 << 20, /* bytes from one newline to the next */
    SESSION_NAME_MAX = 64       /* bytes of a connection's, a server's, a variable's name */
};

/* -- Text ------------------------------------------------------------------------ */

/* Bytes that grow.  First zeroed; bytes is NULL while there are none, else a NUL stands behind them. */
struct bytes {
    char *at;
    size_t len, room;
};
int bytes_add(struct bytes *bytes, const void *more, size_t n);
void bytes_free(struct bytes *bytes);

/* Appends bytes as a quoted string that reads back as the same: \r \n \t \\ \" \$, \xNN for what is not printable
 * ASCII. */
int bytes_quote(struct bytes *quoted, const void *bytes, size_t n);

/* The same as strings in several lines, where one would be long, as session_print has them. */
int bytes_print(struct bytes *to, const void *bytes, size_t n);

/* A word, in quotes only where it needs them: an option's value, an address. */
int bytes_word(struct bytes *to, const char *word);

/* One byte of it; how long that is. */
enum { QUOTED_BYTE = 4 };
size_t quote_byte(unsigned char byte, char quoted[QUOTED_BYTE]);

/* What stands between quotes: bytes and names, in their order, each so many times ("x" * 1000).  "" has no part. */
struct text_part {
    char *bytes; /* or NULL: a name */
    size_t len, times;
    char *name;
};
struct text {
    struct text_part *parts;
    size_t count;
};

/* Take no pointer over; the parts may come in several calls. */
int text_add_bytes(struct text *text, const void *bytes, size_t len, size_t times);
int text_add_name(struct text *text, const char *name, size_t len, size_t times);
void text_free(struct text *text);

/* Values of ${names}.  First zeroed. */
struct variables {
    struct variable *first;
};
int variables_set(struct variables *variables, const char *name, const void *value, size_t len);
const char *variables_get(const struct variables *variables, const char *name, size_t *len); /* NULL: none */
void variables_free(struct variables *variables);

/* Appends the text with its names replaced.  -ENOENT: *missing is a name that has no value; -EMSGSIZE: it is
 * over SESSION_BYTES_MAX; -ENOMEM. */
int text_expand(const struct text *text, const struct variables *variables, struct bytes *to,
                const char **missing);

/* -- A session --------------------------------------------------------------------- */

enum step_kind {
    STEP_CONNECT, /* NAME connect "ADDRESS": else the first step of a connection connects, to the service's own
                      address */
    STEP_ACCEPT,  /* SERVER accept [NAME]: the plugin has connected to that server */
    STEP_SEND,    /* > "..." */
    STEP_EXPECT,  /* <  "...": exactly this comes next */
    STEP_OPTIONAL, /* <? "...": this, or not */
    STEP_UNTIL,    /* <* "...": anything up to and including this */
    STEP_MATCH, /* <~ /REGEX/: the next line, which the expression matches as a whole; its end, LF or CR LF, is
                      taken off before and consumed; groups (?<id>...) are ${id} from then on */
    STEP_STALL,  /* reads no more */
    STEP_GO,     /* reads again */
    STEP_EOF,    /* ends its side */
    STEP_RESET,  /* resets the connection */
    STEP_CLOSED, /* the plugin's side has ended, and nothing came before that was not expected */
    STEP_WAIT    /* wait 30s: time passes */
};

struct session_step {
    enum step_kind kind;
    unsigned line;           /* in the file, from 1 */
    unsigned connection;     /* index in connections; of WAIT: 0, which means nothing */
    unsigned server;         /* of ACCEPT: index in servers */
    unsigned group;          /* steps of one `together ... end` have a number of their own, from 1; 0: none */
    struct text text;        /* of CONNECT, SEND, EXPECT, OPTIONAL, UNTIL */
    struct pattern *pattern; /* of MATCH */
    int64_t wait;            /* of WAIT: nanoseconds */
};
const char *step_sign(enum step_kind kind); /* as a file has it: ">", "<?", "eof" */

struct session_pair {
    char *name;
    struct text value;
    unsigned line;
};

struct session_connection {
    char *name;  /* "" where the file gives none: then it is the only one */
    bool server; /* it is the plugin that connects */
    bool ended;  /* a step says how it ends: EOF, RESET or CLOSED */
};

struct session {
    char *name;   /* of the file, for messages */
    char *plugin; /* NULL: the file does not say */
    unsigned plugin_line;
    bool isolated;  /* copies of it may run side by side, and none notices the others */
    bool recorded;  /* a header of `serve --record` is there */
    int64_t began;  /* of one that was recorded: nanoseconds since 1970, when the connection began */
    char *peer;     /* of one that was recorded: who it was; NULL: not known */
    bool truncated; /* of one that was recorded: it went on, and that was not written */
    struct session_pair *options, *files,
        *servers; /* KEY=VALUE of the plugin; name and content; name and address */
    size_t option_count, file_count, server_count;
    struct session_connection *connections;
    size_t connection_count;
    struct session_step *steps;
    size_t step_count;
    struct masks *masks; /* NULL: none */
};

/* Reads a session from text, which need not live on.  On an error *made is NULL and error holds one line:
 * "NAME:LINE: what was wrong, what was expected".  -EINVAL, -EFBIG, -ENOMEM; of session_read also what open(2) and
 * read(2) say, and then there is no line's number. */
int session_parse(struct session **made, const char *name, const char *text, size_t len, char *error,
                  size_t room);
int session_read(struct session **made, const char *path, char *error, size_t room);
void session_free(struct session *session);

/* Writes it as a file that reads back as the same. */
int session_print(const struct session *session, struct bytes *to);

/* One step of it, a line or more; what group it is in does not show. */
int session_print_step(const struct session *session, const struct session_step *step, struct bytes *to);

/* For those who make sessions themselves: a new one, with a step more; the text is one part of these bytes.  A step's
 * pointer is good until the next is added. */
struct session *session_new(const char *name); /* NULL: out of memory */
struct session_step *session_add(struct session *session, enum step_kind kind, unsigned connection,
                                 const void *bytes, size_t len); /* NULL: out of memory, or too many */

/* The index of the connection of that name ("": the only one), which is made where there is none.  -EINVAL: it is no name, or
 * one would have a name and another none; -EMFILE: too many; -ENOMEM. */
int session_add_connection(struct session *session, const char *name);
int session_find_connection(const struct session *session, const char *name); /* -ENOENT */

/* Several sessions that were recorded (`began`), of one plugin with the same options, as one, whose steps are in the
 * order of their times: what was within a second of each other keeps the order of the sessions that are given, as waits
 * that are shorter are not recorded.  Their connections are c1, c2 and so on.  -EINVAL, -EMFILE, -ENOMEM, with one line in error. */
int session_merge(struct session **made, struct session *const *sessions, size_t count, char *error,
                  size_t room);

/* -- Matching ------------------------------------------------------------------------ */

enum match {
    MATCH_YES,  /* *used bytes of what came were it */
    MATCH_MORE, /* what came fits, and more has to come; never where `last` */
    MATCH_NO
};

/* Whether what came begins with what the step (EXPECT, OPTIONAL, UNTIL, MATCH) expects.  last: nothing more will come.
 * What a MATCH captured is set in variables where it is YES; a line without its end is one where `last`.  An OPTIONAL that is not
 * there is YES with 0 used.  Masks are applied to both sides.  Of a stream that was cut off on purpose, MORE is all that can
 * be asked.  NO: *used bytes of what came did fit; error is "", or what else there is to say.
 * -errno: out of memory, or a name without a value, with one line in error. */
int session_match(const struct session *session, const struct session_step *step, struct variables *variables,
                  const char *came, size_t len, bool last, size_t *used, char *error, size_t room);

/* The same for the expecting steps of one connection in one group, which may come in any order: at most
 * SESSION_GROUP_MAX of them.  YES: all were found, *used bytes. */
enum { SESSION_GROUP_MAX = 16 };
int session_match_group(const struct session *session, const struct session_step *const *steps, size_t count,
                        struct variables *variables, const char *came, size_t len, bool last, size_t *used,
                        char *error, size_t room);

/* What was expected, for a message: quoted text or /REGEX/, cut where it is long. */
int session_tell(const struct session_step *step, const struct variables *variables, struct bytes *to);

/* Whether two streams are the same but for what masks cover; *at: where they differ, in b. */
int session_same(const struct session *session, const char *a, size_t a_len, const char *b, size_t b_len,
                 bool *same, size_t *at);

/* -- Times ---------------------------------------------------------------------------- */

/* A duration as the host's options have it: 250ms, 30s, 5m, 1h, 1d, 100us, 5ns, 0.  -EINVAL, -ERANGE. */
int duration_read(const char *text, size_t len, int64_t *nanoseconds);

/* 2026-03-01T12:30:00.123456789Z, as nanoseconds since 1970, and back.  -EINVAL; -ERANGE: not from 1970 to 2261. */
enum { TIME_TEXT = 64, DURATION_TEXT = 32 };
int time_read(const char *text, size_t len, int64_t *nanoseconds);
const char *time_write(int64_t nanoseconds, char text[TIME_TEXT]);
const char *duration_write(int64_t nanoseconds, char text[DURATION_TEXT]);

#endif
