/* service_run.c: a service on its reactor: start, listeners, chats, stop.
 *
 * Its guest is a channel without a descriptor.  From start on it is how the
 * service learns that its reactor is being freed; while the service stops it is
 * counted, so that run does not end before the plugin's stop was called; and its
 * finish, in the loop's closing phase, is what calls that. */
#include "core/chat.h"
#include "core/log.h"
#include "core/service.h"
#include <confab/host.h>
#include <errno.h>
#include <unistd.h>

/* -- Its chats ----------------------------------------------------------- */

/* The next one of a service's chats; as chat_next. */
static confab_chat *next_chat(const confab_service *service, uint64_t *cursor)
{
    confab_chat *chat;

    while ((chat = chat_next(service->reactor, cursor)))
        if (chat->settings->service == service)
            return chat;
    return NULL;
}

static void ask_to_stop(confab_service *service)
{
    confab_chat *chat;
    uint64_t cursor = 0;

    while ((chat = next_chat(service, &cursor)))
        if (chat->settings->inbound)
            chat_stop(chat);
}

static size_t close_chats(confab_service *service, bool inbound)
{
    confab_chat *chat;
    uint64_t cursor = 0;
    size_t n = 0;

    for (uint32_t i = 0; i < service->reactor->slots.capacity; i++)
        n += linger_end(&service->reactor->slots.slot[i], service);
    while ((chat = next_chat(service, &cursor))) {
        if (chat->settings->inbound != inbound)
            continue;
        chat_close(chat, CONFAB_REASON_STOP, 0);
        n++;
    }
    return n;
}

static void close_listeners(confab_service *service)
{
    for (confab_listener *l = service->listeners, *next; l; l = next) {
        next = l->next;
        confab_listener_close(l);
    }
}

/* Goes on with what a stop waits for: the inbound chats, then the others, which
 * have nobody left to work for. */
static void settle(confab_service *service)
{
    if (service->stage != SERVICE_STOPPING || service->inbound > 0)
        return;
    if (!service->no_more) {
        service->no_more = true;
        close_chats(service, false);
    }
    if (service->chats == 0)
        channel_retire(&service->guest);
}

/* One whose start failed has nothing to stop; it is through with its reactor
 * when what its start had made is closed. */
static void leave_failed(confab_service *service)
{
    if (service->stage == SERVICE_FAILED && service->chats == 0)
        service->reactor = NULL;
}

static void opened(confab_service *service, bool inbound)
{
    service->chats++;
    service->inbound += inbound;
}

static void closed(confab_service *service, bool inbound)
{
    service->chats--;
    service->inbound -= inbound;
    settle(service);
    leave_failed(service);
}

static bool admits(confab_service *service)
{
    int64_t most = service->limits.max_connections;

    return service->stage == SERVICE_STARTED && (most == 0 || service->inbound < (size_t)most);
}

static const struct settings_owner owner = { .opened = opened, .closed = closed, .admits = admits };

/* -- Its guest ----------------------------------------------------------- */

static confab_service *service_of(struct channel *guest)
{
    return (confab_service *)((char *)guest - offsetof(confab_service, guest));
}

static void guest_ready(struct channel *guest, unsigned events, int error)
{
    (void)guest, (void)events, (void)error; /* it has no descriptor */
}

static void guest_work(struct channel *guest, unsigned bits)
{
    (void)guest, (void)bits; /* it lists none */
}

static void guest_timer(struct channel *guest)
{
    (void)guest; /* it has none: a channel's timer needs a descriptor */
}

/* Everything of the reactor is to be closed: the service only goes where the
 * reactor does. */
static void guest_close(struct channel *guest)
{
    if (!reactor_open(guest->reactor))
        confab_service_stop(service_of(guest), 0);
}

static void guest_finish(struct channel *guest)
{
    confab_service *service = service_of(guest);
    const struct confab_plugin *plugin = &service->module->plugin;

    if (service->drain)
        confab_call_cancel(service->reactor, service->drain);
    service->drain = 0;
    if (plugin->stop)
        plugin->stop(service);
    service->stage = SERVICE_STOPPED;
    service->reactor = NULL;
    channel_done(guest);
}

static const struct channel_ops guest_ops = { .ready = guest_ready,
                                              .work = guest_work,
                                              .timer = guest_timer,
                                              .close = guest_close,
                                              .finish = guest_finish };

/* -- Start --------------------------------------------------------------- */

int confab_service_start(confab_service *service, confab_reactor *reactor, char *error, size_t room)
{
    const struct confab_plugin *plugin = &service->module->plugin;
    int result;

    if (service->stage != SERVICE_READY)
        return complain(error, room, -EINVAL, "%s: it is started once, after it was made ready",
                        service->name);
    service->reactor = reactor;
    service->told = false;
    result = plugin->start ? plugin->start(service, reactor) : 0;
    if (result < 0) {
        service_refused(service, result, "start", error, room);
        service->no_more = true;
        close_listeners(service);
        close_chats(service, true);
        close_chats(service, false);
        leave_failed(service);
        return -EINVAL;
    }
    channel_init(&service->guest, reactor, &guest_ops);
    channel_done(&service->guest); /* a service by itself does not keep run going */
    service->stage = SERVICE_STARTED;
    return 0;
}

