/* pattern.h: a POSIX extended regular expression (regcomp(3)) whose groups may have names, (?<id>...), and in which
 * \r \n \t \xHH and \/ mean what they do in strings, also in brackets. */
#ifndef CONFAB_TOOLS_SESSION_PATTERN_H
#define CONFAB_TOOLS_SESSION_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    PATTERN_SIZE_MAX = 4096, /* bytes of an expression */
    PATTERN_GROUPS_MAX = 64, /* in one, with that of the whole match and ours around it */
    PATTERN_NODES_MAX =
        8192, /* characters of one where its repetitions are written out, as regcomp(3) does */
    PATTERN_CHOICES_MAX = 1024, /* ways to go on, of which it has a table by each other */
    PATTERN_LINE_MAX = 1 << 20  /* bytes that it is asked to match */
};

struct pattern_name {
    char *name;
    size_t group;
};

struct pattern {
    char *source; /* as between the slashes */
    regex_t regex;
    size_t groups; /* of regex, the whole match included */
    struct pattern_name *names;
    size_t name_count;
};

/* What a match has to be. */
enum pattern_place {
    PATTERN_WHOLE,   /* all that there is */
    PATTERN_BEGINS,  /* the longest that begins where that begins */
    PATTERN_ANYWHERE /* the first, and of these the longest */
};

/* error: words for what is wrong, without a place.  -EINVAL, -ENOMEM. */
int pattern_new(struct pattern **made, const char *source, size_t len, enum pattern_place place, char *error,
                size_t room);
void pattern_free(struct pattern *pattern);

/* Whether it matches; where, in spans[0..n).  flags: REG_NOTBOL, or 0.  A NUL is a byte as any other where pattern_takes_nul tells so: else
 * what has one is not matched. */
bool pattern_match(const struct pattern *pattern, const char *at, size_t len, int flags, regmatch_t *spans,
                   size_t n);
extern const bool pattern_takes_nul;

/* The system's part of it: text with a NUL behind its len bytes. */
bool pattern_exec(const struct pattern *pattern, const char *text, size_t len, int flags, regmatch_t *spans,
                  size_t n);

#endif
