/* check.h: `confab check`: what its parts tell each other.
 *
 *     tools/check.c the command line
 *     supervise.c   the parent: its children, what became of them
 *     process.c     one of these: begun, listened to, ended
 *     progress.c    how far it has come, on a terminal
 *     child.c       a child: loads the plugin, runs cases
 *     shrink.c      another kind of child: the shortest reproducer of a failure
 *     scratch.c     folders for what runs write
 *     trial.c       one run in a process of its own, for shrink.c
 *     transcript.c  what the far ends did in a run, as a session
 *     board.c       what child and parent share
 *     report.c      for people, and for programs
 *     object*.c     the file: its symbols, segments, relocations
 *     watch*.c      in the child: the plugin's hooks, its memory, the functions that it calls
 *     cases*.c      which runs there are: a schedule each
 *     play*.c       one run: a session in a simulated network, by a schedule
 *     invariant*.c  runs that follow no session
 *
 * The plugin's code runs in children only: it may crash, end the process, or never return.  A child runs the
 * cases one after the other; where it ends before the last, the parent tells of the case that it was at, and
 * starts another behind it. */
#ifndef CONFAB_TOOLS_CHECK_H
#define CONFAB_TOOLS_CHECK_H

#include "tools/session/session.h"

#include <confab/host.h>
#include <confab/sim.h>
#include <stdatomic.h>

/* -- Cases ------------------------------------------------------------------------------- */

enum kind {
    /* The same bytes out. */
    KIND_SOLO,    /* as it is written */
    KIND_AGAIN,   /* once more, in the same process: stop and start leave nothing behind */
    KIND_ONE_CUT, /* what is sent, in two pieces */
    KIND_TWO_CUTS,
    KIND_EACH_BYTE,
    KIND_RANDOM_CUTS,
    KIND_SHORT_WRITES, /* and short reads */
    KIND_INTERRUPTED,  /* EINTR, EAGAIN, what is ready in another order */
    KIND_SLOW_READER,
    KIND_LATE_WORK,   /* jobs end at a moment that is drawn */
    KIND_INTERLEAVED, /* copies of it at once, where it says `isolated` */
    /* A prefix of them. */
    KIND_EOF, /* behind each byte */
    KIND_RESET,
    /* Only the invariants. */
    KIND_STOP,          /* of the service, behind each byte */
    KIND_TIME_OUT,      /* silence behind a byte: time passes until all is over */
    KIND_ALLOCATION,    /* the n-th fails */
    KIND_RANDOM_BYTES,  /* and sessions with bytes changed, left out, doubled */
    KIND_NO_TERMINATOR, /* one message without an end */
    KIND_NEVER_READS,
    KIND_GROWTH, /* the session again and again: what is held afterwards does not grow */
    KINDS
};

/* What a solo run has shown. */
struct measures {
    bool tried; /* it was to be measured */
    bool known;
    bool ended;     /* the child that measured it came to its end at that: the next one leaves it out */
    size_t bytes;   /* sent by far ends */
    size_t carried; /* both ways */
    uint64_t allocations;
    uint64_t first, count[KINDS]; /* cases: the number of the first, over all; how many of each kind */
    bool sampled[KINDS];          /* not every one that there could be */

    /* Kept by the child that runs the cases, and by its parent. */
    char name[128]; /* the session's */
    bool failed[KINDS];
    uint64_t run[KINDS];
};

/* -- What is found (board.c) --------------------------------------------------------- */

enum severity { CHECK_WARNING, CHECK_FAILURE };

/* All text is of one line and printable, but the reproducer, which is a session file. */
struct finding {
    enum severity severity;
    char seed[96];     /* what --seed takes to do it again; "": it is not a matter of chance */
    char session[256]; /* its name; "": none */
    unsigned line;     /* of the step, in the session's file; 0: none */
    char hook[48];     /* that was running, or had run last; "": none */
    char what[1024];
    char expected[512], got[512]; /* quoted; "": nothing of the kind */
    char reproducer[16384];       /* "": none */
};

enum { FINDINGS_MAX = 32, CHECK_SESSIONS_MAX = 64, TRANSCRIPT_MAX = 1 << 18 };