/* Settings of chats of this service. */
static int make_settings(struct settings **settings, confab_service *service, bool inbound,
                         const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    confab_reactor *reactor = service->reactor;
    int error;

    *settings = NULL;
    if (!reactor || service->no_more)
        return -ESHUTDOWN;
    if (ops == &service->module->chat)
        ops = service->module->chat_given; /* as confab_service_next will be asked for them */
    error =
        settings_new(settings, &reactor->alloc, reactor->read_buffer, ops, options, &service->chat_options);
    if (error)
        return error;
    (*settings)->inbound = inbound;
    (*settings)->tap = service->tap.opened ? &service->tap : NULL;
    (*settings)->service = service;
    (*settings)->owner = &owner;
    (*settings)->service_name = confab_service_name(service);
    return 0;
}

static int inbound_settings(struct settings **settings, confab_service *service,
                            const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    if (service->stage == SERVICE_STOPPING)
        return -ESHUTDOWN;
    return make_settings(settings, service, true, ops ? ops : service->module->chat_given, options);
}

int confab_service_listen(confab_service *service, confab_listener **listener, const char *address,
                          const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    struct settings *settings;
    confab_listener *made = NULL;
    int error = inbound_settings(&settings, service, ops, options);

    if (error == 0)
        error = listener_open(&made, service->reactor, address, settings, &service->listeners);
    if (listener)
        *listener = made;
    return error;
}

int confab_service_listener_adopt(confab_service *service, confab_listener **listener, int fd,
                                  const struct confab_chat_ops *ops,
                                  const struct confab_chat_options *options)
{
    confab_reactor *reactor = service->reactor;
    struct settings *settings;
    confab_listener *made = NULL;
    int error = inbound_settings(&settings, service, ops, options);

    if (error == 0)
        error = listener_adopt(&made, reactor, fd, settings, &service->listeners);
    else if (reactor)
        reactor->io->close(reactor->state, fd);
    else
        close(fd);
    if (listener)
        *listener = made;
    return error;
}

confab_chat *confab_service_connect(confab_service *service, const char *address,
                                    const struct confab_chat_ops *ops,
                                    const struct confab_chat_options *options)
{
    struct settings *settings;

    if (make_settings(&settings, service, false, ops, options))
        return NULL;
    return chat_connect(service->reactor, address, settings);
}

/* -- Its work ------------------------------------------------------------ */

struct service_job {
    confab_service *service;
    const struct alloc *alloc;
    int (*run)(void *);
    void (*done)(int, void *);
    void *data;
};

static int run_job(void *data)
{
    const struct service_job *job = data;

    return job->run(job->data);
}

static void job_done(confab_chat *nobody, int result, void *data)
{
    struct service_job *job = data;
    confab_service *service = job->service;

    (void)nobody;
    if (job->done)
        job->done(result, job->data);
    alloc_free(job->alloc, job);
    closed(service, false);
}

int confab_service_work(confab_service *service, int (*run)(void *), void (*done)(int, void *), void *data)
{
    confab_reactor *reactor = service->reactor;

    if (!run)
        return -EINVAL;
    if (!reactor || service->no_more)
        return -ESHUTDOWN;
    struct service_job *job = alloc_new(&reactor->alloc, sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct service_job){
        .service = service, .alloc = &reactor->alloc, .run = run, .done = done, .data = data
    };
    int error = confab_work(reactor, NULL, run_job, job_done, job);
    if (error)
        alloc_free(&reactor->alloc, job);
    else
        opened(service, false); /* it is counted as a chat that nobody sees, so that the stop waits for it */
    return error;
}

confab_chat *confab_service_next(confab_service *service, const struct confab_chat_ops *ops,
                                 confab_id *cursor)
{
    if (ops == &service->module->chat)
        ops = service->module->chat_given;
    confab_chat *chat;
    while (service->reactor && (chat = next_chat(service, cursor)))
        if (!ops || chat->settings->ops_given == ops)
            return chat;
    return NULL;
}

/* -- Stop ---------------------------------------------------------------- */

static void begin_stop(confab_service *service)
{
    service->stage = SERVICE_STOPPING;
    service->drain_until = INT64_MAX;
    service->reactor->channels++; /* the guest; its channel_done is in its finish */
    close_listeners(service);
}

static void close_inbound(confab_service *service)
{
    size_t n = close_chats(service, true);

    if (n > 0)
        log_line(CONFAB_INFO, service->name, 0, NULL, "stop: %zu connection%s closed that had not ended", n,
                 n == 1 ? " was" : "s were");
}

static void drain_over(confab_reactor *reactor, void *data)
{
    confab_service *service = data;

    (void)reactor;
    service->drain = 0;
    close_inbound(service);
}

/* Bounds the drain; a bound that was set before is never moved to a later time. */
static void limit_drain(confab_service *service, int64_t drain)
{
    confab_reactor *reactor = service->reactor;
    int64_t until = reactor_clock(reactor);

    if (__builtin_add_overflow(until, drain, &until) || until >= service->drain_until)
        return;
    service->drain_until = until;
    if (service->drain)
        confab_call_reset(reactor, service->drain, drain);
    else
        service->drain = confab_call_later(reactor, drain, drain_over, service);
    /* Without memory for a timer a stop that ends at once is better than one that never does. */
    if (!service->drain)
        close_inbound(service);
}

void confab_service_stop(confab_service *service, int64_t drain)
{
    int64_t option = service->limits.drain;
    bool first = service->stage == SERVICE_STARTED;

    if (!first && service->stage != SERVICE_STOPPING)
        return;
    if (first)
        begin_stop(service);
    if (drain == 0) {
        close_inbound(service);
    } else {
        if (first)
            ask_to_stop(service);
        if (drain > 0 || option > 0)
            limit_drain(service, drain > 0 ? drain : option);
    }
    settle(service);
}

bool confab_chat_draining(const confab_chat *chat)
{
    const confab_service *service = chat->settings->service;

    return service && service->stage >= SERVICE_STOPPING;
}
