/* confab/reactor.h: the event loop: one a thread, any number in a process.
 *
 * A reactor belongs to the thread that runs it.  Only confab_reactor_stop,
 * confab_reactor_post and logging may be called from another one.  No function
 * of confab runs a hook, a producer or a release function before it returns (but
 * where its comment says so): functions mark what is to be done, the loop's next turn
 * does it. */
#ifndef CONFAB_REACTOR_H
#define CONFAB_REACTOR_H

#include <confab/base.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What timers, posts and signals call, on the loop.  It may call anything of
 * confab but confab_reactor_run, _run_once and _free. */
typedef void confab_call(confab_reactor *reactor, void *data);

struct confab_reactor_options {
    size_t size; /* sizeof(struct confab_reactor_options); a field that is 0 means its default */
    const char
        *backend; /* "epoll", "poll", ...; NULL: the environment's CONFAB_BACKEND, else the best there is */
    size_t read_buffer; /* bytes of the one read buffer; 64 KiB */
    unsigned
        work_threads;  /* threads that confab_work has at the most; 4, and never over 1024.  Each is started
                              when there is work for it */
    unsigned accepts;  /* connections that a listener accepts in one event at the most; 64 */
    unsigned reads;    /* reads that a chat gets in one event at the most; 4 */
    unsigned messages; /* messages that a chat is told of in one event at the most; 64 */
    /* Where memory comes from: grows or shrinks old to n bytes as realloc(3)
     * does, frees it where n is 0, returns NULL where there is none.
     * NULL: realloc and free.  Buffers, which threads share, always use malloc. */
    void *(*alloc)(void *data, void *old, size_t n);
    void *alloc_data;
};

/* Makes a reactor and stores it.  options may be NULL: all defaults.
 * -EINVAL: options of an unknown size; -ENOENT: no backend of that name in
 * this build; -ENOMEM; what the system says when it has no descriptor left. */
int confab_reactor_new(confab_reactor **reactor, const struct confab_reactor_options *options);

/* Closes all that is open in it (each handle_close is called, posted calls that
 * never ran are called with a NULL reactor) and frees it.  -EBUSY inside run. */
int confab_reactor_free(confab_reactor *reactor);

/* Runs turns until confab_reactor_stop, or until no channel, timer, work or
 * hold is left.  -EBUSY inside run; what the backend says when it fails. */
int confab_reactor_run(confab_reactor *reactor);

/* Runs one turn, which sleeps for timeout nanoseconds at the most; < 0 sleeps
 * until something happens.  Returns how many events, timers, posts and pieces
 * of work were handled, or -errno as confab_reactor_run. */
int confab_reactor_run_once(confab_reactor *reactor, int64_t timeout);

/* Makes run return at the end of the present turn; the next run where none is
 * running.  Any thread, and a signal handler. */
void confab_reactor_stop(confab_reactor *reactor);

/* Has call(reactor, data) called on the loop, after what was posted before it.
 * Exactly one outcome: it is called, with a NULL reactor where the reactor was
 * freed before it ran.  -ENOMEM: it is not; nor with -ESHUTDOWN, by what runs
 * while the reactor is being freed.  Any thread, not a signal handler. */
int confab_reactor_post(confab_reactor *reactor, confab_call *call, void *data);

/* While holds are out (+1) run does not end for want of something to wait for;
 * give each back (-1). */
void confab_reactor_hold(confab_reactor *reactor, int plus_or_minus_one);

/* Closes every channel, chats with reason CLOSED; the hooks run in the turn. */
void confab_reactor_close_all(confab_reactor *reactor);

/* To be called in the child of a fork before anything else is done with the
 * reactor: gives it a backend of its own and leaves the parent's alone.
 * Posted calls that had not run are called with a NULL reactor; work that had
 * not finished is done with -ECANCELED in the next turn.  -EBUSY inside run;
 * what the system says where it has no new backend: then it cannot be used. */
int confab_reactor_after_fork(confab_reactor *reactor);

/* Has call(reactor, data) called on the loop when the signal arrives (once for
 * several that came close together); call NULL gives the signal back what it
 * did before.  A signal belongs to one reactor: -EBUSY; -EINVAL for what
 * sigaction(2) refuses; -ENOENT: to give back what nobody has.  A registration does not keep run going. */
int confab_reactor_signal(confab_reactor *reactor, int signo, confab_call *call, void *data);

/* The time of the present turn: monotonic; and since 1970. */
int64_t confab_reactor_now(confab_reactor *reactor);
int64_t confab_reactor_wall_time(confab_reactor *reactor);

/* A random number, not for secrets. */
uint64_t confab_reactor_random(confab_reactor *reactor);

/* The name of the backend in use, and the i-th of those of this build (NULL
 * behind the last; the first is the default). */
const char *confab_reactor_backend(confab_reactor *reactor);
const char *confab_backend_name(size_t i);

/* Timers.  Each returns an id, or 0 when out of memory.  A timer never fires
 * early, at most about a millisecond late while the loop is idle, and never in
 * the turn that started it.  "From now" is, for what is called by the loop, when
 * the loop has it back at the latest: a hook that takes long makes what it
 * starts that much later.
 * call_later: once, ns from now.  call_every: each ns from now on (at least 1
 * ms), without drift; the ones that were missed are dropped.  call_at: at a
 * wall time, never before the wall clock shows it; where that clock was set
 * forward, or the machine slept, up to a minute after. */
confab_id confab_call_later(confab_reactor *reactor, int64_t ns, confab_call *call, void *data);
confab_id confab_call_every(confab_reactor *reactor, int64_t ns, confab_call *call, void *data);
confab_id confab_call_at(confab_reactor *reactor, int64_t unix_ns, confab_call *call, void *data);

/* Starts the timer anew: it fires ns from now (and, if it repeats, each ns
 * from then on).  Cancel ends it.  -ENOENT: it has fired or was cancelled. */
int confab_call_reset(confab_reactor *reactor, confab_id timer, int64_t ns);
int confab_call_cancel(confab_reactor *reactor, confab_id timer);

/* Has run(data) called in a thread of the reactor's pool, for what would block
 * the loop; then, on the loop, done(owner, result of run, data), exactly once.
 * owner is a chat or NULL.  A chat's jobs run one at a time and in their order,
 * and the chat's reading rests until the last one's done has returned: messages
 * that arrived behind wait.  done gets NULL where its owner has closed
 * meanwhile, and -ECANCELED for the result where run was never called: the
 * owner closed before its turn came, the reactor was freed, or a fork left the
 * threads behind (confab_reactor_after_fork).  What a done pushes leaves as what
 * a hook pushes; done may be NULL.
 * run may not touch the reactor or a chat, confab_reactor_post and logging
 * apart.  confab_reactor_free waits for those that are running, and a service
 * ends after the jobs of its chats; what a job without an owner uses is to live until its done.
 * A plugin's job without an owner is one of confab_service_work: nobody waits
 * for others before the plugin is unloaded.
 * 0; then, and only then, done is called.  -EINVAL: no run, or an owner of another
 * reactor; -EPIPE: the owner is closed; -ESHUTDOWN: the reactor is being freed; -ENOMEM;
 * -EAGAIN: not one thread can be had. */
int confab_work(confab_reactor *reactor, confab_chat *owner, int (*run)(void *data),
                void (*done)(confab_chat *owner, int result, void *data), void *data);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
