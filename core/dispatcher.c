/* dispatcher.c: a dispatcher's life, and what it does with events. */
#include "core/dispatcher.h"
#include "core/log.h"
#include <errno.h>
#include <string.h>

/* The two name the same events, so a mask needs no translation. */
_Static_assert((int)CONFAB_READ == (int)BACKEND_READ, "the same bit");
_Static_assert((int)CONFAB_WRITE == (int)BACKEND_WRITE, "the same bit");
_Static_assert((int)CONFAB_EXPT == (int)BACKEND_EXCEPT, "the same bit");

static const int64_t accept_rest = 100 * CONFAB_MILLISECOND;

static confab_dispatcher *dispatcher_of(struct channel *channel)
{
    return (confab_dispatcher *)channel;
}

static unsigned interest(const confab_dispatcher *d)
{
    if (d->ended || d->cut || d->resting)
        return 0;
    switch ((enum confab_dispatcher_state)d->state) {
    case CONFAB_DISPATCHER_NEW:
        /* A stream socket without a connection counts as hung up: it would be ready for ever. */
        return d->datagram ? d->wanted : 0;
    case CONFAB_DISPATCHER_CONNECTING:
        return CONFAB_WRITE;
    case CONFAB_DISPATCHER_CONNECTED:
        return d->wanted;
    case CONFAB_DISPATCHER_ACCEPTING:
        return d->wanted & CONFAB_READ;
    case CONFAB_DISPATCHER_CLOSED:
        break;
    }
    return 0;
}

void dispatcher_settle(confab_dispatcher *d)
{
    channel_want(&d->channel, interest(d));
}

static bool is_closed(const confab_dispatcher *d)
{
    return d->state == CONFAB_DISPATCHER_CLOSED;
}

/* -- Handlers ------------------------------------------------------------ */

/* What a handler returned, or what went wrong.  Of one that is closed nobody wants to know. */
static void report(confab_dispatcher *d, int error)
{
    if (error >= 0 || is_closed(d))
        return;
    if (!d->ops->handle_error || d->ops->handle_error(d, error) < 0)
        confab_dispatcher_close(d);
}

static void call(confab_dispatcher *d, int (*handler)(confab_dispatcher *))
{
    if (handler)
        report(d, handler(d));
}

static void accepted(confab_dispatcher *d, int fd, const struct sockaddr *peer, socklen_t len)
{
    if (d->ops->handle_accepted)
        report(d, d->ops->handle_accepted(d, fd, peer, len));
    else
        d->channel.reactor->io->close(d->channel.reactor->state, fd);
}

static void accept_ready(confab_dispatcher *d)
{
    if (d->ops->handle_accept) {
        call(d, d->ops->handle_accept);
        return;
    }
    /* Each handler may close it, or want no more. */
    for (unsigned i = 0; i < d->channel.reactor->accepts && (interest(d) & CONFAB_READ); i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        int fd = confab_dispatcher_accept(d, (struct sockaddr *)&peer, &len);

        if (fd < 0) {
            if (fd != -EAGAIN && !d->resting)
                report(d, fd);
            return;
        }
        accepted(d, fd, (struct sockaddr *)&peer, len);
    }
}

void dispatcher_rest(confab_dispatcher *d, int error)
{
    if (error != -EMFILE && error != -ENFILE && error != -ENOMEM && error != -ENOBUFS)
        return;
    if (d->resting)
        return;
    log_line(CONFAB_WARNING, NULL, 0, NULL, "dispatcher of descriptor %d: accept: %s; rests for 100 ms",
             d->channel.fd, strerror(-error));
    d->resting = true;
    dispatcher_settle(d);
    channel_set_timer(&d->channel, reactor_clock(d->channel.reactor) + accept_rest);
}

static void dispatcher_timer(struct channel *channel)
{
    confab_dispatcher *d = dispatcher_of(channel);

    d->resting = false;
    dispatcher_settle(d);
}

/* -- Connecting ---------------------------------------------------------- */

static void connected(confab_dispatcher *d)
{
    d->state = CONFAB_DISPATCHER_CONNECTED;
    dispatcher_settle(d);
    call(d, d->ops->handle_connect);
}

/* The first event of a connect: only the socket knows how it went. */
static void connect_ready(confab_dispatcher *d)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = reactor->io->socket_error(reactor->state, d->channel.fd);

    if (!error) {
        connected(d);
        return;
    }
    d->state = CONFAB_DISPATCHER_NEW;
    dispatcher_settle(d);
    report(d, error);
}

/* -- What the turn has for it -------------------------------------------- */

