/* pool.h: threads that run what would block the loop.
 *
 * A reactor has two pools, so that names that are slow to resolve hold up no
 * work: reactor_work_pool (confab_work) and reactor_names_pool.  A pool starts its threads
 * one by one, when there is a job and no idle one, up to its bound; they end
 * with the pool.  In a simulated network there are none: the turn runs the jobs,
 * and ends them in the next.  All that is declared here belongs to the loop's
 * thread. */
#ifndef CONFAB_CORE_POOL_H
#define CONFAB_CORE_POOL_H

#include <confab/reactor.h>
#include <stdatomic.h>

struct pool;

/* Embedded, first, in what is to be done.  The pool owns it from submit (or hold) until done is called. */
struct job {
    struct job *next;

    /* In a thread of the pool. */
    void (*run)(struct job *job);

    /* On the loop, in the turn, exactly once.  ran: run has been called and has returned; else
     * the reactor is being freed, a fork left the threads behind, or it was skipped. */
    void (*done)(struct job *job, bool ran);

    /* For pools that are not waited for: the pool is gone, and run has returned
     * only now: frees the job, in the pool's thread.  NULL where the pool waits. */
    void (*drop)(struct job *job);

    /* The pool's own. */
    struct job *previous;
    struct job *older, *younger; /* among all that it owns */
    atomic_int state;
};

/* A pool of up to `threads` threads, none of them started yet.  waits: pool_free waits for
 * jobs that are running; else it leaves them behind, and drop ends them.  NULL: out of memory. */
struct pool *pool_new(confab_reactor *reactor, unsigned threads, bool waits);

/* Queues a job.  -EAGAIN: there is no thread and none can be started; then the job is still the caller's. */
int pool_submit(struct pool *pool, struct job *job);

/* Takes a job that is not to begin yet; and queues it.  -EAGAIN as pool_submit: it is held still. */
void pool_hold(struct pool *pool, struct job *job);
int pool_begin(struct pool *pool, struct job *job);

/* Whether it is held: neither begun nor, by a fork or by pool_skip, finished. */
bool pool_holds(const struct job *job);

/* Takes a job that has not begun off the queue: true, and it is the caller's again; done is not called. */
bool pool_cancel(struct pool *pool, struct job *job);

/* Finishes a job that has not begun, not having run: done is called in a following turn.  No-op for any other. */
void pool_skip(struct pool *pool, struct job *job);

/* Jobs that are held, queued, running, or finished and not told of yet: those of the work pool keep run going.
 * pool may be NULL. */
unsigned pool_count(const struct pool *pool);

/* The turn: calls done for those that have finished when it begins.  Returns how many.  Cheap when there is none;
 * pool may be NULL. */
int pool_turn(struct pool *pool);

/* In the child of a fork: the threads are not there; every job is finished, those that had not been before not having
 * run, and done is called in the next turn, if that looks (reactor->posted).  pool may be NULL. */
void pool_forked(struct pool *pool);

/* Ends it: jobs that have not begun are done without having run, those that
 * are running are waited for or left behind.  pool may be NULL.  May call done. */
void pool_free(struct pool *pool);

#endif
