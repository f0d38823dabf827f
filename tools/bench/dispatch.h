/* dispatch.h: the work of the scenario `dispatch`, the same on each loop that it is done on, ours and others'.
 *
 * As libevent's bench.c has it: COUNT socketpairs, one end of each watched for reading.  A byte is written to ACTIVE of
 * them, which lie evenly apart; whoever is told of a byte reads it, and writes one to its neighbour, until that has been
 * done WRITES times.  So there are ACTIVE + WRITES events, and for each of them a write, a read, and what the loop makes
 * of it: that is what an event costs here, the first writes included.
 *
 * Processor time is what counts.  The first repetition does not; the figure is the median of as many as fit into a tenth
 * of a second, of three at the least, of one where that alone takes longer.  WRITES is the same for all that are compared, however fast they are: it says how
 * many sockets are touched, and so how much of it is in the processor's cache.
 *
 * Socketpairs, as a pipe takes a page of memory that an unprivileged user has only so many of. */
#ifndef CONFAB_TOOLS_BENCH_DISPATCH_H
#define CONFAB_TOOLS_BENCH_DISPATCH_H

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

enum { DISPATCH_SPARE = 32 }; /* descriptors beside those of the socketpairs */

struct dispatch;

struct dispatch_end {
    struct dispatch *dispatch;
    int fd;   /* is watched; -1 where the loop has made it its own, and closes it */
    int next; /* written to, and it is the neighbour that can read */
};

struct dispatch {
    int64_t count, active, writes;
    struct dispatch_end *ends; /* `count` */
    int64_t left;              /* writes that are still to be made by those who read */
    int64_t events;            /* so far */
    int error;                 /* -errno; 0 */
    const char *backend;       /* that the loop is to use; NULL: its own choice */
    void *loop;                /* the loop's own */
};

/* A loop that it is done on. */
struct dispatch_loop {
    const char *command; /* who says what goes wrong */
    /* Makes it, and has it watch all ends.  0, or -errno; close is called in any case. */
    int (*open)(struct dispatch *dispatch);
    /* A turn that does not sleep.  0, or -errno. */
    int (*turn)(struct dispatch *dispatch);
    void (*close)(struct dispatch *dispatch);
};

/* What a handler does with what its read has returned. */
static inline void dispatch_event(struct dispatch_end *end, ssize_t got)
{
    struct dispatch *dispatch = end->dispatch;

    if (got != 1) {
        dispatch->error = got < 0 ? -errno : -EPIPE;
        return;
    }
    dispatch->events++;
    if (dispatch->left == 0)
        return;
    dispatch->left--;
    if (send(end->next, "e", 1, 0) != 1)
        dispatch->error = -errno;
}

/* And how it reads, on a loop that has no reading of its own. */
static inline void dispatch_readable(struct dispatch_end *end)
{
    char byte;

    dispatch_event(end, recv(end->fd, &byte, 1, 0));
}

/* All of a worker: the words are COUNT ACTIVE WRITES.  Prints `event_ns VALUE`.  The exit status. */
int dispatch_main(const struct dispatch_loop *loop, const char *backend, int argc, char **argv);

#endif
