/* listener_socket.c: the socket that a listener listens on: making it, asking it. */
#include "core/listener.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTENER_BACKLOG = 4096 }; /* the system cuts it to its own bound */

static int set_flag(confab_reactor *reactor, int fd, int level, int name, int value)
{
    return reactor->io->setsockopt(reactor->state, fd, level, name, &value, sizeof value);
}

void listener_tune(confab_reactor *reactor, int fd, int family)
{
    if (family != AF_INET && family != AF_INET6)
        return;
    /* A connection without them works too, so a refusal is no error. */
    set_flag(reactor, fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_flag(reactor, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int bind_to(confab_reactor *reactor, int fd, const struct address *address)
{
    return reactor->io->bind(reactor->state, fd, (const struct sockaddr *)&address->sa, address->len);
}

static int open_inet(confab_reactor *reactor, const struct address *address)
{
    int family = address->sa.ss_family;
    int fd = reactor->io->socket(reactor->state, family, SOCK_STREAM, 0);
    int error;

    if (fd < 0)
        return fd;
    error = set_flag(reactor, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error && family == AF_INET6)
        error = set_flag(reactor, fd, IPPROTO_IPV6, IPV6_V6ONLY, !address->any);
    if (!error)
        error = bind_to(reactor, fd, address);
    if (!error) {
        listener_tune(reactor, fd, family);
        error = reactor->io->listen(reactor->state, fd, LISTENER_BACKLOG);
    }
    if (error) {
        reactor->io->close(reactor->state, fd);
        return error;
    }
    return fd;
}

/* The same port of every interface, for a system without IPv6. */
static struct address any_four(const struct address *six)
{
    struct address four = { .len = sizeof(struct sockaddr_in) };
    struct sockaddr_in6 from;
    struct sockaddr_in sa = { .sin_family = AF_INET };

    memcpy(&from, &six->sa, sizeof from);
    sa.sin_port = from.sin6_port;
    memcpy(&four.sa, &sa, sizeof sa);
    return four;
}

/* How a system without IPv6 refuses: it knows no such family, or has it and not one address of it. */
static bool no_six(int error)
{
    return error == -EAFNOSUPPORT || error == -EPROTONOSUPPORT || error == -EADDRNOTAVAIL;
}

static int open_any(confab_reactor *reactor, const struct address *address)
{
    int fd = open_inet(reactor, address);
    struct address four;

    if (!no_six(fd))
        return fd;
    four = any_four(address);
    return open_inet(reactor, &four);
}

/* Whether a path in use is a socket that nobody listens on any more.  Any other
 * file there refuses a connection too, and is not ours to remove. */
static bool is_stale(confab_reactor *reactor, const struct address *address, const char *path)
{
    struct stat st;
    int fd, error;

    if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
        return false;
    fd = reactor->io->socket(reactor->state, AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    error = reactor->io->connect(reactor->state, fd, (const struct sockaddr *)&address->sa, address->len);
    reactor->io->close(reactor->state, fd);
    return error == -ECONNREFUSED;
}

/* Notes whose file it is.  A simulated network makes none: one of that name is somebody else's. */
static int note_path(confab_listener *listener, const char *path)
{
    size_t size = strlen(path) + 1;
    struct stat st;

    if (listener->channel.reactor->backend->simulated || lstat(path, &st))
        return 0;
    listener->unlink = alloc_new(&listener->channel.reactor->alloc, size);
    if (!listener->unlink) {
        unlink(path);
        return -ENOMEM;
    }
    memcpy(listener->unlink, path, size);
    listener->device = (uint64_t)st.st_dev;
    listener->inode = (uint64_t)st.st_ino;
    return 0;
}

static int open_unix(confab_listener *listener, const struct address *address)
{
    confab_reactor *reactor = listener->channel.reactor;
    struct sockaddr_un sa;
    int fd = reactor->io->socket(reactor->state, AF_UNIX, SOCK_STREAM, 0);
    int error;

    if (fd < 0)
        return fd;
    memcpy(&sa, &address->sa, sizeof sa);
    error = bind_to(reactor, fd, address);
    if (error == -EADDRINUSE && is_stale(reactor, address, sa.sun_path) && !unlink(sa.sun_path))
        error = bind_to(reactor, fd, address);
    if (!error)
        error = note_path(listener, sa.sun_path);
    if (!error)
        error = reactor->io->listen(reactor->state, fd, LISTENER_BACKLOG);
    if (error) {
        reactor->io->close(reactor->state, fd);
        listener_unlink(listener);
        return error;
    }
    return fd;
}

int listener_socket(confab_listener *listener, const struct address *address)
{
    if (address->sa.ss_family == AF_UNIX)
        return open_unix(listener, address);
    if (address->any)
        return open_any(listener->channel.reactor, address);
    return open_inet(listener->channel.reactor, address);
}

void listener_unlink(confab_listener *listener)
{
    struct stat st;

    if (!listener->unlink)
        return;
    if (!lstat(listener->unlink, &st) && (uint64_t)st.st_dev == listener->device &&
        (uint64_t)st.st_ino == listener->inode)
        unlink(listener->unlink);
    alloc_free(&listener->channel.reactor->alloc, listener->unlink);
    listener->unlink = NULL;
}

int listener_check(confab_reactor *reactor, int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int kind = reactor->io->adopt(reactor->state, fd), error;

    if (kind < 0)
        return kind;
    if (kind != CONFAB_FD_LISTENER)
        return -EINVAL;
    error = reactor->io->getsockname(reactor->state, fd, (struct sockaddr *)&sa, &len);
    return error ? error : sa.ss_family;
}

int listener_note_address(confab_listener *l, int fd, bool any)
{
    confab_reactor *reactor = l->channel.reactor;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    struct sockaddr_in6 six;
    char text[ADDRESS_TEXT];
    int error = reactor->io->getsockname(reactor->state, fd, (struct sockaddr *)&sa, &len);

    if (error)
        return error;
    address_format((struct sockaddr *)&sa, len, text);
    if (any && sa.ss_family == AF_INET6) {
        memcpy(&six, &sa, sizeof six);
        snprintf(text, sizeof text, "*:%u", ntohs(six.sin6_port));
    }
    l->address = alloc_new(&reactor->alloc, strlen(text) + 1);
    if (!l->address)
        return -ENOMEM;
    strcpy(l->address, text);
    return 0;
}
