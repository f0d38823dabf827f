/* scan.h: a session file as words, strings and expressions. */
#ifndef CONFAB_TOOLS_SESSION_SCAN_H
#define CONFAB_TOOLS_SESSION_SCAN_H

#include "tools/session/session.h"

#include <confab/base.h>

struct scan {
    const char *name;      /* of the file */
    const char *at, *end;  /* what is left of it */
    const char *line_from; /* where its line begins */
    unsigned line;
    char *error;
    size_t room;
};

/* Some bytes of a file, for a message: printable, cut where they are many. */
struct excerpt {
    char text[64];
};
struct excerpt excerpt(const char *at, size_t len);

/* "NAME:LINE: " and these words; returns result. */
int scan_fail(struct scan *scan, int result, const char *format, ...) CONFAB_PRINTF(3, 4);

/* What a name is made of: letters, digits, _ - and . but at its beginning letters and _ alone. */
bool name_byte(char c, bool first);
bool name_good(const char *name, size_t len);
bool name_taken(const char *name); /* a variable of that name is there already: TMP, ADDRESS */

/* Room for one more in an array that has room for a power of two; NULL: out of memory, and it is as it was. */
void *array_room(void *array, size_t count, size_t size);

/* Looks over the whole first: no NUL, no line that is too long. */
int scan_begin(struct scan *scan);

bool scan_done(const struct scan *scan); /* nothing is left of the line but blanks and a comment */
void scan_blanks(struct scan *scan);     /* goes over blanks, and over a backslash that ends the line */
int scan_end(struct scan *scan);         /* expects the line's end */
bool scan_next_line(struct scan *scan);  /* false: that was the last */
size_t scan_name(struct scan *scan, const char **name);   /* bytes of a name; 0: there is none */
size_t scan_word(struct scan *scan, const char **word);   /* up to a blank or the line's end */
bool scan_word_ends(const struct scan *scan);             /* here */
size_t scan_digits(struct scan *scan, const char **word); /* digits, or where there are none a word */

/* Strings, one or more; or a word (what: "an address"); or a word or a single string. */
int scan_text(struct scan *scan, struct text *text);
int scan_value(struct scan *scan, struct text *text, const char *what);
int scan_word_or_string(struct scan *scan, struct text *text, const char *what);

/* /REGEX/: what is between the slashes, as it is. */
int scan_pattern(struct scan *scan, const char **source, size_t *len);

#endif
