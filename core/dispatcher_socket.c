/* dispatcher_socket.c: giving a dispatcher a descriptor, and addresses. */
#include "core/address.h"
#include "core/dispatcher.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static int io_error(const confab_dispatcher *d)
{
    return d->channel.fd < 0 ? -EBADF : 0;
}

/* Whether it can be given a descriptor. */
static int check_empty(const confab_dispatcher *d)
{
    if (d->state == CONFAB_DISPATCHER_CLOSED)
        return -EBADF;
    return d->channel.fd >= 0 ? -EISCONN : 0;
}

int confab_dispatcher_create_socket(confab_dispatcher *d, int family, int type)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = check_empty(d), fd;

    if (error)
        return error;
    fd = reactor->io->socket(reactor->state, family, type, 0);
    if (fd < 0)
        return fd;
    error = channel_watch(&d->channel, fd);
    if (error) {
        reactor->io->close(reactor->state, fd);
        return error;
    }
    d->datagram = type == SOCK_DGRAM;
    dispatcher_settle(d);
    return 0;
}

/* The backend's contract does not tell the type, so the system is asked. */
static bool is_datagram(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type != SOCK_STREAM && type != SOCK_SEQPACKET;
}

static enum confab_dispatcher_state state_of(int kind)
{
    switch ((enum confab_fd_kind)kind) {
    case CONFAB_FD_LISTENER:
        return CONFAB_DISPATCHER_ACCEPTING;
    case CONFAB_FD_CONNECTING:
        return CONFAB_DISPATCHER_CONNECTING;
    case CONFAB_FD_UNCONNECTED:
        return CONFAB_DISPATCHER_NEW;
    case CONFAB_FD_SOCKET:
    case CONFAB_FD_STREAM:
        break;
    }
    return CONFAB_DISPATCHER_CONNECTED;
}

int confab_dispatcher_adopt(confab_dispatcher *d, int fd)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = check_empty(d);
    int kind = error ? error : reactor->io->adopt(reactor->state, fd);

    error = kind < 0 ? kind : channel_watch(&d->channel, fd);
    if (error) {
        if (kind != -EBADF || d->state == CONFAB_DISPATCHER_CLOSED) /* else there is none */
            reactor->io->close(reactor->state, fd);
        return error;
    }
    d->stream = kind == CONFAB_FD_STREAM;
    d->datagram = !d->stream && is_datagram(fd);
    d->state = (uint8_t)state_of(kind);
    dispatcher_settle(d);
    return 0;
}

static int set_flag(confab_dispatcher *d, int level, int name, int value)
{
    confab_reactor *reactor = d->channel.reactor;

    return reactor->io->setsockopt(reactor->state, d->channel.fd, level, name, &value, sizeof value);
}

int confab_dispatcher_set_reuse_addr(confab_dispatcher *d)
{
    int error = io_error(d);

    return error ? error : set_flag(d, SOL_SOCKET, SO_REUSEADDR, 1);
}

static int own_family(confab_dispatcher *d)
{
    confab_reactor *reactor = d->channel.reactor;
    struct sockaddr_storage sa = { 0 };
    socklen_t len = sizeof sa;
    int error = reactor->io->getsockname(reactor->state, d->channel.fd, (struct sockaddr *)&sa, &len);

    return error ? error : sa.ss_family;
}

/* Makes "every interface" fit an IPv4 socket. */
static void any_four(struct address *address)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four = { .sin_family = AF_INET };

    memcpy(&six, &address->sa, sizeof six);
    four.sin_port = six.sin6_port;
    memset(&address->sa, 0, sizeof address->sa);
    memcpy(&address->sa, &four, sizeof four);
    address->len = sizeof four;
}

