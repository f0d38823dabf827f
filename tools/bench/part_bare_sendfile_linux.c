/* part_bare_sendfile_linux.c: sendfile(2) as Linux has it. */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <sys/sendfile.h>

long bare_send_file(int fd, int file, uint64_t offset, size_t len)
{
    off_t at = (off_t)offset;
    ssize_t sent = sendfile(fd, file, &at, len);

    if (sent > 0)
        return sent;
    if (sent == 0)
        return -EIO;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
