/* core/listener.h: a socket that listens, and makes a chat of each connection. */
#ifndef CONFAB_CORE_LISTENER_H
#define CONFAB_CORE_LISTENER_H

#include "core/reactor.h"
#include "core/settings.h"

struct confab_listener {
    struct channel channel;
    struct settings *settings;
    char *address;
    char *unlink;         /* a unix socket's path, to be removed with it; NULL */
    uint64_t device, inode; /* of that path, so that nobody else's is removed */
    bool paused, resting;
    unsigned refused;     /* connections refused for want of descriptors since the last line about it */
    confab_listener *next, **previous; /* the owner's list (service.c) */
};

/* Listens; takes over one reference to settings, also when it fails.  list: an
 * owner's list to be on while it lives, or NULL. */
int listener_open(confab_listener **listener, confab_reactor *reactor, const char *address,
                  struct settings *settings, confab_listener **list);

/* The same with a descriptor that listens already; owns fd in any case. */
int listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd, struct settings *settings,
                   confab_listener **list);

#endif
