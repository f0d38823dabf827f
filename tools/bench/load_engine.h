/* load_engine.h: the load generator as its parts see it.  It is a process of its own.
 *
 *     load.c          the parent: the process, what it has found, as a sample
 *     load_engine.c   the process: connects, warms up, measures, waits for what is still to come
 *     load_link.c     a connection: its bytes out, and in, each compared
 *     load_lines.c    what is sent
 *     load_closed.c   load_open.c   load_churn.c   when it is sent
 *     load_session.c   load_session_step.c   load_session_check.c   a session file instead of lines
 *     load_measure.c  a server with its load, from beginning to end
 *     load_source.c   from which address */
#ifndef CONFAB_TOOLS_BENCH_LOAD_ENGINE_H
#define CONFAB_TOOLS_BENCH_LOAD_ENGINE_H

#include "tools/bench/load.h"

#include <confab/dispatcher.h>
#include <confab/reactor.h>

enum {
    LOAD_BUFFER = 256 << 10,   /* bytes of one read, and that a greedy connection sends at once */
    LOAD_BATCH_MAX = 16 << 20, /* bytes that a connection has under way in a closed loop */
    LOAD_CONNECTIONS_MAX = 1000000,
    LOAD_CONNECTING = 64 /* connections that are made at once: a listener's queue is short */
};

/* -- What is sent (load_lines.c) --------------------------------------------------------- */

/* A ring of messages, each unlike the others; connections begin at different places.  The first `extra` bytes stand behind it once
 * more, so that what is sent at once is in one piece. */
struct lines {
    char *at;
    size_t size, len, extra; /* of a message, of the ring */
};
int lines_make(struct lines *lines, size_t size, size_t extra); /* -ENOMEM */
void lines_free(struct lines *lines);
size_t lines_begin(const struct lines *lines, uint32_t connection); /* where a connection begins */

/* -- What is found out ------------------------------------------------------------------- */

/* In memory that load.c shares with the process. */
struct findings {
    bool complete;
    char why[BENCH_WHY];
    double seconds;           /* between the two ends of what counts */
    uint64_t messages, bytes; /* that came back between them */
    uint64_t due, met;        /* open loop: that were due between them; and that were answered there */
    uint64_t late;
    struct usage before; /* of the server, before anybody had connected */
    struct usage server[2], self[2];
    uint64_t calls[2];
    struct histogram latency;
};

/* -- Connections (load_link.c) --------------------------------------------------------------- */

struct engine;

struct link {
    confab_dispatcher *socket; /* NULL: there is none */
    struct engine *engine;
    uint64_t unsent;            /* bytes that are to leave */
    uint64_t awaited;           /* bytes that are to come: of those too that have not left */
    size_t send_at, receive_at; /* in the ring */
    size_t part;                /* bytes that have come of a message that has not come whole */
    int64_t sent;               /* when its messages left */
    int64_t since;              /* when something last happened to it */
    uint32_t index;
    bool writing; /* it is told when it can send */
    bool busy;    /* something is still to come */
    bool greedy;
    void *own; /* the mode's */
};

/* The next link that has none is connected; it is told to the mode when it is. */
void link_open(struct link *link);
void link_close(struct link *link);

/* Sends of what is unsent as much as the server takes; the rest when it takes more. */
void link_send(struct link *link);

/* Receives, and compares: how many bytes.  0: none, or it has failed. */
size_t link_receive(struct link *link);

/* Of these bytes that came next, how many messages they have completed. */
uint64_t link_completed(struct link *link, size_t n);

void link_busy(struct link *link, int64_t now);
void link_idle(struct link *link);

/* Receives as it is into the engine's buffer; 0 where there is nothing yet, or it has failed: also where the server
 * has closed. */
size_t link_read(struct link *link);

/* Of confab_dispatcher_ops, for all modes. */
int link_connected(confab_dispatcher *socket);
int link_writable(confab_dispatcher *socket);
int link_error(confab_dispatcher *socket, int error);
void link_gone(confab_dispatcher *socket);

/* Its address for the i-th connection, where many of one machine are more than it has ports (load_source*.c). */
int source_bind(int fd, uint32_t index);

/* -- The process (load_engine.c) ---------------------------------------------------------------- */

/* When messages are sent. */
struct load_mode {
    const struct confab_dispatcher_ops *ops;
    bool connects; /* making connections is part of what is measured */

    /* What it needs of its own, and the end of that; NULL: nothing.  -errno. */
    int (*open)(struct engine *engine);
    void (*close)(struct engine *engine);

    void (*start)(struct link *link); /* it is connected, and the time to begin has come */

    /* Before each turn: does what is due, tells how long the turn may sleep.  NULL: nothing is due. */
    int64_t (*turn)(struct engine *engine, int64_t now);

    /* Which line of its session a connection is at.  NULL: there is no session. */
    unsigned (*line)(const struct link *link);

    /* It ends, though not all has come.  NULL: it never ends like that. */
    void (*give_up)(struct engine *engine, int64_t now);
};
extern const struct load_mode load_closed, load_open, load_churn;

/* Of a session: each connection plays it again and again, or each play is on a connection of its own. */
const struct load_mode *load_session_mode(const struct session *session);

extern const struct confab_dispatcher_ops load_greedy; /* of the greedy connections of any mode */

enum engine_phase { ENGINE_CONNECTING, ENGINE_WARMING, ENGINE_MEASURING, ENGINE_ENDING };

struct engine {
    const struct load *load;
    const struct server *server;
    pid_t parent;
    const struct load_mode *mode;
    struct findings *findings;
    confab_reactor *reactor;
    struct link *links;
    uint32_t link_count, opened, connected; /* opened: how many were begun */
    struct lines lines;
    char *buffer;
    size_t batch; /* closed loop: bytes that are sent at once */
    void *own;    /* the mode's */

    enum engine_phase phase;
    bool measuring, stopping, over; /* stopping: nothing new is sent */
    int64_t mark;                   /* when the phase ends */
    int64_t begun, ends;            /* what counts; ends is INT64_MAX until that is known */
    int64_t look, silence;
    uint32_t busy;            /* links that are; and what a mode adds */
    uint64_t messages, bytes; /* that have come back */
};

int64_t engine_clock(void);

/* The first failure is the one that is told; it ends the process soon. */
void engine_fail(struct engine *engine, const char *format, ...) CONFAB_PRINTF(2, 3);

/* All of it. */
void engine_run(const struct load *load, const struct server *server, pid_t parent,
                struct findings *findings);

#endif
