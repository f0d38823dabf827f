/* part_bare_accept.c: where there is no accept4(2). */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int bare_accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0 || (fcntl(fd, F_SETFL, O_NONBLOCK) >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}
