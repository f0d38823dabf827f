/* pool.c: threads that run what would block the loop.
 *
 * A job goes from the queue to a thread and from there to the finished list, both under
 * the lock; the turn takes that list whole.  The list of all jobs is the loop's own:
 * together with each job's state it is what the child of a fork can trust, whatever
 * a thread was in the midst of doing to the others. */
#include "core/pool.h"
#include "core/reactor.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum { JOB_HELD = 1, JOB_QUEUED, JOB_RUNNING, JOB_RAN, JOB_SKIPPED };

struct job_list {
    struct job *first, *last;
};

struct worker {
    pthread_t thread;
    struct pool *pool;
    bool busy;
};

/* Of malloc, not of the reactor's memory: threads that are left behind outlive that. */
struct pool {
    confab_reactor *reactor; /* not to be touched by a thread once closed */
    bool waits;
    bool on_loop; /* a simulated network's: no threads, the turn runs the jobs */
    unsigned due; /* then: so many of the queue may run */
    unsigned threads, started, count;
    struct job *oldest, *youngest; /* all jobs */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wanted;
    struct job_list queue, finished;
    unsigned queued, busy;
    bool closed;

    atomic_bool any;  /* is finished */
    atomic_uint refs; /* the reactor's, and one for each thread left behind */
    struct worker worker[];
};

