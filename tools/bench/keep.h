/* keep.h: a program that is run and kept: what servers and workers have in common.
 *
 * Between us and the program stands a keeper, a process that is forked from us:
 *
 *     we --- line --- keeper --- fork, exec --- program
 *      \____________ its standard output ________/
 *
 * It reads what the program says on standard error, so that the program never waits for us, which measure meanwhile, and
 * keeps the last of it.  It alone waits for the program: so it alone may end it, and never hits another process of
 * that number.  When our end of the line is shut it ends the program, by SIGTERM, later by SIGKILL; when we are gone, at
 * once; and then what is left of its group.  Each of the two leads a group of its own: a Ctrl-C reaches us alone.  What the three share lies in
 * struct kept; the keeper writes there, and we read when it has ended, but for `pid` and `calls`. */
#ifndef CONFAB_TOOLS_BENCH_KEEP_H
#define CONFAB_TOOLS_BENCH_KEEP_H

#include "tools/bench/launch.h"
#include "tools/printable.h"
#include <signal.h>

enum { KEPT_TAIL = 4096 };

struct kept {
    /* Ours. */
    pid_t keeper;
    int line;   /* to the keeper: ends when it does */
    int output; /* the program's standard output; -1: closed */

    /* The program's, before it is that. */
    volatile pid_t pid;
    int failed; /* errno: it could not be executed */

    /* The keeper's. */
    bool ended;    /* status is known */
    bool asked;    /* it ended when it was told to */
    int status;    /* as waitpid(2) has it */
    int uncounted; /* errno: system calls are not counted */
    volatile uint64_t calls;
    size_t said;
    char tail[KEPT_TAIL + 1]; /* the last that it said */
};

struct keep {
    const char *program;
    const char **words; /* its argv, which ends with NULL */
    int cpu;            /* -1: not pinned */
    bool counting;
    bool drops; /* what it prints is lost where we do not read it, rather than that it waits */
};

/* Starts it.  0, or -errno: nothing was started. */
int keep_start(const struct keep *keep, struct kept **kept);

/* Waits until there is output, its end, or the program has ended, for `ns` at the most.  1: there is output, or its end;
 * 0: there is none yet; -ECHILD: the program has ended, and there is nothing to read. */
int keep_wait(struct kept *kept, int64_t ns);

/* Whether it has ended. */
bool keep_ended(struct kept *kept);

/* Ends it where it has not ended, and waits for it; what it said and how it ended is known then. */
void keep_end(struct kept *kept);

/* How it ended: "ended with exit status 1"; and the last line that it said, "" where it said nothing.  To be called after
 * keep_end. */
enum { KEEP_HOW = 128 };
const char *keep_how(const struct kept *kept, char how[KEEP_HOW]);
const char *keep_last(const struct kept *kept, char last[PRINTABLE_ROOM]);

/* NULL: does nothing. */
void keep_free(struct kept *kept);

int64_t keep_clock(void); /* monotonic, ns */

/* A program's path for a message: its end, where it is long. */
enum { KEEP_NAME = 64 };
const char *keep_name(const char *program, char name[KEEP_NAME]);

/* -- Parts of launch.c that the worker's has too ------------------------------------------ */

enum { LAUNCH_WORDS = 16 };                    /* before those of the caller */
#define LAUNCH_LOOK (100 * CONFAB_MILLISECOND) /* between two looks at bench->stop */

/* The first `count` words, and those of the caller (NULL: none) behind them; to be freed. NULL: out of memory. */
const char **launch_words(const char *const *first, size_t count, const char *const *more);

/* Waits for its output until `deadline`, as keep_clock has it.  As keep_wait; -EINTR: the run is to end; -ETIMEDOUT. */
int launch_wait(const struct bench *bench, struct kept *kept, int64_t deadline);

/* Ends it, and makes the sample a failed one: the program, the words, the last line that it said.  launch_ended: the words
 * are how it has ended by itself, and `when`. */
void launch_fail(struct sample *sample, struct kept *kept, const char *program, const char *format, ...)
    CONFAB_PRINTF(4, 5);
void launch_ended(struct sample *sample, struct kept *kept, const char *program, const char *when);

/* As server_start and worker_run, but with other bounds than 10 s and 60 s: for tests. */
bool server_start_within(struct bench *bench, const struct contender *contender, const char *what,
                         const char *const *words, int64_t ns, struct server *server, struct sample *sample);
void worker_run_within(struct bench *bench, const struct contender *contender, const char *what,
                       const char *const *words, int64_t ns, struct sample *sample);

/* -- System calls of another process (calls_*.c, by system) -------------------------------- */

/* Begins to count those of a child of ours that waits in read(2).  -errno: cannot. */
int calls_begin(pid_t pid);

/* Whether waitpid(2) told of a stop that was ours to look at: then it has been counted, and goes on.  When `program` is
 * executed the count begins. */
bool calls_stopped(pid_t pid, int status, pid_t program, volatile uint64_t *calls);

/* More flags for waitpid(2), so that it tells of threads. */
extern const int calls_wait_flags;

#endif
