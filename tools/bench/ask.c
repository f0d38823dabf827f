/* ask.c: runs a program once, and reads what it says. */
#include "tools/bench/ask.h"
#include "tools/bench/keep.h"
#include <errno.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_EXECUTE = 127 };

/* Reads some of it; what finds no room is dropped.  Whether there may be more. */
static bool read_some(struct kept *kept, char *out, size_t room, size_t *used)
{
    char dropped[512];
    bool full = *used + 1 >= room;
    ssize_t n = read(kept->output, full ? dropped : out + *used, full ? sizeof dropped : room - *used - 1);
    if (n > 0 && !full)
        out[ *used += (size_t)n] = '\0';
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Reads until it has ended, not only its output. */
static int read_all(struct kept *kept, int64_t deadline, char *out, size_t room)
{
    size_t used = 0;
    int64_t left;
    while ((left = deadline - keep_clock()) > 0) {
        int got = keep_wait(kept, left);
        if (got < 0)
            return 0;
        if (got > 0 && !read_some(kept, out, room, &used)) {
            close(kept->output);
            kept->output = -1;
        }
    }
    return -ETIMEDOUT;
}

static int status_of(const struct kept *kept)
{
    if (kept->failed)
        return CANNOT_EXECUTE;
    if (!kept->ended)
        return -ECHILD;
    return WIFEXITED(kept->status) ? WEXITSTATUS(kept->status) : -EINTR;
}

int ask(const char *const *argv, int seconds, char *out, size_t room)
{
    int64_t deadline = keep_clock() + seconds * CONFAB_SECOND;
    const struct keep keep = { .program = argv[0], .words = (const char **)(uintptr_t)argv, .cpu = -1 };
    struct kept *kept;
    out[0] = '\0';
    int error = keep_start(&keep, &kept);
    if (error)
        return error;
    error = read_all(kept, deadline, out, room);
    keep_end(kept);
    if (!error)
        error = status_of(kept);
    keep_free(kept);
    return error;
}