/* Shared by the parent and its child: the one writes what the other reads, also when it has crashed. */
struct board {
    _Atomic uint64_t total, done; /* cases; total is 0 until they are counted */
    _Atomic uint64_t beats;       /* changes as long as hooks return */
    /* The name of the hook that runs, or ran last: a literal of the host, whose image parent and child share. */
    _Atomic(const char *) hook;
    _Atomic bool in_hook;
    _Atomic bool finished;       /* the child has come to its end, and was not ended */
    char seed[96], session[256]; /* of the case that runs */
    _Atomic unsigned line;       /* of the step that runs */
    struct finding crash;        /* filled by the child's signal handler: what[0] is set last */
    _Atomic unsigned findings;
    struct finding finding[FINDINGS_MAX];
    unsigned sessions; /* how many measures there are */
    struct measures measures[CHECK_SESSIONS_MAX];
    char plugin[80], version[32]; /* its name, once it is loaded */

    /* What the far ends did in the run so far, as a session file (transcript.c); kept only where asked for. */
    bool keep_transcript;
    size_t transcript_len; /* over the room: it is too long to be kept */
    char transcript[TRANSCRIPT_MAX];
};

/* Notes it, unless there is one of the same words, hook, session and line already; -ENOSPC: there are enough. */
int board_note(struct board *board, const struct finding *finding);

/* -- What is asked for ------------------------------------------------------------------ */

struct request {
    const char *program;      /* argv[0] */
    const char *plugin;       /* its file */
    const char *const *words; /* KEY=VALUE */
    int word_count;
    struct session **sessions; /* those given; where there are none, the child takes the plugin's examples */
    size_t session_count;
    uint64_t seed;
    const char *only;     /* a case's name: this one alone; NULL: all */
    int64_t hook_timeout; /* nanoseconds of real time after which a hook that has not returned blocks */
    bool strict, json;
    const char *again; /* the command line, but for --seed, for whoever wants to run it again */
};

/* -- The file: object.c, object_elf.c or object_none.c ------------------------------------ */

/* Looks at the shared object without running anything of it; notes what is wrong.  What is wrong:
 * names that nobody defines (each), text relocations, an executable stack, destructors of threads: failures;
 * symbols besides confab_plugin_entry that it exports, static data that can be written to: warnings, with
 * their names.  0, also where there were findings; -errno where the file cannot be read. */
int object_check(const char *path, struct board *board);

/* -- The plugin, watched: watch*.c, of which watch.h tells ------------------------------------------------- */

struct watch;

/* Loads the plugin by its path and makes a module of it whose hooks go through the watch: those of the plugin, of its chats,
 * and of the chats that it connects and listens for.  Functions of the library and of libc that the plugin calls
 * are replaced in the plugin alone (where the system allows it): its memory is counted, may be made to fail, and is told from the
 * library's; messages lie before a guard page, as data that is collected does, and both are protected when
 * the hook returns.  To sleep takes no time in it: in a hook that is complained of, in a job of confab_work not.
 * A signal that it crashes by, and a call that ends the process, are written to board->crash; the process then
 * ends with status 3.  -EBUSY: a process has one watch at a time. */
int watch_new(struct watch **watch, const char *plugin, const char *path, struct board *board, char *error,
              size_t room);
void watch_free(struct watch *watch);             /* frees what the plugin has left, too */
confab_module *watch_module(struct watch *watch); /* its path is "", as of one that is linked in */

/* For confab_reactor_options: counts, fails as asked for. */
void *watch_alloc(void *watch, void *old, size_t n);

/* A run begins: nothing is held, nothing is wrong.  fail_at: the allocation that fails, counted from 1 over those of the
 * reactor and of the plugin; 0: none. */
void watch_begin(struct watch *watch, uint64_t fail_at);

/* How many allocations there were in this run; bytes that are held now, by the plugin, and by the reactor. */
uint64_t watch_allocations(const struct watch *watch);
size_t watch_plugin_bytes(const struct watch *watch);
size_t watch_reactor_bytes(const struct watch *watch);

/* A failure was seen; the first of a run stays.  hook NULL: the one that runs, or ran last. */
void watch_complain(struct watch *watch, const char *format, ...) CONFAB_PRINTF(2, 3);
const char *watch_complaint(const struct watch *watch); /* NULL: none so far */
const char *watch_complaint_hook(const struct watch *watch);
const char *watch_last_hook(const struct watch *watch);

/* Chats that are open: handle_connect or another hook was called, and handle_close was not. */
size_t watch_open_chats(const struct watch *watch);

/* Real time, which is monotonic; nanoseconds. */
int64_t watch_clock(void);

/* The run is over, its service, its simulation are freed: complains of what is left: chats without their handle_close, memory of the plugin (with
 * the hook that allocated it, and what it was given to: a producer, push_reference, confab_work, a timer), descriptors, threads. */
void watch_end(struct watch *watch);

/* -- Runs: cases.c, play*.c, invariant*.c ------------------------------------------------------------------ */

