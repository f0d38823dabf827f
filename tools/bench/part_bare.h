/* part_bare.h: the bare server: the floor that everything else is measured against.  Written straight on the system's
 * poller, with nothing that the protocol does not need: no limits, no time-outs, no layers.
 *
 *     part_bare.c        listening, accepting, sending
 *     part_bare_epoll.c  part_bare_kqueue.c  part_bare_poll.c   the loop; CMake chooses one
 *     part_bare_bulk.c  part_bare_line.c  part_bare_sink.c       what is served
 *
 * A connection waits for one thing at a time: for what comes; or, while a part of its answer has not left, for
 * room.  So it is handed over with nothing beside it that says why, and at most once a wait. */
#ifndef CONFAB_TOOLS_BENCH_PART_BARE_H
#define CONFAB_TOOLS_BENCH_PART_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BARE_READ = 65536, /* bytes of a recv at the most, as the host has them */
    BARE_EVENTS = 512, /* of a wait */
    BARE_ACCEPTS = 64  /* of a wake-up, as the host has them */
};

/* A part of an answer that has not left. */
struct bare_rest {
    size_t sent, len;
    char bytes[];
};

/* Where each protocol's own begins with. */
struct bare_connection {
    int fd;
    int place;              /* the loop's own */
    struct bare_rest *rest; /* NULL: it waits for what comes */
};

struct bare {
    const struct bare_protocol *protocol;
    struct bare_connection listener;
    struct bare_loop *loop;
    char *in; /* BARE_READ bytes, for one recv */
    char *reply;
    size_t reply_room;
    void *state; /* the protocol's own */
};

struct bare_protocol {
    const char *name;
    size_t connection_size;

    /* It can be read from; with a rest: written to.  0, or -errno (a connection that has ended: -EPIPE): it is
     * closed and freed. */
    int (*ready)(struct bare *bare, struct bare_connection *connection);
    void (*free)(struct bare_connection *connection); /* what it has of the protocol's */
};

/* Serves on 127.0.0.1 until a signal ends the process, or something cannot go on: then the exit status. */
int bare_serve(const struct bare_protocol *protocol, void *state);

/* Reads once, into bare->in: how many bytes; 0: nothing came after all; -errno. */
long bare_receive(struct bare *bare, struct bare_connection *connection);

/* Room for so many bytes at bare->reply.  -ENOMEM. */
int bare_reserve(struct bare *bare, size_t len);

/* Sends: what does not leave at once is the rest, and leaves when there is room.  0, -errno. */
int bare_send(struct bare *bare, struct bare_connection *connection, const char *bytes, size_t len);
int bare_send_rest(struct bare *bare, struct bare_connection *connection);

/* -- Of the loop, by system ------------------------------------------------------------ */

/* 0, -errno. */
int bare_loop_open(struct bare *bare);
int bare_loop_add(struct bare *bare, struct bare_connection *connection);

/* Whether it waits for room, or for what comes. */
int bare_loop_wait_for_room(struct bare *bare, struct bare_connection *connection, bool room);

/* Just before its descriptor is closed. */
void bare_loop_forget(struct bare *bare, struct bare_connection *connection);

/* Until it cannot go on: -errno. */
int bare_loop_run(struct bare *bare);

/* What the loop calls. */
int bare_accept(struct bare *bare); /* -errno: it cannot go on */
void bare_close(struct bare *bare, struct bare_connection *connection);

/* Sends of a file (part_bare_sendfile_*.c): how many bytes left; 0: there is no room; -errno (-EIO: it is shorter). */
long bare_send_file(int fd, int file, uint64_t offset, size_t len);

/* accept(2) whose descriptor does not block, and is closed in what is executed (part_bare_accept*.c). */
int bare_accept_one(int listener);

#endif
