/* bench.h: `confab bench`: what its parts tell each other.
 *
 *     tools/bench.c   the command line
 *     run.c           what is measured in which order: points, rounds, contenders in turn, a warm-up before
 *     scenario_*.c    one scenario each: its points, and how one contender is measured at one of them
 *     part*.c         what is measured in a process of its own, and is not `confab serve`: the bare server, workers
 *     launch*.c       processes: servers, workers, the load; processors for them; what they have used
 *     load*.c         the load generator
 *     machine*.c      what this machine is, and whether it can be believed
 *     histogram.c     latencies
 *     statistics*.c   medians, intervals, verdicts
 *     report*.c       from samples to estimates and verdicts; a table, JSON, a page of HTML
 *     baseline*.c     beside an older report, read again by json_read*.c
 *     progress.c      how far it has come, on a terminal
 *
 * Nothing of what is measured runs in this process: a server, a worker and the load are each a process of their own, a
 * server on one processor and the load on another where there are two.  A contender is measured at a point for a fixed time;
 * contenders take turns, round by round, so that what drifts, drifts for all. */
#ifndef CONFAB_TOOLS_BENCH_H
#define CONFAB_TOOLS_BENCH_H

#include <confab/base.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    BENCH_CONTENDERS = 16, /* at the most */
    BENCH_POINTS = 64,     /* of a scenario, at the most */
    BENCH_ROUNDS = 100,
    BENCH_WHY = 256, /* room for one line of an error */
    BENCH_WARNINGS = 32
};

/* -- Figures (figures.c) --------------------------------------------------------------- */

/* What one measurement may tell.  A scenario has some of them; the others are NAN. */
enum figure {
    FIGURE_RATE,     /* messages, connections, events a second */
    FIGURE_BYTES,    /* bytes a second */
    FIGURE_CPU,      /* ns of the server's processor time a message (connection, event, timer; MiB in bulk) */
    FIGURE_USER,     /* of them outside the kernel */
    FIGURE_SYSTEM,   /* and in it */
    FIGURE_CALLS,    /* system calls a message: counted in a run of its own, which is not timed */
    FIGURE_SWITCHES, /* context switches a message */
    FIGURE_P50,      /* latency, ns */
    FIGURE_P90,
    FIGURE_P99,
    FIGURE_P999,
    FIGURE_P9999,
    FIGURE_MAX,
    FIGURE_MEMORY, /* bytes a connection */
    FIGURE_EVENT,  /* ns to dispatch an event, all in */
    FIGURE_START,  /* ns a timer: started, stopped, expired */
    FIGURE_STOP,
    FIGURE_EXPIRE,
    FIGURES
};

struct figure_kind {
    const char *name;  /* in JSON: "cpu_ns" */
    const char *title; /* in tables: "cpu" */
    const char *unit;  /* "ns", "1/s", "B/s", "B", "" */
    bool more_is_better;
};
extern const struct figure_kind figure_kinds[FIGURES];

/* -- Who is measured ------------------------------------------------------------------- */

enum contender_kind {
    CONTENDER_BARE, /* written straight on the system's poller: the floor; in every report */
    CONTENDER_HOST, /* `confab` with one backend: this one, or an older build of it */
    CONTENDER_PEER  /* a program of tools/bench/peers */
};

struct contender {
    const char *name; /* "bare", "epoll", "poll", "libevent"; "old epoll" of --against */
    enum contender_kind kind;
    const char *program; /* what is executed: a path */
    const char *backend; /* of a HOST; else NULL */
    const char *version; /* what it says it is: "0.1.0", "2.1.12-stable"; NULL: not known */
    bool old;            /* the other build of --against */
    unsigned lacks;      /* of an old HOST: what of NEEDS_ it has not */
};

/* -- At what --------------------------------------------------------------------------- */

/* Zero (NULL) is: has no such. */
struct point {
    char name[64];       /* as printed: "50 connections, depth 16"; unlike all others of its scenario */
    const char *variant; /* "closed", "open", "file", "producer" ...: static */
    int64_t connections;
    int64_t depth;                       /* messages that a connection has under way at once */
    int64_t size;                        /* bytes of a message, its terminator included */
    double share;                        /* open loop: of what `bare` can do */
    int64_t descriptors, active, writes; /* dispatch */
    int64_t count;                       /* timers; bytes in bulk */
    int64_t terminator;                  /* its length */
    int rounds;                          /* at the most; 0: as many as there are */
    bool quick;                          /* is measured by --quick too */
    bool sweep;  /* one of a curve: shown in a plot, judged like the others only where `judged` says */
    bool judged; /* is in the family of verdicts */
    const enum figure *judges; /* by these figures instead of the scenario's; ends with FIGURES; NULL */
};

