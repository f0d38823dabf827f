/* work_support.h: jobs that stay at a gate until the test lets them go, and that
 * write down what became of them. */
#ifndef CONFAB_TESTS_WORK_SUPPORT_H
#define CONFAB_TESTS_WORK_SUPPORT_H

#include <confab/chat.h>
#include <pthread.h>
#include <stdbool.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int begun, inside, most; /* jobs that have come to it, are at it, were at it at once */
    int wanted;              /* opens by itself when so many have begun; 0: only by gate_open */
    bool open;
};
#define GATE                                                                   \
    {                                                                          \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
    }

/* In a job: returns once the gate is open. */
static inline void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->begun++;
    if (++gate->inside > gate->most)
        gate->most = gate->inside;
    if (gate->begun == gate->wanted)
        gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->inside--;
    pthread_mutex_unlock(&gate->lock);
}

/* In the test: returns once n jobs have come to it. */
static inline void gate_wait(struct gate *gate, int n)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->begun < n)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static inline void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

/* One job. */
struct errand {
    struct gate *gate;                            /* NULL: it stays nowhere */
    int result;                                   /* what it returns */
    void (*then)(confab_chat *, struct errand *); /* what its done does; NULL: nothing */
    struct errand *next;                          /* for then */

    /* What became of it. */
    pthread_t thread; /* that it ran in */
    int runs, told;   /* calls of each */
    confab_chat *owner;
    int got;
};

static inline int errand_run(void *data)
{
    struct errand *errand = data;

    errand->thread = pthread_self();
    errand->runs++;
    if (errand->gate)
        gate_pass(errand->gate);
    return errand->result;
}

static inline void errand_done(confab_chat *owner, int result, void *data)
{
    struct errand *errand = data;

    errand->owner = owner;
    errand->got = result;
    errand->told++;
    if (errand->then)
        errand->then(owner, errand);
}

static inline int errand_start(confab_reactor *reactor, confab_chat *owner, struct errand *errand)
{
    return confab_work(reactor, owner, errand_run, errand_done, errand);
}

#endif
