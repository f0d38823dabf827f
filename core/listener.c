/* listener.c: a listener's life, and accepting.
 *
 * Where accept fails for want of descriptors, what waits is accepted with the
 * reactor's spare one and closed, so that peers learn of it at once and the
 * backlog does not keep the loop awake; then the listener rests for a moment. */
#include "core/listener.h"
#include "core/chat.h"
#include "core/log.h"
#include <errno.h>
#include <string.h>

static const int64_t listener_rest = 100 * CONFAB_MILLISECOND;
static const int64_t trouble_line = CONFAB_SECOND; /* between two lines on the same trouble */

static confab_listener *listener_of(struct channel *channel)
{
    return (confab_listener *)channel;
}

static bool is_closed(const confab_listener *l)
{
    return l->channel.flags & CHANNEL_RETIRED;
}

/* -- Trouble, and telling of it ------------------------------------------ */

static void tell(confab_listener *l, struct listener_trouble *trouble, bool now)
{
    const char *service = l->settings->service_name;

    if (!trouble->times || (!now && l->channel.reactor->now < trouble->next))
        return;
    if (trouble->error)
        log_line(CONFAB_WARNING, service, 0, NULL,
                 "%s: accept: %s; connections refused: %u; rests of 100 ms: %u", l->address,
                 strerror(trouble->error), trouble->refused, trouble->times);
    else
        log_line(CONFAB_WARNING, service, 0, NULL, "%s: no room for more connections; refused: %u",
                 l->address, trouble->refused);
    trouble->times = trouble->refused = 0;
    trouble->next = l->channel.reactor->now + trouble_line;
}

/* What it wants to be told of, and when its timer is to come next. */
static void settle(confab_listener *l)
{
    int64_t next = INT64_MAX;

    channel_want(&l->channel, l->paused || l->resting ? 0 : BACKEND_READ);
    if (l->resting)
        next = l->rest_until;
    if (l->shortage.times && l->shortage.next < next)
        next = l->shortage.next;
    if (l->full.times && l->full.next < next)
        next = l->full.next;
    channel_set_timer(&l->channel, next == INT64_MAX ? -1 : next);
}

static void listener_timer(struct channel *channel)
{
    confab_listener *l = listener_of(channel);

    if (l->resting && channel->reactor->now >= l->rest_until) {
        l->resting = false;
        reactor_take_spare(channel->reactor); /* where the last one could not be had again */
    }
    tell(l, &l->shortage, false);
    tell(l, &l->full, false);
    settle(l);
}

static void rest(confab_listener *l, int error, unsigned refused)
{
    l->resting = true;
    l->rest_until = l->channel.reactor->now + listener_rest;
    l->shortage.error = -error;
    l->shortage.times++;
    l->shortage.refused += refused;
    tell(l, &l->shortage, false);
}

/* Accepts and closes what waits, with the spare descriptor. */
static unsigned refuse_waiting(confab_listener *l)
{
    confab_reactor *reactor = l->channel.reactor;
    unsigned n = 0;

    if (!reactor_give_spare(reactor))
        return 0;
    for (; n < reactor->accepts; n++) {
        int fd = reactor->io->accept(reactor->state, l->channel.fd, NULL, NULL);
        if (fd < 0)
            break;
        reactor->io->close(reactor->state, fd);
    }
    reactor_take_spare(reactor);
    return n;
}

/* -- Accepting ----------------------------------------------------------- */

static bool is_admitted(const confab_listener *l)
{
    const struct settings *settings = l->settings;

    return !settings->owner || !settings->owner->admits || settings->owner->admits(settings->service);
}

static void turn_away(confab_listener *l, int fd)
{
    l->channel.reactor->io->close(l->channel.reactor->state, fd);
    l->full.times++;
    l->full.refused++;
    tell(l, &l->full, false);
}

/* Whether there may be one more to accept. */
static bool accept_one(confab_listener *l)
{
    confab_reactor *reactor = l->channel.reactor;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    int fd = reactor->io->accept(reactor->state, l->channel.fd, (struct sockaddr *)&peer, &len);

    if (fd == -EAGAIN)
        return false;
    if (fd < 0) {
        /* Whatever it is, it would be said again at once. */
        rest(l, fd, fd == -EMFILE || fd == -ENFILE ? refuse_waiting(l) : 0);
        return false;
    }
    if (!is_admitted(l)) {
        turn_away(l, fd);
        return true;
    }
    if (!chat_accepted(reactor, fd, l->settings, (struct sockaddr *)&peer, len)) {
        rest(l, -ENOMEM, 1);
        return false;
    }
    return true;
}

static void listener_ready(struct channel *channel, unsigned events, int error)
{
    confab_listener *l = listener_of(channel);

    if (events & BACKEND_FAILED)
        rest(l, -error, 0);
    else
        for (unsigned i = 0; i < channel->reactor->accepts && accept_one(l); i++)
            if (is_closed(l) || l->paused) /* by a hook of the chat */
                break;
    settle(l);
}

