/* load.h: the load generator: many connections to one server, in a process of its own.
 *
 * It stands on the library's reactor and dispatchers.  Every byte that comes back is compared with what was to
 * come.  In a closed loop a connection sends its next batch when the last has been answered; in an open loop requests
 * are due at set times, whatever has been answered, and latency counts from when a request was due, not from when it
 * could be sent: a server that stalls is charged for all that it kept waiting. */
#ifndef CONFAB_TOOLS_BENCH_LOAD_H
#define CONFAB_TOOLS_BENCH_LOAD_H

#include "tools/bench/histogram.h"
#include "tools/bench/launch.h"

struct load {
    int64_t connections;
    int64_t depth; /* closed loop: messages of a batch */
    int64_t size;  /* bytes of a message, CR LF included */
    double rate;   /* open loop: messages a second over all connections; 0: closed loop */
    bool even;   /* open loop: messages are due at even intervals, connections in turn; else each connection's
                       are a Poisson process */
    double warm; /* seconds before what counts */
    double seconds; /* that count */
    int64_t
        greedy; /* of the connections, how many send all that the server takes; their messages are not counted in
                        latency (fairness) */
    bool churn; /* each message on a connection of its own: connect, message, answer, close */
    bool
        idle; /* each connection sends one message, has it answered, and then does nothing: for FIGURE_MEMORY */
    const struct session *session; /* instead of lines: each connection plays it, again and again; NULL */
    double silence;                /* seconds in which a server has to answer; 0: 10 */
    const char *where;             /* who at which point, for warnings: "epoll, 50 connections, depth 1" */
};

/* Plays it at the server in a process pinned to bench->load_cpu, and fills the sample: FIGURE_RATE, FIGURE_BYTES, the
 * latency's figures and histogram, and by usage_read(server->pid) at both ends of what counts FIGURE_CPU, _USER, _SYSTEM,
 * _SWITCHES, or from server->calls FIGURE_CALLS; FIGURE_MEMORY, from before the first connection to when all
 * count; server_busy, load_busy (in an open loop it is always busy: it does not sleep while a request is due within 2 ms),
 * load_limited, late.  A wrong answer, a connection that the
 * server closed, or silence fails the sample, with words that name it. */
void load_run(struct bench *bench, const struct server *server, const struct load *load,
              struct sample *sample);

/* All of a measurement: the contender serves WHAT (launch.h), and this load is played at it.  Of the load, `where`, and
 * where they are 0 `warm` and `seconds`, are filled in. */
void load_measure(struct bench *bench, const struct contender *contender, const struct point *point,
                  const char *what, const char *const *words, const struct load *load, struct sample *sample);

/* How long that takes, all in. */
double load_cost(const struct bench *bench, const struct point *point);

/* Whether a load can play it: what has to be waited for in time, files and servers of its own, several connections are
 * not for it.  0, or -EINVAL with the line "FILE:LINE: what, expected what". */
int load_session_check(const struct session *session, char why[BENCH_WHY]);

#endif
