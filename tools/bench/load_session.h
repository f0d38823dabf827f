/* load_session.h: a connection that plays a session file, as its two parts see it.
 *
 *     load_session.c        plays, one after the other, and what the load wants of a mode
 *     load_session_step.c   a step: what is said, and what is expected */
#ifndef CONFAB_TOOLS_BENCH_LOAD_SESSION_H
#define CONFAB_TOOLS_BENCH_LOAD_SESSION_H

#include "tools/bench/load_engine.h"
#include "tools/session/scan.h"

/* A link's own. */
struct player {
    size_t next; /* step */
    struct variables variables;
    struct bytes out, in;
    size_t gone, seen; /* of them */
    bool started;      /* it may send */
    bool ended;        /* the server's side has */
};

/* The engine's own. */
struct stage {
    const struct session *session;
    struct player *players;
    size_t again; /* the step that a further play on the same connection begins with */
};

/* Does a step, with what has come so far.  Whether it is done, and the next has its turn; if not, more has to come, or the
 * load has failed. */
bool player_step(struct link *link, const struct session_step *step);

/* Sends what the server takes of what is to leave, and has the loop tell when it takes more. */
void player_send(struct link *link);

/* Whether all is gone; the rest goes when the server takes more. */
bool player_flush(struct link *link);

void player_no_memory(struct link *link);

#endif
