/* part_bare_sendfile_copy.c: where there is no sendfile(2) that is known here. */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 65536 };

long bare_send_file(int fd, int file, uint64_t offset, size_t len)
{
    char piece[PIECE];
    ssize_t got = pread(file, piece, len < sizeof piece ? len : sizeof piece, (off_t)offset), sent;

    if (got <= 0)
        return got < 0 ? -errno : -EIO;
    sent = send(fd, piece, (size_t)got, 0);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
