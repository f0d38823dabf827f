/* posix_sendfile_copy.c: for systems whose sendfile(2), if any, is not used. */
#include "backends/posix.h"

ssize_t posix_sendfile(int fd, int file, int64_t offset, size_t len)
{
    return posix_stream_copy(fd, file, offset, len);
}