/* What one measurement has shown. */
struct sample {
    bool taken; /* false: why says why not */
    char why[BENCH_WHY];
    double figure[FIGURES];        /* NAN: none */
    struct histogram *latency;     /* NULL: none; the sample's own */
    double seconds;                /* how long was measured */
    double server_busy, load_busy; /* shares of a processor, 0 to 1; NAN: not known */
    bool load_limited;             /* not the server was the limit, but the load that asked it */
    uint64_t late; /* of an open loop: requests that left more than a tick of the load behind their time */
};

struct bench;

/* What a HOST has to have for a scenario; older builds may not. */
enum {
    NEEDS_WORKERS = 1, /* `bench --part host` */
    NEEDS_PLUGIN = 2   /* the plugin `bench` */
};

struct scenario {
    const char *name, *summary; /* as `confab bench --help` lists it */
    const char *per; /* what its figures are for each of: "message", "connection", "event", "timer", "MiB" */
    const enum figure *figures; /* those in its table, in this order; ends with FIGURES */
    const enum figure *judged;  /* those that verdicts are about; ends with FIGURES */

    /* Writes its points; how many.  What this machine's limits forbid is left out, with a warning (bench_warn). */
    size_t (*points)(struct bench *bench, struct point points[BENCH_POINTS]);

    /* NULL: it is measured; else why not, in a few words ("has no timers of its own"). */
    const char *(*excludes)(const struct contender *contender, const struct point *point);

    /* Measures once, for bench->seconds or for as long as it takes.  sample is cleared (sample_clear); what goes wrong is
     * told in why.  Where bench->counting is true it is the run that counts system calls: FIGURE_CALLS is all that is
     * looked at, and a short run does. */
    void (*measure)(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample);

    unsigned needs; /* of NEEDS_ */

    /* How long measure takes there, in seconds, about, all in; NULL: bench->seconds and what starting processes takes. */
    double (*cost)(const struct bench *bench, const struct point *point);
};

extern const struct scenario dispatch_scenario, echo_scenario, churn_scenario, idle_scenario, bulk_scenario,
    timers_scenario, terminator_scenario, fairness_scenario, session_scenario;
extern const struct scenario
    *const scenarios[]; /* scenarios.c; ends with NULL; session_scenario is not one of them */

void sample_clear(struct sample *sample); /* its histogram is freed */
void sample_fail(struct sample *sample, const char *format, ...) CONFAB_PRINTF(2, 3);

/* Whether its processor's time was all used; what is not known of the load is no, of the server yes: then it is not said
 * that the load was the limit. */
bool sample_load_full(const struct sample *sample);
bool sample_server_full(const struct sample *sample);

/* -- The run --------------------------------------------------------------------------- */

struct bench {
    /* What was asked for. */
    bool quick;
    int rounds;         /* of each contender at each point */
    double seconds;     /* that one measurement of a running server takes */
    const char *plugin; /* --plugin and --session: session_scenario alone is run; else NULL */
    const char **words; /* its options, as `serve` takes them */
    int word_count;
    const struct session *session;

    /* Where. */
    const char *program;      /* this executable, a path: bare is a part of it */
    int server_cpu, load_cpu; /* -1: not pinned */

    /* Now. */
    bool counting;
    double bare_rate; /* messages a second that `bare` reached at 50 connections, depth 1, in this run; 0: not
                                   known yet (run.c sees to it before open loops) */
    int round;        /* from 0; -1: warm-up */
    const volatile sig_atomic_t *stop; /* not 0: the signal that ends the run; NULL: none does */
    size_t warning_count;
    char warnings[BENCH_WARNINGS][BENCH_WHY];
};

/* One line for the report; one that is there already is not repeated. */
void bench_warn(struct bench *bench, const char *format, ...) CONFAB_PRINTF(2, 3);

#endif
