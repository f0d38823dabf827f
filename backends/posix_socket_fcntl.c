/* posix_socket_fcntl.c: making descriptors where the flags are set afterwards.
 * Between the two a fork and exec in another thread inherits the descriptor. */
#include "backends/posix.h"
#include <fcntl.h>
#include <unistd.h>

#ifdef SO_NOSIGPIPE
enum { NOSIGPIPE_OPTION = SO_NOSIGPIPE };
#else
enum { NOSIGPIPE_OPTION = -1 };
#endif

/* The same for pipes (macOS, NetBSD). */
#ifdef F_SETNOSIGPIPE
enum { NOSIGPIPE_COMMAND = F_SETNOSIGPIPE };
#else
enum { NOSIGPIPE_COMMAND = -1 };
#endif

/* One of the two fails where it does not go with the kind of descriptor; that is no error. */
static void no_sigpipe(int fd)
{
    int yes = 1;

    if (NOSIGPIPE_OPTION >= 0)
        setsockopt(fd, SOL_SOCKET, NOSIGPIPE_OPTION, &yes, sizeof yes);
    if (NOSIGPIPE_COMMAND >= 0)
        fcntl(fd, NOSIGPIPE_COMMAND, yes);
}

static int prepare_or_close(int fd)
{
    int error;

    if (fd < 0)
        return -errno;
    error = posix_prepare(fd);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

int posix_socket(int domain, int type, int protocol)
{
    return prepare_or_close(socket(domain, type, protocol));
}

int posix_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return prepare_or_close(accept(fd, address, len));
}

int posix_prepare(int fd)
{
    int status = fcntl(fd, F_GETFL), flags = fcntl(fd, F_GETFD);

    if (status < 0 || flags < 0)
        return -errno;
    if (!(status & O_NONBLOCK) && fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0)
        return -errno;
    if (!(flags & FD_CLOEXEC) && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
        return -errno;
    no_sigpipe(fd);
    return 0;
}
