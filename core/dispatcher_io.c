/* dispatcher_io.c: moving a dispatcher's bytes, and finding that its connection has ended. */
#include "core/dispatcher.h"
#include <errno.h>

/* asyncore's _DISCONNECTED, and how a terminal says that its other side has gone. */
static bool is_end(const confab_dispatcher *d, ssize_t error)
{
    switch (-error) {
    case ECONNRESET:
    case ENOTCONN:
    case ESHUTDOWN:
    case ECONNABORTED:
    case EPIPE:
    case EBADF:
    case ETIMEDOUT:
        return true;
    case EIO:
        return d->stream;
    default:
        return false;
    }
}

static void end(confab_dispatcher *d)
{
    d->ended = true;
    dispatcher_settle(d);
    channel_list(&d->channel, DISPATCHER_WORK_CLOSE);
}

/* A datagram socket has no end that recv could find. */
static void cut(confab_dispatcher *d)
{
    if (d->datagram) {
        end(d);
        return;
    }
    d->cut = true;
    dispatcher_settle(d);
    channel_list(&d->channel, DISPATCHER_WORK_READ);
}

/* 0, or why there is nothing to send to or receive from. */
static int check(const confab_dispatcher *d, int closed)
{
    if (d->state == CONFAB_DISPATCHER_CLOSED || d->ended)
        return closed;
    if (d->channel.fd < 0)
        return -EBADF;
    if (d->state == CONFAB_DISPATCHER_CONNECTING)
        return d->through ? 0 : -EAGAIN;
    if (d->state == CONFAB_DISPATCHER_ACCEPTING || (d->state == CONFAB_DISPATCHER_NEW && !d->datagram))
        return -ENOTCONN;
    return 0;
}

static ssize_t sent(confab_dispatcher *d, ssize_t n)
{
    if (n >= 0 || !is_end(d, n))
        return n;
    cut(d);
    return -EPIPE;
}

static ssize_t received(confab_dispatcher *d, ssize_t n, size_t len)
{
    bool at_end = (n == 0 && len > 0 && !d->datagram) || (n == -EAGAIN && d->cut && d->stream);

    d->moved = d->moved || n > 0;
    if (!at_end && (n >= 0 || !is_end(d, n)))
        return n;
    end(d);
    return 0;
}

ssize_t confab_dispatcher_send(confab_dispatcher *d, const void *bytes, size_t len)
{
    confab_reactor *reactor = d->channel.reactor;
    struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
    int error = d->cut ? -EPIPE : check(d, -EPIPE);

    if (error)
        return error;
    if (d->stream)
        return sent(d, reactor->io->writev(reactor->state, d->channel.fd, &iov, 1));
    return sent(d, reactor->io->send(reactor->state, d->channel.fd, bytes, len, 0));
}

ssize_t confab_dispatcher_recv(confab_dispatcher *d, void *bytes, size_t len)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = check(d, d->ended ? 0 : -EBADF);

    if (error || d->ended)
        return error;
    if (d->stream)
        return received(d, reactor->io->read(reactor->state, d->channel.fd, bytes, len), len);
    return received(d, reactor->io->recv(reactor->state, d->channel.fd, bytes, len, 0), len);
}

ssize_t confab_dispatcher_sendto(confab_dispatcher *d, const void *bytes, size_t len,
                                 const struct sockaddr *to, socklen_t to_len)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = d->stream ? -ENOTSOCK : d->cut ? -EPIPE : check(d, -EPIPE);

    if (error)
        return error;
    return sent(d, reactor->io->sendto(reactor->state, d->channel.fd, bytes, len, 0, to, to_len));
}

ssize_t confab_dispatcher_recvfrom(confab_dispatcher *d, void *bytes, size_t len, struct sockaddr *from,
                                   socklen_t *from_len)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = d->stream ? -ENOTSOCK : check(d, d->ended ? 0 : -EBADF);

    if (error || d->ended)
        return error;
    return received(d, reactor->io->recvfrom(reactor->state, d->channel.fd, bytes, len, 0, from, from_len),
                    len);
}
