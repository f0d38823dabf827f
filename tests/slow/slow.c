/* slow.c: a library that takes CONFAB_PLANTED_SLOWDOWN percent more processor time for what it does, and is otherwise the same.
 *
 * The linker puts us around epoll_wait(2), where we burn some.  How much is found out at the thread's own clock: that is a system
 * call, so we look at it seldom, which leaves their number nearly as it is, and share what is owed among the waits to come.  What we need
 * for all that counts as burnt: so little work is slowed down by no more than much work. */
#include <confab/base.h>
#include <sys/epoll.h>
#include <time.h>

enum {
    TRIES = 1000,
    LOOK_WAITS = 64 /* from one look at the thread's clock to the next, at the least */
};
#define LOOK_NS (200 * INT64_C(1000)) /* likewise */

/* As ld(1) names them. */
int __real_epoll_wait(int fd, struct epoll_event *events, int room, int milliseconds);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int room, int milliseconds);

/* Of one thread; ns. */
static _Thread_local struct debt {
    int64_t began;        /* its clock; 0: it has not been here */
    int64_t burnt;        /* since then */
    int64_t each;         /* to be burnt at each wait, for now */
    int64_t next;         /* a look */
    int64_t waits;        /* since the last look */
    int64_t glance, look; /* what it costs to read either clock */
} debt;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * CONFAB_SECOND + now.tv_nsec;
}

static int64_t cost_of(clockid_t clock)
{
    int64_t began = read_clock(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < TRIES; i++)
        read_clock(clock);
    return (read_clock(CLOCK_THREAD_CPUTIME_ID) - began) / TRIES;
}

static void begin(void)
{
    debt.glance = cost_of(CLOCK_MONOTONIC);
    debt.look = cost_of(CLOCK_THREAD_CPUTIME_ID);
    debt.began = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* How much is owed; what was owed before should have been burnt by now. */
static void look(int64_t now)
{
    int64_t had = read_clock(CLOCK_THREAD_CPUTIME_ID) - debt.began;
    debt.burnt += debt.look;
    int64_t owed = (had - debt.burnt) * CONFAB_PLANTED_SLOWDOWN / 100 - debt.burnt;
    debt.each = owed > 0 ? owed / debt.waits : 0;
    debt.waits = 0;
    debt.next = now + LOOK_NS;
}

static int64_t burn(int64_t now)
{
    int64_t until = now + debt.each;
    while (now < until)
        now = read_clock(CLOCK_MONOTONIC);
    /* No more than that, though the clock may say so: then others have run.  The last glance comes too late by half of it. */
    debt.burnt += debt.each + debt.glance / 2;
    return now;
}

/* Behind the wait and not before it: there it would spare the system to put us to sleep, where the next message is a
 * few microseconds away, and that costs more. */
int __wrap_epoll_wait(int fd, struct epoll_event *events, int room, int milliseconds)
{
    if (!debt.began)
        begin();
    int result = __real_epoll_wait(fd, events, room, milliseconds);
    int64_t now = read_clock(CLOCK_MONOTONIC);
    debt.burnt += debt.glance;
    debt.waits++;
    if (debt.each)
        now = burn(now);
    if (debt.waits >= LOOK_WAITS && now >= debt.next)
        look(now);
    return result;
}
