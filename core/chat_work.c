/* chat_work.c: blocking work (confab_work), and reading that rests for it.
 *
 * The reactor's pool has all jobs.  Those of a chat hang on its extra part too, in
 * their order: the first is the one that is out, the others are held until the
 * done of the one before them has returned. */
#include "core/chat.h"
#include "core/pool.h"
#include <errno.h>

struct work {
    struct job job;
    struct work *next;         /* the owner's */
    confab_chat *owner;        /* NULL: has none, or it has closed */
    struct settings *settings; /* of an owner that has closed and belongs to a service; else NULL */
    confab_reactor *reactor;
    int (*run)(void *);
    void (*done)(confab_chat *, int, void *);
    void *data;
    int result;
    bool told; /* its done has been called */
};

static void run(struct job *job)
{
    struct work *work = (struct work *)(void *)job;

    work->result = work->run(work->data);
}

/* The done of the first has returned: the next may begin, or reading go on. */
static void go_on(confab_chat *chat)
{
    struct chat_extra *extra = chat->extra;
    struct pool *pool = chat->channel.reactor->work_pool;
    struct work *next = extra->work->next;

    extra->work = next;
    if (!next) {
        extra->work_last = NULL;
        chat->flags &= ~(uint32_t)CHAT_SUSPENDED_WORK;
        chat_go_on(chat);
        return;
    }
    /* After a fork it is finished already; or there is no thread left, and none to be had. */
    if (pool_holds(&next->job) && pool_begin(pool, &next->job))
        pool_skip(pool, &next->job);
}

static void tell_owner(confab_chat *chat, struct work *work, int result)
{
    work->told = true;
    chat_begin(chat);
    if (work->done)
        work->done(chat, result, work->data);
    if (!chat_closed(chat))
        go_on(chat);
    chat_end(chat);
}

static void done(struct job *job, bool ran)
{
    struct work *work = (struct work *)(void *)job;
    struct settings *settings = work->settings;
    int result = ran ? work->result : -ECANCELED;

    if (work->owner)
        tell_owner(work->owner, work, result);
    else if (work->done)
        work->done(NULL, result, work->data);
    alloc_free(&work->reactor->alloc, work);
    if (settings)
        settings->owner->closed(settings->service, false);
    settings_unref(settings);
}

static void rest(confab_chat *chat, struct work *work)
{
    struct chat_extra *extra = chat->extra;

    *(extra->work ? &extra->work_last->next : &extra->work) = work;
    extra->work_last = work;
    chat->flags |= CHAT_SUSPENDED_WORK;
    chat_interest(chat);
}

void chat_work_forget(confab_chat *chat)
{
    struct settings *settings = chat->settings;
    struct work *work = chat->extra->work, *next;

    chat->extra->work = chat->extra->work_last = NULL;
    for (; work; work = next) {
        next = work->next;
        work->owner = NULL;
        if (work->told)
            continue;
        /* It is code and data of the plugin's: the service must not end before it. */
        if (settings->owner) {
            work->settings = settings_ref(settings);
            settings->owner->opened(settings->service, false);
        }
        pool_skip(chat->channel.reactor->work_pool, &work->job);
    }
}

int confab_work(confab_reactor *reactor, confab_chat *owner, int (*run_it)(void *data),
                void (*done_with)(confab_chat *owner, int result, void *data), void *data)
{
    int error = 0;

    if (!reactor || !run_it || (owner && owner->channel.reactor != reactor))
        return -EINVAL;
    if (!reactor_open(reactor))
        return -ESHUTDOWN;
    if (owner && chat_closed(owner))
        return -EPIPE;
    struct pool *pool = reactor_work_pool(reactor);
    struct work *work = pool ? alloc_new(&reactor->alloc, sizeof *work) : NULL;
    if (!work || (owner && !chat_extra(owner))) {
        error = -ENOMEM;
        goto failed;
    }
    *work = (struct work){ .job = { .run = run, .done = done },
                           .owner = owner,
                           .reactor = reactor,
                           .run = run_it,
                           .done = done_with,
                           .data = data };
    if (owner && owner->extra->work)
        pool_hold(pool, &work->job);
    else
        error = pool_submit(pool, &work->job);
    if (error)
        goto failed;
    if (owner)
        rest(owner, work);
    return 0;

failed:
    alloc_free(&reactor->alloc, work);
    return error;
}