/* What a case does.  Positions count the bytes that the far ends send in the run, from 0. */
struct schedule {
    enum kind kind;
    unsigned session; /* index; sessions without one (an empty one) are there too */
    uint64_t number;  /* of the case within its kind */
    uint64_t seed;    /* for all that is drawn */
    size_t *cuts;     /* ascending; the loop runs until quiet before each */
    size_t cut_count;
    bool each_byte;
    struct confab_sim_faults faults;
    size_t mouthful;  /* bytes that a far end reads at a time; 0: all */
    size_t ends_at;   /* of EOF, RESET, STOP, TIME_OUT: behind so many bytes */
    uint64_t fail_at; /* of ALLOCATION */
    unsigned copies;  /* of INTERLEAVED, GROWTH */
};

/* How a case is called: SEED.SESSION.KIND.NUMBER, "1.0.two-cuts.77". */
void schedule_name(const struct schedule *schedule, uint64_t seed, char name[96]);
const char *kind_name(enum kind kind);
int schedule_read(const char *name, uint64_t *seed, unsigned *session, enum kind *kind, uint64_t *number);

/* Whether what is found in that session is to be told: not that of another one than a single case that was asked for
 * is of. */
bool request_wants(const struct request *request, unsigned session);

/* A world that a child has: the plugin, the sessions. */
struct checker {
    const struct request *request;
    struct board *board;
    struct watch *watch;
    struct session **sessions; /* those to be run, the last one is empty: nobody says anything */
    size_t session_count;
};

/* Fills measures of every session by a solo run of it, and counts the cases; notes what goes wrong at that. */
int cases_measure(struct checker *checker);

/* The schedule of a case; its cuts are to be freed (schedule_free). */
int cases_schedule(const struct checker *checker, uint64_t number, struct schedule *schedule);
int cases_draw(const struct checker *checker, unsigned session, enum kind kind, uint64_t number,
               struct schedule *schedule);
void schedule_free(struct schedule *schedule);

/* Runs it.  true: all held.  false: finding has what did not (severity, session, line, hook, what, expected, got). */
bool play(struct checker *checker, const struct schedule *schedule, struct finding *finding);

/* -- What a run did: transcript.c, written by play ------------------------------------------------------------- */

/* Begins anew: the session's header.  A run that cannot be told as a session (copies of one) does not begin. */
void transcript_begin(struct board *board, const struct session *session);

/* A step as it stands in the session; a send as it went: one piece, between two barriers. */
void transcript_step(struct board *board, const struct session *session, const struct session_step *step);
void transcript_send(struct board *board, const char *connection, const void *bytes, size_t n);
void transcript_word(struct board *board, const char *connection, const char *word); /* "eof", "reset" */

/* -- Folders: scratch.c -------------------------------------------------------------------------------------------- */

/* Makes a folder in TMPDIR, else in memory, else in /tmp; "" where that fails.  remove takes one with all that is in it, and "". */
enum { SCRATCH_PATH = 256 };
int scratch_make(char folder[SCRATCH_PATH]);
void scratch_remove(char folder[SCRATCH_PATH]);

/* -- The parent, and what its children do: supervise.c, child.c, shrink.c -------------------------------------- */

/* Statuses of a child that has finished. */
enum child_status { CHILD_DONE = 0, CHILD_STUCK = 81 /* it could not begin: there is a finding */ };

/* Loads the plugin and reads the sessions; false: there is a finding of why not. */
bool child_open(struct checker *checker, const struct request *request, struct board *board);

/* Runs the cases from number `from` on; the status to end with. */
int child_run(const struct request *request, struct board *board, uint64_t from);

/* Has a child run all cases, and another one behind each case that ends a child; then looks for reproducers.
 * 0, or -errno where the system gave no child. */
int supervise(const struct request *request, struct board *board);

/* In a child: looks for the shortest session that shows this finding. */
int shrink(const struct request *request, struct board *board, struct finding *finding);

/* Runs a schedule of a session in a process of its own, for `limit` ns at the most.  0: all held; 1: not, finding says what;
 * -errno: there was no process. */
int trial(struct checker *checker, const struct schedule *schedule, int64_t limit, struct finding *finding);

/* Shows how far it has come, on standard error where that is a terminal; end: takes it away.  First zeroed. */
struct progress {
    size_t shown; /* columns that are there now */
};
void progress_show(struct progress *progress, const struct board *board);
void progress_end(struct progress *progress);

/* -- report.c ---------------------------------------------------------------------------------------------------- */

/* Writes to standard output what was found, and how many runs there were. */
void report(const struct request *request, const struct board *board, int64_t took);

#endif