static void append(struct job_list *list, struct job *job)
{
    job->next = NULL;
    job->previous = list->last;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static void take_out(struct job_list *list, struct job *job)
{
    *(job->previous ? &job->previous->next : &list->first) = job->next;
    *(job->next ? &job->next->previous : &list->last) = job->previous;
}

static void own(struct pool *pool, struct job *job)
{
    assert(!pool->closed);
    job->younger = NULL;
    job->older = pool->youngest;
    *(pool->youngest ? &pool->youngest->younger : &pool->oldest) = job;
    pool->youngest = job;
    pool->count++;
}

static void disown(struct pool *pool, struct job *job)
{
    *(job->older ? &job->older->younger : &pool->oldest) = job->younger;
    *(job->younger ? &job->younger->older : &pool->youngest) = job->older;
    pool->count--;
}

static void unref(struct pool *pool)
{
    if (atomic_fetch_sub(&pool->refs, 1) > 1)
        return;
    pthread_cond_destroy(&pool->wanted);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* With the lock held: once it is let go a reactor that is closing may be freed. */
static void finish(struct pool *pool, struct job *job, int state)
{
    atomic_store(&job->state, state);
    append(&pool->finished, job);
    atomic_store(&pool->any, true);
    if (!pool->closed && !atomic_exchange(&pool->reactor->posted, true))
        reactor_wake(pool->reactor);
}

/* -- The threads ------------------------------------------------------------ */

/* Waits for one; NULL: the pool is closed. */
static struct job *next_job(struct pool *pool)
{
    while (!pool->queue.first && !pool->closed)
        pthread_cond_wait(&pool->wanted, &pool->lock);
    struct job *job = pool->queue.first;
    if (pool->closed)
        return NULL;
    take_out(&pool->queue, job);
    pool->queued--;
    atomic_store(&job->state, JOB_RUNNING);
    return job;
}

static void *work(void *data)
{
    struct worker *worker = data;
    struct pool *pool = worker->pool;
    struct job *job;

    pthread_mutex_lock(&pool->lock);
    while ((job = next_job(pool))) {
        worker->busy = true;
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        job->run(job);
        pthread_mutex_lock(&pool->lock);
        if (pool->closed && !pool->waits) {
            pthread_mutex_unlock(&pool->lock);
            job->drop(job);
            unref(pool);
            return NULL;
        }
        worker->busy = false;
        pool->busy--;
        finish(pool, job, JOB_RAN);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are for the threads of the embedder; those of faults reach the one that is at fault. */
static bool start_thread(struct pool *pool)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    struct worker *worker = &pool->worker[pool->started];
    sigset_t blocked, before;

    *worker = (struct worker){ .pool = pool };
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int error = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return false;
    pool->started++;
    return true;
}

/* -- The loop's thread ------------------------------------------------------ */

struct pool *pool_new(confab_reactor *reactor, unsigned threads, bool waits)
{
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->worker[0]);

    if (!pool)
        return NULL;
    pool->reactor = reactor;
    pool->threads = threads;
    pool->waits = waits;
    pool->on_loop = reactor->backend->simulated;
    atomic_store(&pool->refs, 1);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    return pool;
}

/* Sees to it that there is a thread, one more than have a job to do or to come for.  -EAGAIN: there is none at all. */
static int staff(struct pool *pool)
{
    if (pool->on_loop)
        return 0;
    pthread_mutex_lock(&pool->lock);
    bool idle = pool->queued < pool->started - pool->busy;
    pthread_mutex_unlock(&pool->lock);
    if (idle || pool->started == pool->threads || start_thread(pool) || pool->started > 0)
        return 0;
    return -EAGAIN;
}

static void job_is_due(confab_reactor *reactor, void *data)
{
    struct pool *pool = data;

    pool->due++;
    atomic_store(&pool->any, true);
    atomic_store(&reactor->posted, true);
    reactor_wake(reactor);
}

/* Where there are no threads.  Which of the jobs a timer was for does not matter: they run in their order. */
static void take_time(struct pool *pool)
{
    confab_reactor *reactor = pool->reactor;
    int64_t ns = reactor->backend->job_time ? reactor->backend->job_time(reactor->state) : 0;

    if (ns == 0 || !confab_call_later(reactor, ns, job_is_due, pool))
        job_is_due(reactor, pool);
}

static void enqueue(struct pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    atomic_store(&job->state, JOB_QUEUED);
    append(&pool->queue, job);
    pool->queued++;
    pthread_cond_signal(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);
    if (pool->on_loop)
        take_time(pool);
}

int pool_submit(struct pool *pool, struct job *job)
{
    int error = staff(pool);

    if (error)
        return error;
    own(pool, job);
    enqueue(pool, job);
    return 0;
}

void pool_hold(struct pool *pool, struct job *job)
{
    own(pool, job);
    atomic_store(&job->state, JOB_HELD);
}

int pool_begin(struct pool *pool, struct job *job)
{
    int error = staff(pool);

    assert(pool_holds(job));
    if (error)
        return error;
    enqueue(pool, job);
    return 0;
}

bool pool_holds(const struct job *job)
{
    return atomic_load(&job->state) == JOB_HELD;
}

/* With the lock held. */
static bool dequeue(struct pool *pool, struct job *job)
{
    if (atomic_load(&job->state) != JOB_QUEUED)
        return false;
    take_out(&pool->queue, job);
    pool->queued--;
    return true;
}

bool pool_cancel(struct pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool cancelled = dequeue(pool, job);
    pthread_mutex_unlock(&pool->lock);
    if (cancelled)
        disown(pool, job);
    return cancelled;
}

void pool_skip(struct pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    if (pool_holds(job) || dequeue(pool, job))
        finish(pool, job, JOB_SKIPPED);
    pthread_mutex_unlock(&pool->lock);
}

unsigned pool_count(const struct pool *pool)
{
    return pool ? pool->count : 0;
}

static struct job *take_finished(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct job *first = pool->finished.first;
    pool->finished = (struct job_list){ 0 };
    atomic_store(&pool->any, false);
    pthread_mutex_unlock(&pool->lock);
    return first;
}

static int tell(struct pool *pool, struct job *job)
{
    int n = 0;

    for (struct job *next; job; job = next, n++) {
        next = job->next;
        disown(pool, job);
        job->done(job, atomic_load(&job->state) == JOB_RAN);
    }
    return n;
}

/* Where there are no threads: their done is called in the next turn. */
static void run_queued(struct pool *pool)
{
    struct job *job;

    pthread_mutex_lock(&pool->lock);
    for (; pool->due > 0 && (job = pool->queue.first); pool->due--) {
        take_out(&pool->queue, job);
        pool->queued--;
        atomic_store(&job->state, JOB_RUNNING);
        pthread_mutex_unlock(&pool->lock);
        job->run(job);
        pthread_mutex_lock(&pool->lock);
        finish(pool, job, JOB_RAN);
    }
    if (!pool->queue.first)
        pool->due = 0; /* some were for jobs that were cancelled */
    pthread_mutex_unlock(&pool->lock);
}

int pool_turn(struct pool *pool)
{
    if (!pool || !atomic_load_explicit(&pool->any, memory_order_acquire))
        return 0;
    int n = tell(pool, take_finished(pool));
    if (pool->on_loop)
        run_queued(pool);
    return n;
}

void pool_forked(struct pool *pool)
{
    if (!pool)
        return;
    /* Whoever held it in the parent is no thread of ours. */
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    pool->started = pool->queued = pool->busy = 0;
    pool->queue = pool->finished = (struct job_list){ 0 };
    for (struct job *job = pool->oldest; job; job = job->younger) {
        if (atomic_load(&job->state) != JOB_RAN)
            atomic_store(&job->state, JOB_SKIPPED);
        append(&pool->finished, job);
    }
    atomic_store(&pool->any, pool->finished.first != NULL);
}

/* Threads take no more; where they are not waited for, what they run is theirs from now on. */
static void close_pool(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    for (struct job *job = pool->oldest, *next; job && !pool->waits; job = next) {
        next = job->younger;
        if (atomic_load(&job->state) == JOB_RUNNING)
            disown(pool, job);
    }
    if (!pool->waits)
        atomic_fetch_add(&pool->refs, pool->busy);
    pthread_cond_broadcast(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    close_pool(pool);
    for (unsigned i = 0; i < pool->started; i++) {
        struct worker *worker = &pool->worker[i];
        if (!pool->waits && worker->busy)
            pthread_detach(worker->thread);
        else
            pthread_join(worker->thread, NULL);
    }
    pthread_mutex_lock(&pool->lock);
    for (struct job *job = pool->oldest; job; job = job->younger)
        if (pool_holds(job) || dequeue(pool, job))
            finish(pool, job, JOB_SKIPPED);
    pthread_mutex_unlock(&pool->lock);
    tell(pool, take_finished(pool));
    unref(pool);
}
