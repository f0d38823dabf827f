/* resolve.h: names of hosts, looked up off the loop's thread. */
#ifndef CONFAB_CORE_RESOLVE_H
#define CONFAB_CORE_RESOLVE_H

#include "core/address.h"
#include "core/reactor.h"

enum { RESOLVED_MAX = 32 }; /* addresses of one name that are used */

struct resolved {
    int error;       /* 0, or -errno: -EHOSTUNREACH: there is no such name; -EAGAIN: nobody could be asked */
    const char *why; /* the same in the resolver's words, which last */
    struct address address[RESOLVED_MAX]; /* in the order in which they are to be tried (RFC 8305) */
    unsigned count;
};

struct resolving;

/* Looks up a name; done(data, what came of it) is called on the loop, not before this returns.
 * NULL: it cannot be done, *error says why. */
struct resolving *resolve_start(confab_reactor *reactor, const char *host, const char *port,
                                void (*done)(void *data, const struct resolved *), void *data, int *error);

/* Nobody waits for it any more: done is not called. */
void resolve_cancel(struct resolving *resolving);

/* Puts the families into turns, the first one's first, each in its order (RFC 8305, section 4). */
void resolve_interleave(struct address *address, unsigned count);

#endif
