/* posix_adopt.c: what a foreign descriptor is. */
#include "backends/posix.h"
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

int posix_pollable(int fd, mode_t *mode)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    *mode = st.st_mode;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) ? -EPERM : 0;
}

/* A number that the socket has; 0 where it does not know the option. */
static int option(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? 0 : value;
}

static bool has_peer(int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

/* Whether a connect may be under way: it takes a port for one that has none, and
 * over a unix socket it is done at once. */
static bool may_be_connecting(int fd)
{
    struct sockaddr_storage own = { 0 };
    socklen_t len = sizeof own;
    struct sockaddr_in four;

    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0 || own.ss_family == AF_UNIX)
        return false;
    memcpy(&four, &own, sizeof four); /* the port of an IPv6 address is in the same place */
    return (own.ss_family != AF_INET && own.ss_family != AF_INET6) || four.sin_port != 0;
}

/* One without a peer.  SO_ERROR would tell most, but asking clears it, and it is
 * for the first event after connect.  poll(2) shows a connect that has failed as an
 * error, and on Linux one that nobody has connected yet as hung up; elsewhere
 * that one shows nothing, as one does whose connect is under way. */
static int without_peer(int fd)
{
    struct pollfd polled = { .fd = fd, .events = POLLOUT };
    int type = option(fd, SO_TYPE), unread = 0;

    if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
        return CONFAB_FD_UNCONNECTED;
    if (ioctl(fd, FIONREAD, &unread) == 0 && unread > 0)
        return CONFAB_FD_SOCKET; /* the connection broke, and its last bytes are to be had */
    if (poll(&polled, 1, 0) < 0 || (polled.revents & (POLLERR | POLLHUP)) == POLLHUP)
        return CONFAB_FD_UNCONNECTED;
    return polled.revents & POLLERR || may_be_connecting(fd) ? CONFAB_FD_CONNECTING : CONFAB_FD_UNCONNECTED;
}

int posix_adopt(int fd)
{
    mode_t mode;
    int error = posix_pollable(fd, &mode);

    if (!error)
        error = posix_prepare(fd);
    if (error)
        return error;
    if (!S_ISSOCK(mode))
        return CONFAB_FD_STREAM;
    if (option(fd, SO_ACCEPTCONN))
        return CONFAB_FD_LISTENER;
    return has_peer(fd) ? CONFAB_FD_SOCKET : without_peer(fd);
}
