/* mask.h: words that stand for what differs from run to run. */
#ifndef CONFAB_TOOLS_SESSION_MASK_H
#define CONFAB_TOOLS_SESSION_MASK_H

#include "tools/session/pattern.h"
#include "tools/session/session.h"

enum {
    MASK_CUTS_MAX = 1024,  /* pieces of a line: what is behind them is compared as it is */
    MASK_TRIES_MAX = 10000 /* ways in which a line is laid over another */
};

struct mask {
    struct mask *next;
    struct pattern *whole, *begins, *anywhere;
    char *word;
    size_t word_len;
};

struct masks {
    struct mask *first, **end;
};

/* words: what is wrong.  -EINVAL, -ENOMEM. */
int masks_add(struct masks **masks, const char *source, size_t source_len, const char *word, size_t word_len,
              char *words, size_t room);
void masks_free(struct masks *masks);
bool mask_word_good(const char *word, size_t len);

/* A piece of a line: one that a mask stands for, or (NULL) bytes. */
struct cut {
    size_t from, len;
    const struct mask *mask;
};

/* The first place at or behind `from` where a mask matches, or its word stands.  at, len: a line without its end. */
bool masks_find(const struct masks *masks, const char *at, size_t len, size_t from, struct cut *found);

/* How much of at[0..len) the mask may stand for at the most, and whether for all of it. */
size_t mask_takes(const struct mask *mask, const char *at, size_t len);
bool mask_takes_all(const struct mask *mask, const char *at, size_t len);

/* compare.c: whether came begins with want (session_match's words); *used: its bytes, or how many did fit.
 * masks may be NULL.  -ENOMEM. */
int masks_compare(const struct masks *masks, const char *want, size_t want_len, const char *came, size_t len,
                  bool last, enum match *match, size_t *used);

#endif
