/* posix_sendfile_freebsd.c: sendfile(2) of FreeBSD. */
#include "backends/posix.h"
#include <sys/uio.h>

/* A call that would block, or that a signal ended, fails and tells what had left by
 * then.  It takes regular files and stream sockets, of most file systems: all else
 * is copied.  Errors of an offset or a file that is none come up again there. */
ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len)
{
    off_t sent = 0;

    if (len == 0)
        return 0; /* would be "to the end of the file" */
    if (sendfile(file, fd, (off_t)offset, len, NULL, &sent, 0) == 0)
        return (ssize_t)sent;
    if (sent > 0 && (errno == EAGAIN || errno == EINTR))
        return (ssize_t)sent;
    if (errno == EINVAL || errno == ENOTSOCK || errno == EOPNOTSUPP || errno == ENOSYS)
        return posix_stream_copy(fd, file, offset, len);
    return -errno;
}
