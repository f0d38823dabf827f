/* signals.c: signals arrive in the loop.
 *
 * The table is one of the two things in confab that belong to the whole
 * process, because a signal's disposition does.  The handler only marks its row
 * and wakes the reactor that owns the signal. */
#include "core/reactor.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>

enum { SIGNALS = 65 };

static struct row {
    _Atomic(confab_reactor *) owner;   /* whose the signal is */
    _Atomic(confab_reactor *) handled; /* the same while the handler is to tell it */
    atomic_bool pending;
    atomic_int inside; /* handlers that are looking at the owner now, in whatever thread */
    confab_call *call;
    void *data;
    struct sigaction before;
} table[SIGNALS];

static void handler(int signo)
{
    int error = errno;
    struct row *row = &table[signo];

    atomic_fetch_add(&row->inside, 1);
    confab_reactor *owner = atomic_load(&row->handled);
    if (owner) {
        atomic_store(&row->pending, true);
        atomic_store(&owner->signalled, true);
        reactor_wake(owner);
    }
    atomic_fetch_sub(&row->inside, 1);
    errno = error;
}

static int give_back(confab_reactor *reactor, int signo)
{
    struct row *row = &table[signo];
    confab_reactor *owner = atomic_load(&row->owner);

    if (owner != reactor)
        return owner ? -EBUSY : -ENOENT;
    sigaction(signo, &row->before, NULL);
    atomic_store(&row->handled, NULL);
    /* A handler in another thread may have read it before: it must be out
     * before the reactor can be freed.  It is a handful of instructions. */
    while (atomic_load(&row->inside))
        sched_yield();
    atomic_fetch_sub(&reactor->signals, 1);
    atomic_store(&row->owner, NULL); /* last: from here on another may take it */
    return 0;
}

int confab_reactor_signal(confab_reactor *reactor, int signo, confab_call *call, void *data)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    confab_reactor *owner = NULL;

    if (signo <= 0 || signo >= SIGNALS)
        return -EINVAL;
    if (!call)
        return give_back(reactor, signo);
    struct row *row = &table[signo];
    if (!atomic_compare_exchange_strong(&row->owner, &owner, reactor)) {
        if (owner != reactor)
            return -EBUSY;
        row->call = call;
        row->data = data;
        return 0;
    }
    row->call = call;
    row->data = data;
    atomic_store(&row->pending, false);
    atomic_store(&row->handled, reactor);
    sigemptyset(&action.sa_mask);
    if (sigaction(signo, &action, &row->before)) {
        int error = -errno;
        atomic_store(&row->handled, NULL);
        atomic_store(&row->owner, NULL);
        return error;
    }
    atomic_fetch_add(&reactor->signals, 1);
    return 0;
}

int signals_run(confab_reactor *reactor)
{
    int n = 0;

    atomic_store(&reactor->signalled, false);
    for (int signo = 1; signo < SIGNALS; signo++) {
        struct row *row = &table[signo];
        if (atomic_load(&row->owner) != reactor || !atomic_exchange(&row->pending, false))
            continue;
        row->call(reactor, row->data);
        n++;
    }
    return n;
}

void signals_forked(void)
{
    for (int signo = 1; signo < SIGNALS; signo++)
        atomic_store(&table[signo].inside, 0);
}

void signals_release(confab_reactor *reactor)
{
    for (int signo = 1; atomic_load(&reactor->signals) && signo < SIGNALS; signo++)
        if (atomic_load(&table[signo].owner) == reactor)
            give_back(reactor, signo);
}