int confab_dispatcher_bind(confab_dispatcher *d, const char *text)
{
    confab_reactor *reactor = d->channel.reactor;
    struct address address;
    int error = io_error(d), family;

    if (!error)
        error = address_parse(&address, text, true, NULL, 0);
    if (error)
        return error;
    family = own_family(d);
    if (family < 0)
        return family;
    if (family == AF_INET && address.any)
        any_four(&address);
    if (family != address.sa.ss_family)
        return -EAFNOSUPPORT;
    if (family == AF_INET6)
        error = set_flag(d, IPPROTO_IPV6, IPV6_V6ONLY, !address.any);
    if (error)
        return error;
    return reactor->io->bind(reactor->state, d->channel.fd, (struct sockaddr *)&address.sa, address.len);
}

int confab_dispatcher_listen(confab_dispatcher *d, int backlog)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = io_error(d);

    if (!error && d->state != CONFAB_DISPATCHER_NEW && d->state != CONFAB_DISPATCHER_ACCEPTING)
        error = -EINVAL;
    if (!error)
        error = reactor->io->listen(reactor->state, d->channel.fd, backlog);
    if (error)
        return error;
    d->state = CONFAB_DISPATCHER_ACCEPTING;
    dispatcher_settle(d);
    return 0;
}

static int check_connect(const confab_dispatcher *d)
{
    switch ((enum confab_dispatcher_state)d->state) {
    case CONFAB_DISPATCHER_NEW:
        return io_error(d);
    case CONFAB_DISPATCHER_CONNECTING:
        return -EALREADY;
    case CONFAB_DISPATCHER_CONNECTED:
        return -EISCONN;
    case CONFAB_DISPATCHER_ACCEPTING:
        return -EINVAL;
    case CONFAB_DISPATCHER_CLOSED:
        break;
    }
    return -EBADF;
}

int confab_dispatcher_connect(confab_dispatcher *d, const char *text)
{
    confab_reactor *reactor = d->channel.reactor;
    struct address address = { 0 };
    int error = check_connect(d);

    if (!error)
        error = address_parse(&address, text, false, NULL, 0);
    if (!error)
        error =
            reactor->io->connect(reactor->state, d->channel.fd, (struct sockaddr *)&address.sa, address.len);
    if (address.len > 0)
        peer_pack(&d->target, (struct sockaddr *)&address.sa, address.len);
    if (error && error != -EINPROGRESS)
        return error;
    d->through = !error;
    d->state = CONFAB_DISPATCHER_CONNECTING;
    dispatcher_settle(d);
    return 0;
}

int confab_dispatcher_accept(confab_dispatcher *d, struct sockaddr *peer, socklen_t *len)
{
    confab_reactor *reactor = d->channel.reactor;
    int error = io_error(d), fd;

    if (!error && d->state != CONFAB_DISPATCHER_ACCEPTING)
        error = -EINVAL;
    if (error)
        return error;
    fd = reactor->io->accept(reactor->state, d->channel.fd, peer, len);
    if (fd < 0)
        dispatcher_rest(d, fd);
    return fd;
}

const char *confab_dispatcher_address(confab_dispatcher *d, char buf[128])
{
    confab_reactor *reactor = d->channel.reactor;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int error = io_error(d);

    _Static_assert(ADDRESS_TEXT == 128, "the header's room is the room of an address");
    if (!error && !reactor->io->getpeername(reactor->state, d->channel.fd, (struct sockaddr *)&sa, &len))
        return address_format((struct sockaddr *)&sa, len, buf);
    if (d->target.family) {
        len = peer_unpack(&d->target, &sa);
        return address_format((struct sockaddr *)&sa, len, buf);
    }
    if (!error) {
        len = sizeof sa;
        error = reactor->io->getsockname(reactor->state, d->channel.fd, (struct sockaddr *)&sa, &len);
    }
    return address_format(error ? NULL : (struct sockaddr *)&sa, len, buf);
}

const char *confab_address_text(const struct sockaddr *address, socklen_t len, char buf[128])
{
    return address_format(address, len, buf);
}

int confab_address_read(const char *text, struct sockaddr *address, socklen_t *len)
{
    struct address read;
    int error = address_parse(&read, text, false, NULL, 0);

    if (error)
        return error;
    if (*len < read.len)
        return -ENOBUFS;
    memcpy(address, &read.sa, read.len);
    *len = read.len;
    return 0;
}