/* -- Life ---------------------------------------------------------------- */

static void listener_work(struct channel *channel, unsigned bits)
{
    (void)channel, (void)bits; /* it lists none */
}

static void listener_close(struct channel *channel)
{
    confab_listener_close(listener_of(channel));
}

static void listener_free(confab_listener *l)
{
    confab_reactor *reactor = l->channel.reactor;

    settings_unref(l->settings);
    alloc_free(&reactor->alloc, l->address);
    alloc_free(&reactor->alloc, l);
}

static void listener_finish(struct channel *channel)
{
    channel_done(channel);
    listener_free(listener_of(channel));
}

static const struct channel_ops listener_ops = { .ready = listener_ready,
                                                 .work = listener_work,
                                                 .timer = listener_timer,
                                                 .close = listener_close,
                                                 .finish = listener_finish };

static void join_list(confab_listener *l, confab_listener **list)
{
    if (!list)
        return;
    l->next = *list;
    l->previous = list;
    if (l->next)
        l->next->previous = &l->next;
    *list = l;
}

static void leave_list(confab_listener *l)
{
    if (!l->previous)
        return;
    *l->previous = l->next;
    if (l->next)
        l->next->previous = l->previous;
    l->previous = NULL;
}

/* Takes over settings, also where it returns NULL.  Not counted as a channel
 * that lives before start. */
static confab_listener *listener_new(confab_reactor *reactor, struct settings *settings)
{
    confab_listener *l = alloc_zeroed(&reactor->alloc, sizeof *l);

    if (!l) {
        settings_unref(settings);
        return NULL;
    }
    l->channel.reactor = reactor;
    l->settings = settings;
    return l;
}

/* Owns fd and l in any case. */
static int start(confab_listener *l, int fd, bool any, confab_listener **list)
{
    confab_reactor *reactor = l->channel.reactor;
    int error = listener_note_address(l, fd, any);

    if (error) {
        reactor->io->close(reactor->state, fd);
        listener_unlink(l);
        listener_free(l);
        return error;
    }
    channel_init(&l->channel, reactor, &listener_ops);
    error = channel_watch(&l->channel, fd);
    if (error) {
        reactor->io->close(reactor->state, fd);
        confab_listener_close(l);
        return error;
    }
    channel_want(&l->channel, BACKEND_READ);
    join_list(l, list);
    return 0;
}

int listener_open(confab_listener **listener, confab_reactor *reactor, const char *address,
                  struct settings *settings, confab_listener **list)
{
    confab_listener *l = listener_new(reactor, settings);
    struct address parsed;
    int fd, error;

    *listener = NULL;
    if (!l)
        return -ENOMEM;
    error = reactor_open(reactor) ? address_parse(&parsed, address, true, NULL, 0) : -ECANCELED;
    fd = error ? error : listener_socket(l, &parsed);
    if (fd < 0) {
        listener_free(l);
        return fd;
    }
    error = start(l, fd, parsed.any, list);
    if (!error)
        *listener = l;
    return error;
}

int listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd, struct settings *settings,
                   confab_listener **list)
{
    confab_listener *l = listener_new(reactor, settings);
    int family, error;

    *listener = NULL;
    family = !l ? -ENOMEM : reactor_open(reactor) ? listener_check(reactor, fd) : -ECANCELED;
    if (family < 0) {
        if (family != -EBADF)
            reactor->io->close(reactor->state, fd);
        if (l)
            listener_free(l);
        return family;
    }
    listener_tune(reactor, fd, family);
    error = start(l, fd, false, list);
    if (!error)
        *listener = l;
    return error;
}

/* -- The public functions ------------------------------------------------ */

static int inbound_settings(struct settings **settings, confab_reactor *reactor,
                            const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    int error = settings_new(settings, &reactor->alloc, reactor->read_buffer, ops, options, NULL);

    if (!error)
        (*settings)->inbound = true;
    return error;
}

int confab_listen(confab_listener **listener, confab_reactor *reactor, const char *address,
                  const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    struct settings *settings;
    int error = inbound_settings(&settings, reactor, ops, options);

    *listener = NULL;
    return error ? error : listener_open(listener, reactor, address, settings, NULL);
}

int confab_listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd,
                          const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    struct settings *settings;
    int error = inbound_settings(&settings, reactor, ops, options);

    *listener = NULL;
    if (error) {
        reactor->io->close(reactor->state, fd);
        return error;
    }
    return listener_adopt(listener, reactor, fd, settings, NULL);
}

const char *confab_listener_address(confab_listener *listener)
{
    return listener->address;
}

void confab_listener_pause(confab_listener *listener, bool pause)
{
    listener->paused = pause;
    settle(listener);
}

void confab_listener_close(confab_listener *listener)
{
    if (is_closed(listener))
        return;
    tell(listener, &listener->shortage, true);
    tell(listener, &listener->full, true);
    leave_list(listener);
    /* Before the descriptor is closed: a file whose socket is gone looks stale to others. */
    listener_unlink(listener);
    channel_retire(&listener->channel);
}
