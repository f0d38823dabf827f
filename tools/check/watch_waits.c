/* watch_waits.c: calls of the plugin that wait, and those that end the process.
 *
 * A hook is not to wait.  A job may; but time stands still in a simulation, so to sleep takes none of it there. */
#include "tools/check/watch.h"
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 20 }; /* of a hook: from then on it is told of */

static const char why[] =
    "a hook that waits holds every connection up (confab_work runs such things in a thread)";

/* On a busy machine a hook that waits for an instant may come to run again much later, which is no fault of its
 * own: neither is what it ran, nor what it stood in line.  (In line since a little before it began.) */
void watch_check_waited(struct watch *watch, const struct watch_frame *frame)
{
    int64_t took = watch_clock() - frame->began;

    if (took < WAIT_MS * CONFAB_MILLISECOND)
        return;
    struct watch_usage usage = watch_usage();
    if (usage.waits == frame->usage.waits || usage.pages != frame->usage.pages ||
        watch->stops != frame->stops)
        return;
    int64_t ms =
        (took - (usage.ran - frame->usage.ran) - (watch_delayed() - watch->delayed)) / CONFAB_MILLISECOND;
    if (ms < WAIT_MS)
        return;
    watch_complain(watch, "blocks: %s did not return for %" PRId64 " ms, in which it waited; %s",
                   watch_last_hook(watch), ms, why);
}

/* -- Calls that wait --------------------------------------------------------------------------------- */

/* The loop waits for this call: complains where it is in a hook.  Whether it is to take no time. */
static bool waits(const char *call)
{
    struct watch *watch = watch_current();

    if (!watch || !watch_in_plugin(watch))
        return false;
    if (watch->place == PLACE_HOOK)
        watch_complain(watch, "blocks: called %s in %s; %s", call, watch_last_hook(watch), why);
    return true;
}

static unsigned call_sleep(unsigned seconds)
{
    return seconds > 0 && waits("sleep(3)") ? 0 : sleep(seconds);
}

static int call_usleep(useconds_t us)
{
    return us > 0 && waits("usleep(3)") ? 0 : usleep(us);
}

static int call_nanosleep(const void *time, void *left)
{
    int (*real)(const void *, void *) = (int (*)(const void *, void *))watch_real(REAL_NANOSLEEP);

    return waits("nanosleep(2)") ? 0 : real(time, left);
}

static int call_clock_nanosleep(clockid_t clock, int flags, const void *time, void *left)
{
    int (*real)(clockid_t, int, const void *, void *) =
        (int (*)(clockid_t, int, const void *, void *))watch_real(REAL_CLOCK_NANOSLEEP);

    return waits("clock_nanosleep(2)") ? 0 : real(clock, flags, time, left);
}

static int call_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (timeout != 0)
        waits("poll(2) with a time-out");
    return poll(fds, count, timeout);
}

/* Its time is two words, whatever they have bits. */
static int call_select(int count, fd_set *reads, fd_set *writes, fd_set *excepts, long timeout[2])
{
    int (*real)(int, fd_set *, fd_set *, fd_set *, long *) =
        (int (*)(int, fd_set *, fd_set *, fd_set *, long *))watch_real(REAL_SELECT);

    if (!timeout || timeout[0] || timeout[1])
        waits("select(2) with a time-out");
    return real(count, reads, writes, excepts, timeout);
}

static int call_system(const char *command)
{
    waits("system(3)");
    return system(command);
}

static int call_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                            struct addrinfo **found)
{
    if (host && !(hints && hints->ai_flags & AI_NUMERICHOST))
        waits("getaddrinfo(3)");
    return getaddrinfo(host, port, hints, found);
}

static struct hostent *call_gethostbyname(const char *host)
{
    waits("gethostbyname(3)");
    return gethostbyname(host);
}

static int call_pthread_join(pthread_t thread, void **result)
{
    waits("pthread_join(3)");
    return pthread_join(thread, result);
}

/* -- Calls that make another process ------------------------------------------------------------------- */

/* One for each message is soon more than there may be. */
static pid_t call_fork(void)
{
    enum { FORKS = 32 };
    struct watch *watch = watch_current();

    if (!watch || watch->process != getpid() || ++watch->forks <= FORKS)
        return fork();
    watch_complain(watch, "has started more than %d processes in one run", FORKS);
    errno = EAGAIN;
    return -1;
}

/* -- Calls that end the process ------------------------------------------------------------------------- */

/* Tells of it and ends the process; returns where it is that of a child that the plugin has forked. */
static void ends(const char *call)
{
    struct watch *watch = watch_current();
    char what[WATCH_TEXT];

    if (!watch || watch->process != getpid())
        return;
    snprintf(what, sizeof what, "called %s: a plugin does not end the process that it is in", call);
    crash_end(watch, what);
}

static _Noreturn void call_exit(int status)
{
    ends("exit(3)");
    exit(status);
}

static _Noreturn void call_quick_exit(int status)
{
    ends("quick_exit(3)");
    _exit(status); /* not every system has it */
}

static _Noreturn void call__exit(int status)
{
    ends("_exit(2)");
    _exit(status);
}

static _Noreturn void call_abort(void)
{
    ends("abort(3)");
    abort();
}

/* What assert(3) calls in glibc and in musl. */
static _Noreturn void call_assert_fail(const char *condition, const char *file, unsigned line,
                                       const char *function)
{
    struct watch *watch = watch_current();
    char what[WATCH_TEXT];

    snprintf(what, sizeof what, "an assertion failed: %s, in %s, %s:%u", condition,
             function ? function : "a function", file, line);
    if (watch && watch->process == getpid())
        crash_end(watch, what);
    fprintf(stderr, "%s\n", what);
    abort();
}

const struct watch_call watch_wait_calls[] = {
    { "sleep", (void (*)(void))call_sleep, REAL_NONE },
    { "usleep", (void (*)(void))call_usleep, REAL_NONE },
    { "nanosleep", (void (*)(void))call_nanosleep, REAL_NANOSLEEP },
    { "clock_nanosleep", (void (*)(void))call_clock_nanosleep, REAL_CLOCK_NANOSLEEP },
    { "poll", (void (*)(void))call_poll, REAL_NONE },
    { "select", (void (*)(void))call_select, REAL_SELECT },
    { "system", (void (*)(void))call_system, REAL_NONE },
    { "getaddrinfo", (void (*)(void))call_getaddrinfo, REAL_NONE },
    { "gethostbyname", (void (*)(void))call_gethostbyname, REAL_NONE },
    { "pthread_join", (void (*)(void))call_pthread_join, REAL_NONE },
    { "fork", (void (*)(void))call_fork, REAL_NONE },
    { "exit", (void (*)(void))call_exit, REAL_NONE },
    { "quick_exit", (void (*)(void))call_quick_exit, REAL_NONE },
    { "_exit", (void (*)(void))call__exit, REAL_NONE },
    { "_Exit", (void (*)(void))call__exit, REAL_NONE },
    { "abort", (void (*)(void))call_abort, REAL_NONE },
    { "__assert_fail", (void (*)(void))call_assert_fail, REAL_NONE },
    { NULL, NULL, REAL_NONE },
};
