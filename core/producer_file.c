/* producer_file.c: a range of a file, read piece by piece. */
#include <confab/producer.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER_DEFAULT = 16 << 10 };

struct file {
    int fd;
    int64_t offset, left; /* left < 0: up to the end */
    size_t buffer_size;
    char buffer[];
};

void *confab_file_producer_new(int fd, int64_t offset, int64_t len, size_t buffer_size)
{
    size_t size = buffer_size ? buffer_size : BUFFER_DEFAULT;
    struct file *file = offset < 0 || size > SSIZE_MAX - sizeof *file ? NULL : malloc(sizeof *file + size);

    if (!file) {
        close(fd);
        return NULL;
    }
    file->fd = fd;
    file->offset = offset;
    file->left = len;
    file->buffer_size = size;
    return file;
}

static ssize_t more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct file *file = self;
    size_t n = file->buffer_size;

    (void)chat, (void)want;
    if (file->left == 0)
        return 0;
    if (file->left > 0 && (int64_t)n > file->left)
        n = (size_t)file->left;
    ssize_t got;
    do {
        got = pread(file->fd, file->buffer, n, file->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (got == 0)
        return file->left > 0 ? -EIO : 0;
    file->offset += got;
    if (file->left > 0)
        file->left -= got;
    *bytes = file->buffer;
    return got;
}

static void release(void *self)
{
    struct file *file = self;

    close(file->fd);
    free(file);
}

const struct confab_producer_ops confab_file_producer_ops = {
    .size = sizeof confab_file_producer_ops,
    .more = more,
    .release = release,
};
