/* posix_sendfile_macos.c: sendfile(2) of macOS. */
#include "backends/posix.h"
#include <sys/uio.h>

/* The count goes in as what is wanted and comes out as what has left.  With an error it is
 * to be believed where the call would block or a signal ended it: of others nobody
 * promises it.  All but regular files into stream sockets is copied. */
ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len)
{
    off_t count = (off_t)len;

    if (len == 0)
        return 0; /* would be "to the end of the file" */
    if (sendfile(file, fd, (off_t)offset, &count, NULL, 0) == 0)
        return (ssize_t)count;
    if (errno == EAGAIN || errno == EINTR)
        return count > 0 ? (ssize_t)count : -errno;
    if (errno == EINVAL || errno == ENOTSOCK || errno == ENOTSUP || errno == EOPNOTSUPP || errno == ENOSYS)
        return posix_stream_copy(fd, file, offset, len);
    return -errno;
}
