/* watch_given.c: what the plugin gives to the library to be called later: it is known then what runs,
 * and who was given memory that is left. */
#include "tools/check/watch.h"
#include <stdlib.h>

/* One function, or several, with the plugin's data.  Freed when it was called for the last time, or at the end of
 * the run: what was cancelled is never called. */
struct given {
    struct given *next, *before;
    const struct confab_producer_ops *producer;
    void (*release)(void *);
    confab_call *call;
    void (*chat_call)(confab_chat *, void *);
    int (*run)(void *);
    void (*done)(confab_chat *, int, void *);
    void (*service_done)(int, void *);
    void *data;
    const char *name;
    bool again; /* called more than once */
};

/* To whom, and what of it, the plugin's memory was given. */
static struct given *give(struct watch *watch, void *data, const char *to, const char *name)
{
    struct given *given = watch ? calloc(1, sizeof *given) : NULL;

    if (!given)
        return NULL;
    memory_given(watch->memory, data, to);
    given->data = data;
    given->name = name;
    given->next = watch->given;
    if (given->next)
        given->next->before = given;
    watch->given = given;
    return given;
}

static void drop(struct watch *watch, struct given *given)
{
    if (given->before)
        given->before->next = given->next;
    else
        watch->given = given->next;
    if (given->next)
        given->next->before = given->before;
    free(given);
}

void given_clear(struct watch *watch)
{
    while (watch->given)
        drop(watch, watch->given);
}

/* -- Producers and references ------------------------------------------------------------------------ */

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct watch *watch = watch_current();
    struct given *given = self;
    struct watch_frame frame;

    watch_enter(watch, &frame, "more of a producer", PLACE_HOOK);
    ssize_t n = given->producer->more(given->data, chat, want, bytes);
    watch_leave(watch, &frame);
    return n;
}

static void release_producer(void *self)
{
    struct watch *watch = watch_current();
    struct given *given = self;
    struct watch_frame frame;

    watch_enter(watch, &frame, "release of a producer", PLACE_HOOK);
    if (given->producer->release)
        given->producer->release(given->data);
    watch_leave(watch, &frame);
    drop(watch, given);
}

static const struct confab_producer_ops producer_ops = { .size = sizeof producer_ops,
                                                         .more = more,
                                                         .release = release_producer };

static int call_push_with_producer(confab_chat *chat, const struct confab_producer_ops *ops, void *self)
{
    static const char name[] = "confab_chat_push_with_producer";
    struct given *given = NULL;

    if (self && ops && ops->size >= sizeof *ops && ops->more)
        given = give(watch_current(), self, name, name);
    if (!given)
        return confab_chat_push_with_producer(chat, ops, self);
    given->producer = ops;
    return confab_chat_push_with_producer(chat, &producer_ops, given);
}

static void release_reference(void *owner)
{
    struct watch *watch = watch_current();
    struct given *given = owner;
    struct watch_frame frame;

    watch_enter(watch, &frame, "release of a reference", PLACE_HOOK);
    given->release(given->data);
    watch_leave(watch, &frame);
    drop(watch, given);
}

static int call_push_reference(confab_chat *chat, const void *bytes, size_t len, void (*release)(void *),
                               void *owner)
{
    static const char name[] = "confab_chat_push_reference";
    struct watch *watch = watch_current();
    struct given *given;

    if (watch)
        memory_given(watch->memory, bytes, name);
    given = release ? give(watch, owner, name, name) : NULL;
    if (!given)
        return confab_chat_push_reference(chat, bytes, len, release, owner);
    given->release = release;
    return confab_chat_push_reference(chat, bytes, len, release_reference, given);
}

/* -- Timers, posts, signals ---------------------------------------------------------------------------- */

static void call_back(confab_reactor *reactor, void *data)
{
    struct watch *watch = watch_current();
    struct given *given = data;
    struct watch_frame frame;

    watch_enter(watch, &frame, given->name, PLACE_HOOK);
    given->call(reactor, given->data);
    watch_leave(watch, &frame);
    if (!given->again)
        drop(watch, given);
}

static void call_chat_back(confab_chat *chat, void *data)
{
    struct watch *watch = watch_current();
    struct given *given = data;
    struct watch_frame frame;

    watch_enter(watch, &frame, given->name, PLACE_HOOK);
    given->chat_call(chat, given->data);
    watch_leave(watch, &frame);
    if (!given->again)
        drop(watch, given);
}

static struct given *give_call(confab_call *call, void *data, const char *to, const char *name, bool again)
{
    struct given *given = call ? give(watch_current(), data, to, name) : NULL;

    if (given) {
        given->call = call;
        given->again = again;
    }
    return given;
}

static struct given *give_chat_call(void (*call)(confab_chat *, void *), void *data, const char *to,
                                    bool again)
{
    struct given *given = call ? give(watch_current(), data, to, "a timer") : NULL;

    if (given) {
        given->chat_call = call;
        given->again = again;
    }
    return given;
}

/* What was not taken is never called. */
static confab_id started(confab_id id, struct given *given)
{
    if (!id)
        drop(watch_current(), given);
    return id;
}

static confab_id call_call_later(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    struct given *given = give_call(call, data, "confab_call_later", "a timer", false);

    return given ? started(confab_call_later(reactor, ns, call_back, given), given)
                 : confab_call_later(reactor, ns, call, data);
}

