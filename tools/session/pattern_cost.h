/* pattern_cost.h: what regcomp(3) makes of an expression: it writes each repetition out, and from each choice finds
 * all others in advance.  A few characters may take all memory that there is. */
#ifndef CONFAB_TOOLS_SESSION_PATTERN_COST_H
#define CONFAB_TOOLS_SESSION_PATTERN_COST_H

#include "tools/session/pattern.h"

struct cost_of {
    unsigned long nodes, choices;
};

/* First zeroed; then told of an expression from left to right. */
struct cost {
    size_t open;                               /* groups that are */
    struct cost_of before[PATTERN_GROUPS_MAX]; /* the last part, in the whole and in each of them */
    struct cost_of last;                       /* what a repetition repeats */
    bool repeated;                             /* it is a repetition itself */
};

void cost_part(struct cost *cost);   /* a character, or what stands for one */
void cost_branch(struct cost *cost); /* | */
void cost_open(struct cost *cost);
bool cost_close(struct cost *cost); /* false: no group is open */

/* What stood last comes so often, and so many of these may be left out.  -EINVAL: that is too much, or it is a repetition
 * already, which POSIX leaves open; error has words for it. */
int cost_repeat(struct cost *cost, unsigned long times, unsigned long optional, char *error, size_t room);

/* The whole; -EINVAL as above. */
int cost_end(struct cost *cost, char *error, size_t room);

#endif
