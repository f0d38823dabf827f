/* parse.h: what the files that read a session share. */
#ifndef CONFAB_TOOLS_SESSION_PARSE_H
#define CONFAB_TOOLS_SESSION_PARSE_H

#include "tools/session/scan.h"
#include "tools/session/session.h"

/* What is known of a connection at the line that is read. */
struct talk {
    bool eof, reset, closed, stalled;
    unsigned group, expected; /* expectations in that group */
};

struct parse {
    struct scan scan;
    struct session *session;
    struct talk talks[SESSION_CONNECTIONS_MAX];
    unsigned named, unnamed;     /* a line that names its connection, and one that does not; 0: none so far */
    unsigned groups, group_line; /* how many there were; where the one began that is open, 0: none is */
};

/* A line that begins with this word, behind which the scan is; the word is none of a line's first words: -ENOENT. */
int parse_header(struct parse *parse, const char *word, size_t len);
int parse_step(struct parse *parse, const char *word, size_t len);
bool parse_is_keyword(const char *word, size_t len);

/* What is behind the connection's name and its colon; name NULL: there is none, the line begins with a sign. */
int parse_talk(struct parse *parse, const char *name, size_t len);

int parse_memory(struct parse *parse); /* "out of memory" */
bool word_is(const char *word, size_t len, const char *what);

/* A name at the scan, which is neither a keyword nor too long; what: "a server's". */
int parse_name(struct parse *parse, const char *what, char name[SESSION_NAME_MAX + 1]);
int parse_name_of(struct parse *parse, const char *what, const char *word, size_t len,
                  char name[SESSION_NAME_MAX + 1]);

#endif
