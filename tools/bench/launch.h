/* launch.h: processes that are measured: servers, workers, and what they have used. */
#ifndef CONFAB_TOOLS_BENCH_LAUNCH_H
#define CONFAB_TOOLS_BENCH_LAUNCH_H

#include "tools/bench/bench.h"

/* -- Servers --------------------------------------------------------------------------- */

/* How a contender serves WHAT ("line", "bulk", "sink"; a path to a plugin for a HOST) on 127.0.0.1, a port that the kernel
 * chooses:
 *
 *     HOST   PROGRAM serve -b BACKEND -l 127.0.0.1:0 -- WHAT WORDS...
 *     BARE   PROGRAM bench --part bare WHAT WORDS...
 *     PEER   PROGRAM WHAT WORDS...
 *
 * Each writes the line `listening NAME 127.0.0.1:PORT` on standard output when it serves, and serves until SIGTERM.  Its
 * standard error is kept: the last line of it is told where it ends before its time.  It has our environment but for
 * CONFAB_BACKEND, and ends when we do, whatever ends us. */
struct server {
    pid_t pid;
    int port;
    char address[64];               /* "127.0.0.1:PORT" */
    const volatile uint64_t *calls; /* system calls so far; NULL: they are not counted */
    struct kept *kept;              /* launch's own; NULL: it does not run */
};

/* Starts it, pinned to bench->server_cpu, and waits until it listens (10 s at most; until bench->stop).  With
 * bench->counting its system calls are counted, those of its threads and children too, where the system can (ptrace(2)): a
 * warning where it cannot.  false: why, in the sample. */
bool server_start(struct bench *bench, const struct contender *contender, const char *what,
                  const char *const *words, struct server *server, struct sample *sample);

/* Ends it and waits for it: SIGTERM, after 2 s SIGKILL.  One that ended before by itself makes the sample a failed one.
 * Does nothing where it does not run. */
void server_stop(struct server *server, struct sample *sample);

/* -- Workers --------------------------------------------------------------------------- */

/* Something that measures itself, in a process of its own, on bench->server_cpu:
 *
 *     HOST   PROGRAM bench --part host WHAT BACKEND WORDS...
 *     BARE   PROGRAM bench --part bare WHAT WORDS...
 *     PEER   PROGRAM WHAT WORDS...
 *
 * It writes lines `NAME VALUE` on standard output, NAME a figure's name in figure_kinds, which are put into the sample
 * (taken then), and ends with 0.  60 s at most. */
void worker_run(struct bench *bench, const struct contender *contender, const char *what,
                const char *const *words, struct sample *sample);

/* What `bench --part KIND WHAT ...` runs, in this program: a table in part.c.  Returns the exit status.  argv[0] is WHAT,
 * or for a host's worker BACKEND. */
struct part {
    const char *kind, *what; /* "bare" "line"; "host" "dispatch" */
    int (*run)(int argc, char **argv);
};
extern const struct part parts[]; /* ends with a NULL kind */
int part_run(int argc, char **argv);

/* -- What a process has used (usage*.c, by system) ------------------------------------- */

struct usage {
    double cpu;          /* ns, as exact as the system has it */
    double user, system; /* ns, coarse: only how they share it is to be relied on; NAN: not known */
    double switches;     /* context switches of the threads there are, wished for or not; NAN */
    double memory;       /* bytes resident that are its own (anonymous); NAN */
};

/* Of another process, ours.  0, or -errno: -ENOSYS where the system does not tell. */
int usage_read(pid_t pid, struct usage *usage);

/* Puts what was used between the two into the sample, for each of `count`: FIGURE_CPU, _USER, _SYSTEM, _SWITCHES. */
void usage_figures(const struct usage *before, const struct usage *after, double count,
                   struct sample *sample);

/* -- Children -------------------------------------------------------------------------- */

/* Called in a child of ours first of all: from now on it is killed when `parent`, who forked it, ends, whatever ends that;
 * where the system has nothing for it, that is the child's to see by getppid(2). */
void die_with(pid_t parent);

/* -- Processors (pin*.c, by system) ---------------------------------------------------- */

/* Two processors for server and load, as far as this process may use them: siblings of one core last.  -1 each: it
 * cannot be told, or there is only one. */
void pin_choose(int *server_cpu, int *load_cpu);
int pin_self(int cpu); /* -1: does nothing.  0, or -errno */

/* Raises this process's limit of descriptors as far as it goes; what it is now. */
int64_t descriptors_raise(void);

#endif
