#include "tree.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not NONBLOCK for the file itself, which is regular: for whatever took its place between the
 * look and the opening. */
enum { OPEN_SAFELY = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* Which errno tells of a symbolic link differs between systems: all that is not known is "not there". */
static int status_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return 403;
    case EIO:
        return 500;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 404;
    }
}

/* -- Names ---------------------------------------------------------------------- */

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) % 16 : -1;
}

/* Takes one byte off the text, decoded; -1: it is none. */
static int decode_byte(struct http_text *text)
{
    char c = text->at[0];
    size_t used = 1;

    if (c == '%') {
        int high = text->len > 2 ? hex_value(text->at[1]) : -1;
        int low = text->len > 2 ? hex_value(text->at[2]) : -1;
        if (high < 0 || low < 0)
            return -1;
        c = (char)(high << 4 | low);
        used = 3;
    }
    text->at += used;
    text->len -= used;
    return (unsigned char)c;
}

/* Decodes one name of a path.  0, or a status. */
static int decode_name(struct http_text text, bool hidden, char name[TREE_NAME_MAX + 1])
{
    size_t len = 0;

    while (text.len > 0) {
        int c = decode_byte(&text);
        /* What decodes to a slash is no border of names, and to others a backslash is one. */
        if (c < ' ' || c == 0x7f || c == '/' || c == '\\')
            return 400;
        if (len == TREE_NAME_MAX)
            return 404;
        name[len++] = (char)c;
    }
    name[len] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 400;
    return len == 0 || (name[0] == '.' && !hidden) ? 404 : 0;
}

/* -- Steps ------------------------------------------------------------------------ */

/* Looks before it opens: to open a device may do something, and to open a fifo may last. */
static int open_file(int folder, const char *name, struct tree_file *file)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
        return status_of(errno);
    if (S_ISDIR(st.st_mode))
        return 301;
    if (!S_ISREG(st.st_mode))
        return 404;
    int fd = openat(folder, name, OPEN_SAFELY);
    if (fd < 0)
        return status_of(errno);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return 404;
    }
    file->fd = fd;
    file->size = (uint64_t)st.st_size;
    file->modified = st.st_mtime;
    return 0;
}

/* Goes from the folder into the one of that name: closes the first, unless it is the root. */
static int enter(int root, int *folder, const char *name)
{
    int next = openat(*folder, name, OPEN_SAFELY | O_DIRECTORY);
    int error = errno;

    if (*folder != root)
        close(*folder);
    *folder = next < 0 ? root : next;
    return next < 0 ? status_of(error) : 0;
}

static int open_index(int folder, struct tree_file *file)
{
    static const char index_file[] = "index.html";

    memcpy(file->name, index_file, sizeof index_file);
    int status = open_file(folder, file->name, file);
    return status == 301 ? 404 : status;
}

/* The last name of a path. */
static int open_last(int folder, struct http_text text, bool hidden, struct tree_file *file)
{
    if (text.len == 0)
        return open_index(folder, file);
    int status = decode_name(text, hidden, file->name);
    return status ? status : open_file(folder, file->name, file);
}

/* The last name is a folder's: 301 if there is something behind its slash, else what would be said there. */
static int look_behind_slash(int root, int *folder, struct tree_file *file)
{
    int status = enter(root, folder, file->name);

    if (!status)
        status = open_index(*folder, file);
    if (status)
        return status;
    close(file->fd);
    return 301;
}

int tree_open(int root, struct http_text path, bool hidden, struct tree_file *file)
{
    struct http_text rest = { path.at + 1, path.len - 1 };
    int folder = root, status = 404;

    for (int depth = 0; depth < TREE_DEPTH_MAX; depth++) {
        const char *slash = memchr(rest.at, '/', rest.len);
        if (!slash) {
            status = open_last(folder, rest, hidden, file);
            if (status == 301)
                status = depth + 1 < TREE_DEPTH_MAX ? look_behind_slash(root, &folder, file) : 404;
            break;
        }
        size_t len = (size_t)(slash - rest.at);
        status = decode_name((struct http_text){ rest.at, len }, hidden, file->name);
        if (!status)
            status = enter(root, &folder, file->name);
        if (status)
            break;
        rest.at += len + 1;
        rest.len -= len + 1;
        status = 404;
    }
    if (folder != root)
        close(folder);
    return status;
}
