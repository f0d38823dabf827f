/* core/listener.h: a socket that listens, and makes a chat of each connection. */
#ifndef CONFAB_CORE_LISTENER_H
#define CONFAB_CORE_LISTENER_H

#include "core/address.h"
#include "core/reactor.h"
#include "core/settings.h"

/* Trouble of one kind that a peer can cause at will: one line at once, what
 * comes within the next second is counted and told in one more. */
struct listener_trouble {
    unsigned times, refused; /* since the last line; refused: connections */
    int error;               /* of the last time, a positive errno; 0: the owner has no room */
    int64_t next;            /* when the next line may be written */
};

struct confab_listener {
    struct channel channel;
    struct settings *settings;
    char *address;
    char *unlink;           /* a unix socket's path, to be removed with it; NULL */
    uint64_t device, inode; /* of that path, so that nobody else's is removed */
    bool paused, resting;
    int64_t rest_until;
    struct listener_trouble shortage, full; /* accept failed; the owner admitted no more */
    confab_listener *next, **previous;      /* the owner's list (service.c) */
};

/* Listens; takes over one reference to settings, also when it fails.  list: an
 * owner's list to be on while it lives, or NULL. */
int listener_open(confab_listener **listener, confab_reactor *reactor, const char *address,
                  struct settings *settings, confab_listener **list);

/* The same with a descriptor that listens already; owns fd in any case. */
int listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd, struct settings *settings,
                   confab_listener **list);

/* -- listener_socket.c -- */

/* Makes the socket of an address: bound, listening, watched by nobody.  Notes a
 * unix socket's path in listener.  Returns the descriptor or -errno. */
int listener_socket(confab_listener *listener, const struct address *address);

/* Readies a descriptor that is to be adopted.  Its family; -EINVAL where it does not listen; -errno. */
int listener_check(confab_reactor *reactor, int fd);

/* Notes where fd listens.  any: a socket for both IPv6 and IPv4, if it is one for IPv6. */
int listener_note_address(confab_listener *listener, int fd, bool any);

/* What is set on a listening socket of this family for its connections to inherit. */
void listener_tune(confab_reactor *reactor, int fd, int family);

/* Removes a unix socket's file if it is still ours; frees what was noted of it. */
void listener_unlink(confab_listener *listener);

#endif
