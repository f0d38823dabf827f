/* stream.h: a load of many bytes over few connections, to the plugin `bench` or the bare servers that are like it.  It pulls: each
 * connection asks for letters, which are compared, and when all have come asks again.  Or it pushes: messages over
 * one connection, one way; the server counts them, and its answer at the end has to be right. */
#ifndef CONFAB_TOOLS_BENCH_STREAM_H
#define CONFAB_TOOLS_BENCH_STREAM_H

#include "tools/bench/launch.h"

struct stream {
    uint64_t unit; /* bytes that figures are for each of */
    double seconds;
    uint64_t most; /* bytes that end it before; 0: no number does */

    /* To pull. */
    const char *command; /* NULL: it pushes */
    uint64_t answer;     /* bytes */
    int64_t connections; /* STREAM_CONNECTIONS at the most */

    /* To push. */
    const char *message;
    size_t message_len, terminator_len; /* of the message its terminator is the end */
};

enum { STREAM_CONNECTIONS = 64 };

/* Plays it at the server in a process pinned to bench->load_cpu, and fills the sample: FIGURE_BYTES, and of server->pid
 * FIGURE_CPU, _USER, _SYSTEM, _SWITCHES, _CALLS; server_busy, load_busy, load_limited.  What pulls counts once a tenth of its
 * time has passed, or 0.2 s; what pushes from its first byte to the answer.  A wrong byte or answer, a connection that the
 * server closed, or silence for 10 s fails the sample. */
void stream_run(struct bench *bench, const struct server *server, const struct stream *stream,
                struct sample *sample);

/* -- Its process, as its parts see it -------------------------------------------------- */

/* In memory that is shared. */
struct stream_findings {
    bool complete;
    char why[BENCH_WHY];
    uint64_t bytes;
    int64_t time[2]; /* at both ends of what counts */
    struct usage server[2], self[2];
    uint64_t calls[2];
};

struct stream_load {
    const struct stream *stream;
    const struct server *server;
    struct stream_findings *findings;
    int sockets[STREAM_CONNECTIONS];
};

/* false: findings->why says why. */
bool stream_pull(struct stream_load *load);
bool stream_push(struct stream_load *load);

/* What was used until now; end 0 or 1. */
void stream_mark(struct stream_load *load, int end);
bool stream_fail(struct stream_load *load, const char *format, ...) CONFAB_PRINTF(2, 3); /* false */

/* For what recv(2) or send(2) returned. */
bool stream_fail_io(struct stream_load *load, ssize_t returned);

#endif
