/* timers.h: the work of the scenario `timers`, the same with each library's timers.
 *
 * COUNT timers are started, half of them are stopped, which ones and in what order is drawn, and the others expire.
 * Each phase is done by what the loop calls, as programs do it, and what it takes is measured around the whole turn, so
 * that it counts what a library puts off to the turn's end.  Before that all are started and stopped once, uncounted: memory
 * has been had, as in a program that has run for a while.
 *
 * Deadlines are drawn evenly from a range that begins when, on a machine that is not overloaded, all has been started
 * and stopped, and lets one of those that are left come each microsecond: a thousand in each of the milliseconds that
 * loops wait by, so that a loop sleeps and wakes as it does in a busy server, and they share what a wake-up costs.  All
 * due at once would be another work: a heap would be emptied, and nothing waited for.
 *
 * Processor time is what counts; sleeping costs none. */
#ifndef CONFAB_TOOLS_BENCH_TIMERS_H
#define CONFAB_TOOLS_BENCH_TIMERS_H

#include <stdint.h>

struct timers {
    int64_t count;
    const int64_t *after;    /* ns from its start to each one's deadline */
    const uint32_t *stopped; /* those that are stopped, in this order */
    int64_t stops;           /* how many those are */
    int64_t fired;           /* those that have expired: the callback adds one */
    int error;               /* -errno of one that could not be started; 0 */
    const char *backend;     /* that the loop is to use; NULL: its own choice */
    void *loop;              /* the library's own */
};

struct timers_loop {
    const char *command; /* who says what goes wrong */
    /* Makes the loop, and whatever memory timers lie in that is the caller's.  0, or -errno; close is called in any case. */
    int (*open)(struct timers *timers);
    /* A turn in which the loop calls work(timers).  0, or -errno. */
    int (*inside)(struct timers *timers, void (*work)(struct timers *timers));
    void (*start)(struct timers *timers); /* all, in their order */
    void (*stop)(struct timers *timers);  /* those of `stopped` */
    int (*run)(struct timers *timers);    /* turns, until no timer is left.  0, or -errno */
    void (*close)(struct timers *timers);
};

/* All of a worker: the word is COUNT.  Prints `start_ns VALUE`, `stop_ns VALUE` and `expire_ns VALUE`, each for one timer.
 * The exit status. */
int timers_main(const struct timers_loop *loop, const char *backend, int argc, char **argv);

#endif
