/* linger.c: what is left of a connection after close_when_done.
 *
 * Closing a socket with unread input makes the kernel send a reset, which can
 * destroy our last bytes before the peer has read them.  So the socket, ended
 * on our side, is read for a moment longer and what comes is dropped: until the
 * peer ends it, for one second or 256 KiB at the most.  Meanwhile it counts as a
 * connection of its service, so that nobody gets around a limit by closing. */
#include "core/chat.h"
#include <errno.h>

enum { LINGER_BYTES = 256 << 10 };
static const int64_t linger_time = CONFAB_SECOND;

struct lingering {
    struct channel channel;
    struct settings *settings; /* of the chat: its service goes on counting the connection */
    size_t left;
};

static void ready(struct channel *channel, unsigned events, int error)
{
    struct lingering *lingering = (struct lingering *)(void *)channel;
    confab_reactor *reactor = channel->reactor;

    (void)error;
    if (!(events & BACKEND_FAILED)) {
        ssize_t n = reactor->io->recv(reactor->state, channel->fd, reactor->buffer, reactor->read_buffer, 0);
        if (n == -EAGAIN)
            return;
        if (n > 0 && (size_t)n < lingering->left) {
            lingering->left -= (size_t)n;
            return;
        }
    }
    channel_retire(channel);
}

static void finish(struct channel *channel)
{
    const struct alloc alloc = channel->reactor->alloc;
    struct settings *settings = ((struct lingering *)(void *)channel)->settings;

    channel_done(channel);
    alloc_free(&alloc, channel);
    if (settings->owner)
        settings->owner->closed(settings->service, settings->inbound);
    settings_unref(settings);
}

static void no_work(struct channel *channel, unsigned bits)
{
    (void)channel, (void)bits;
}

static const struct channel_ops linger_ops = {
    .ready = ready,
    .work = no_work,
    .timer = channel_retire,
    .close = channel_retire,
    .finish = finish,
};

void linger_start(confab_reactor *reactor, int fd, struct settings *settings)
{
    struct lingering *lingering =
        reactor_open(reactor) ? alloc_new(&reactor->alloc, sizeof *lingering) : NULL;

    if (!lingering) {
        reactor->io->close(reactor->state, fd);
        return;
    }
    channel_init(&lingering->channel, reactor, &linger_ops);
    lingering->left = LINGER_BYTES;
    lingering->settings = settings_ref(settings);
    if (settings->owner)
        settings->owner->opened(settings->service, settings->inbound);
    if (channel_watch(&lingering->channel, fd)) {
        reactor->io->close(reactor->state, fd);
        channel_retire(&lingering->channel);
        return;
    }
    channel_want(&lingering->channel, BACKEND_READ);
    channel_set_timer(&lingering->channel, reactor->now + linger_time);
}

void linger_end(const struct slot *slot, const confab_service *service)
{
    struct lingering *lingering = (struct lingering *)(void *)slot->channel;

    if (slot->channel && slot->channel->ops == &linger_ops && lingering->settings->service == service)
        channel_retire(slot->channel);
}
