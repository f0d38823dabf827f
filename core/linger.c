/* linger.c: what is left of a connection after close_when_done.
 *
 * Closing a socket with unread input makes the kernel send a reset, which can
 * destroy our last bytes before the peer has read them.  So the socket, ended
 * on our side, is read for a moment longer and what comes is dropped: until the
 * peer ends it, for one second or 16 MiB at the most: a peer may send megabytes
 * before it looks for an answer.  Neither bound ends it while the kernel still has
 * some of our bytes on their way, because those would be lost for certain.  That is
 * bounded too: two minutes in which none of them gets there, 5 minutes in all.
 * Meanwhile it counts as a connection of its service, so that nobody gets around
 * a limit by closing. */
#include "core/chat.h"
#include <errno.h>

enum {
    LINGER_BYTES = 16 << 20,
    LINGER_STALLS = 120, /* looks, one a second, in a row that find nothing more got there */
    LINGER_LOOKS = 300   /* in all */
};
static const int64_t linger_time = CONFAB_SECOND;

struct lingering {
    struct channel channel;
    struct settings *settings; /* of the chat: its service goes on counting the connection */
    size_t left;
    int unsent; /* when it was last looked */
    unsigned stalls, looks;
};

/* How much is on its way; 0 also where the system does not tell. */
static int unsent(const struct channel *channel)
{
    const confab_reactor *reactor = channel->reactor;
    int bytes = reactor->io->unsent ? reactor->io->unsent(reactor->state, channel->fd) : 0;

    return bytes > 0 ? bytes : 0;
}

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
        if (n > 0 && unsent(channel) > 0) {
            lingering->left = LINGER_BYTES;
            return;
        }
    }
    channel_retire(channel);
}

static void look(struct channel *channel)
{
    struct lingering *lingering = (struct lingering *)(void *)channel;
    int before = lingering->unsent, now = unsent(channel);

    /* What got there since the last look has until the next to be read. */
    lingering->unsent = now;
    lingering->stalls = now < before || before == 0 ? 0 : lingering->stalls + 1;
    if ((now == 0 && before == 0) || lingering->stalls == LINGER_STALLS || ++lingering->looks == LINGER_LOOKS)
        channel_retire(channel);
    else
        channel_set_timer(channel, channel->reactor->now + linger_time);
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
    .timer = look,
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
    lingering->unsent = 0;
    lingering->stalls = lingering->looks = 0;
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

bool linger_end(const struct slot *slot, const confab_service *service)
{
    struct lingering *lingering = (struct lingering *)(void *)slot->channel;

    if (!slot->channel || slot->channel->ops != &linger_ops || lingering->settings->service != service)
        return false;
    bool lost = unsent(slot->channel) > 0;
    channel_retire(slot->channel);
    return lost;
}
