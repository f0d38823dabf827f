/* match.h: an expectation whose ${names} are replaced; between match.c and group.c. */
#ifndef CONFAB_TOOLS_SESSION_MATCH_H
#define CONFAB_TOOLS_SESSION_MATCH_H

#include "tools/session/session.h"

struct wanted {
    const struct session *session;
    const struct session_step *step;
    const char *at; /* what the step's text is; of MATCH nothing */
    size_t len;
    struct bytes made; /* what `at` points into, unless that is the step itself */
};

int wanted_make(struct wanted *wanted, const struct session *session, const struct session_step *step,
                const struct variables *variables, char *error, size_t room);
void wanted_free(struct wanted *wanted);

/* session_match without what a MATCH captures. */
int wanted_match(const struct wanted *wanted, const char *came, size_t len, bool last, enum match *match,
                 size_t *used, char *error, size_t room);

/* What a MATCH captures, of a text that it matches. */
int wanted_capture(const struct wanted *wanted, const char *came, size_t len, struct variables *variables);

#endif