static confab_id call_call_every(confab_reactor *reactor, int64_t ns, confab_call *call, void *data)
{
    struct given *given = give_call(call, data, "confab_call_every", "a timer", true);

    return given ? started(confab_call_every(reactor, ns, call_back, given), given)
                 : confab_call_every(reactor, ns, call, data);
}

static confab_id call_call_at(confab_reactor *reactor, int64_t unix_ns, confab_call *call, void *data)
{
    struct given *given = give_call(call, data, "confab_call_at", "a timer", false);

    return given ? started(confab_call_at(reactor, unix_ns, call_back, given), given)
                 : confab_call_at(reactor, unix_ns, call, data);
}

static confab_id call_chat_call_later(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                      void *data)
{
    struct given *given = give_chat_call(call, data, "confab_chat_call_later", false);

    return given ? started(confab_chat_call_later(chat, ns, call_chat_back, given), given)
                 : confab_chat_call_later(chat, ns, call, data);
}

static confab_id call_chat_call_every(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                      void *data)
{
    struct given *given = give_chat_call(call, data, "confab_chat_call_every", true);

    return given ? started(confab_chat_call_every(chat, ns, call_chat_back, given), given)
                 : confab_chat_call_every(chat, ns, call, data);
}

static int call_reactor_post(confab_reactor *reactor, confab_call *call, void *data)
{
    struct watch *watch = watch_current();
    /* From another thread it goes as it is: the list is the loop's. */
    struct given *given = watch && watch_in_plugin(watch)
                              ? give_call(call, data, "confab_reactor_post", "a posted call", false)
                              : NULL;
    int error = confab_reactor_post(reactor, given ? call_back : call, given ? given : data);

    if (error && given)
        drop(watch, given);
    return error;
}

static int call_reactor_signal(confab_reactor *reactor, int signo, confab_call *call, void *data)
{
    struct given *given = give_call(call, data, "confab_reactor_signal", "the call of a signal", true);

    return confab_reactor_signal(reactor, signo, given ? call_back : call, given ? given : data);
}

/* -- Jobs ---------------------------------------------------------------------------------------------- */

/* In a simulation they run on the loop.  In a thread of their own nothing is to be noted. */
static int run(void *data)
{
    struct watch *watch = watch_current();
    struct given *given = data;
    struct watch_frame frame;

    if (!pthread_equal(watch->loop, pthread_self()))
        return given->run(given->data);
    watch_enter(watch, &frame, "a job", PLACE_JOB);
    int result = given->run(given->data);
    watch_leave(watch, &frame);
    return result;
}

static void done(confab_chat *owner, int result, void *data)
{
    struct watch *watch = watch_current();
    struct given *given = data;
    struct watch_frame frame;

    watch_enter(watch, &frame, "done of a job", PLACE_HOOK);
    if (given->done)
        given->done(owner, result, given->data);
    watch_leave(watch, &frame);
    drop(watch, given);
}

static void service_done(int result, void *data)
{
    struct watch *watch = watch_current();
    struct given *given = data;
    struct watch_frame frame;

    watch_enter(watch, &frame, "done of a job", PLACE_HOOK);
    if (given->service_done)
        given->service_done(result, given->data);
    watch_leave(watch, &frame);
    drop(watch, given);
}

static int call_work(confab_reactor *reactor, confab_chat *owner, int (*run_it)(void *),
                     void (*done_it)(confab_chat *, int, void *), void *data)
{
    struct watch *watch = watch_current();
    struct given *given = run_it ? give(watch, data, "confab_work", "a job") : NULL;

    if (!given)
        return confab_work(reactor, owner, run_it, done_it, data);
    given->run = run_it;
    given->done = done_it;
    int error = confab_work(reactor, owner, run, done, given);
    if (error)
        drop(watch, given);
    return error;
}

static int call_service_work(confab_service *service, int (*run_it)(void *), void (*done_it)(int, void *),
                             void *data)
{
    struct watch *watch = watch_current();
    struct given *given = run_it ? give(watch, data, "confab_service_work", "a job") : NULL;

    if (!given)
        return confab_service_work(service, run_it, done_it, data);
    given->run = run_it;
    given->service_done = done_it;
    int error = confab_service_work(service, run, service_done, given);
    if (error)
        drop(watch, given);
    return error;
}

const struct watch_call watch_given_calls[] = {
    { "confab_chat_push_with_producer", (void (*)(void))call_push_with_producer, REAL_NONE },
    { "confab_chat_push_reference", (void (*)(void))call_push_reference, REAL_NONE },
    { "confab_call_later", (void (*)(void))call_call_later, REAL_NONE },
    { "confab_call_every", (void (*)(void))call_call_every, REAL_NONE },
    { "confab_call_at", (void (*)(void))call_call_at, REAL_NONE },
    { "confab_chat_call_later", (void (*)(void))call_chat_call_later, REAL_NONE },
    { "confab_chat_call_every", (void (*)(void))call_chat_call_every, REAL_NONE },
    { "confab_reactor_post", (void (*)(void))call_reactor_post, REAL_NONE },
    { "confab_reactor_signal", (void (*)(void))call_reactor_signal, REAL_NONE },
    { "confab_work", (void (*)(void))call_work, REAL_NONE },
    { "confab_service_work", (void (*)(void))call_service_work, REAL_NONE },
    { NULL, NULL, REAL_NONE },
};