static void dispatcher_ready(struct channel *channel, unsigned events, int error)
{
    confab_dispatcher *d = dispatcher_of(channel);

    if (events & BACKEND_FAILED) {
        report(d, -error);
        confab_dispatcher_close(d); /* nothing would ever be told of it again */
        return;
    }
    if (d->state == CONFAB_DISPATCHER_CONNECTING) {
        connect_ready(d);
        return;
    }
    if (d->state == CONFAB_DISPATCHER_ACCEPTING) {
        accept_ready(d);
        return;
    }
    /* Each handler may close it, find its end, or want other things. */
    if (events & CONFAB_READ && interest(d) & CONFAB_READ)
        call(d, d->ops->handle_read);
    if (events & CONFAB_WRITE && interest(d) & CONFAB_WRITE)
        call(d, d->ops->handle_write);
    if (events & CONFAB_EXPT && interest(d) & CONFAB_EXPT)
        call(d, d->ops->handle_expt);
}

/* Whether there is something to read; a terminal has to be read to know. */
static bool has_arrived(const confab_dispatcher *d)
{
    const confab_reactor *reactor = d->channel.reactor;
    char byte;

    return d->stream || reactor->io->recv(reactor->state, d->channel.fd, &byte, 1, MSG_PEEK) > 0;
}

/* Nothing can be sent any more.  What had arrived before is still to be had, by those who take it: a call a turn
 * for as long as each takes something and there is more. */
static void read_rest(confab_dispatcher *d)
{
    d->moved = false;
    if (d->wanted & CONFAB_READ && !d->ended && has_arrived(d))
        call(d, d->ops->handle_read);
    if (d->moved && !d->ended && !is_closed(d))
        channel_list(&d->channel, DISPATCHER_WORK_READ);
    else
        confab_dispatcher_close(d);
}

static void dispatcher_work(struct channel *channel, unsigned bits)
{
    confab_dispatcher *d = dispatcher_of(channel);

    if (bits & DISPATCHER_WORK_CLOSE)
        confab_dispatcher_close(d);
    else if (bits & DISPATCHER_WORK_READ)
        read_rest(d);
}

static void dispatcher_close(struct channel *channel)
{
    confab_dispatcher_close(dispatcher_of(channel));
}

static void dispatcher_finish(struct channel *channel)
{
    confab_dispatcher *d = dispatcher_of(channel);

    if (d->ops->handle_close)
        d->ops->handle_close(d);
    channel_done(channel);
    alloc_free(&channel->reactor->alloc, d);
}

static const struct channel_ops dispatcher_ops = { .ready = dispatcher_ready,
                                                   .work = dispatcher_work,
                                                   .timer = dispatcher_timer,
                                                   .close = dispatcher_close,
                                                   .finish = dispatcher_finish };

/* -- The public functions ------------------------------------------------ */

confab_dispatcher *confab_dispatcher_new(confab_reactor *reactor, const struct confab_dispatcher_ops *ops,
                                         void *data)
{
    confab_dispatcher *d;

    if (!ops || ops->size < sizeof ops->size || !reactor_open(reactor))
        return NULL;
    bool shorter = ops->size < sizeof *ops;
    d = alloc_zeroed(&reactor->alloc, sizeof *d + (shorter ? sizeof *ops : 0));
    if (!d)
        return NULL;
    channel_init(&d->channel, reactor, &dispatcher_ops);
    d->ops = shorter ? d->whole : ops;
    if (shorter)
        memcpy(d->whole, ops, ops->size);
    d->data = data;
    d->state = CONFAB_DISPATCHER_NEW;
    d->wanted = CONFAB_READ;
    return d;
}

int confab_dispatcher_want(confab_dispatcher *d, unsigned events)
{
    if (events & ~(unsigned)(CONFAB_READ | CONFAB_WRITE | CONFAB_EXPT))
        return -EINVAL;
    if (is_closed(d))
        return -EBADF;
    d->wanted = (uint8_t)events;
    dispatcher_settle(d);
    return 0;
}

void confab_dispatcher_close(confab_dispatcher *d)
{
    if (is_closed(d))
        return;
    d->state = CONFAB_DISPATCHER_CLOSED;
    channel_retire(&d->channel);
}

void *confab_dispatcher_data(confab_dispatcher *d)
{
    return d->data;
}

int confab_dispatcher_fd(confab_dispatcher *d)
{
    return d->channel.reactor->backend->simulated ? -1 : d->channel.fd;
}

confab_reactor *confab_dispatcher_reactor(confab_dispatcher *d)
{
    return d->channel.reactor;
}

enum confab_dispatcher_state confab_dispatcher_state(confab_dispatcher *d)
{
    return (enum confab_dispatcher_state)d->state;
}

bool confab_dispatcher_connected(confab_dispatcher *d)
{
    return d->state == CONFAB_DISPATCHER_CONNECTED && !d->ended && !d->cut;
}

bool confab_dispatcher_connecting(confab_dispatcher *d)
{
    return d->state == CONFAB_DISPATCHER_CONNECTING;
}

bool confab_dispatcher_closing(confab_dispatcher *d)
{
    return is_closed(d) || d->ended || d->cut;
}

bool confab_dispatcher_accepting(confab_dispatcher *d)
{
    return d->state == CONFAB_DISPATCHER_ACCEPTING;
}
