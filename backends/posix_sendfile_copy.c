/* posix_sendfile_copy.c: for systems without a sendfile(2) that we know (NetBSD, OpenBSD). */
#include "backends/posix.h"

ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len)
{
    return posix_stream_copy(fd, file, offset, len);
}
