/* posix_sendfile_linux.c: sendfile(2) of Linux. */
#include "backends/posix.h"
#include <sys/sendfile.h>

/* The kernel does it for most pairs of descriptors, not for all: not into a
 * file opened with O_APPEND, nor out of some file systems, nor, in some
 * versions, into a terminal.  That is EINVAL, and those are copied. */
ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len)
{
    off_t from = (off_t)offset;
    ssize_t n = sendfile(fd, file, &from, len);

    if (n >= 0)
        return n;
    if (errno == EINVAL || errno == ENOSYS)
        return posix_stream_copy(fd, file, offset, len);
    return -errno;
}
