/* core/dispatcher.h: a dispatcher from the inside.
 *
 * dispatcher.c         its life, and what it does with events
 * dispatcher_socket.c  giving it a descriptor; addresses
 * dispatcher_io.c      moving bytes
 */
#ifndef CONFAB_CORE_DISPATCHER_H
#define CONFAB_CORE_DISPATCHER_H

#include "core/address.h"
#include "core/reactor.h"
#include <confab/dispatcher.h>

/* What each event looks at comes first, and together: with many descriptors it is not in the processor's cache. */
struct confab_dispatcher {
    struct channel channel;
    uint8_t state;  /* enum confab_dispatcher_state */
    uint8_t wanted; /* what its user wants, a sum of enum confab_events */
    bool stream;    /* a pipe or a terminal: read and write */
    bool datagram;  /* nothing received is not the end */
    bool ended;     /* the connection has ended: closes when its listed work is done */
    bool cut;       /* a send found that it has ended: what had arrived is read, then it closes */
    bool moved;     /* recv has got something since handle_read was called for that */
    bool resting;   /* accept failed for want of something: waits for its timer */
    void *data;
    const struct confab_dispatcher_ops *ops;
    struct peer target; /* what it was last told to connect to */
    bool through;       /* a connect was done at once, and is told of by the first event */
    /* Where the ops that were given are shorter: these, made whole. */
    struct confab_dispatcher_ops whole[];
};

/* Bits of listed work. */
enum { DISPATCHER_WORK_CLOSE = 1, DISPATCHER_WORK_READ = 2 };

/* Tells the reactor what it wants in its present state; after any change of that. */
void dispatcher_settle(confab_dispatcher *dispatcher);

/* Accept failed with error: where it would fail again at once, no more is accepted for a moment. */
void dispatcher_rest(confab_dispatcher *dispatcher, int error);

#endif
