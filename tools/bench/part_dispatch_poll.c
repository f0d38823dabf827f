/* part_dispatch_poll.c: `--part bare dispatch COUNT ACTIVE WRITES`, on poll(2). */
#include "tools/bench/dispatch.h"
#include "tools/bench/part.h"
#include <poll.h>
#include <stdlib.h>

static int bare_open(struct dispatch *dispatch)
{
    struct pollfd *entries = calloc((size_t)dispatch->count, sizeof *entries);

    if (!entries)
        return -ENOMEM;
    dispatch->loop = entries;
    for (int64_t i = 0; i < dispatch->count; i++)
        entries[i] = (struct pollfd){ .fd = dispatch->ends[i].fd, .events = POLLIN };
    return 0;
}

static int bare_turn(struct dispatch *dispatch)
{
    const struct pollfd *entries = dispatch->loop;
    int left = poll(dispatch->loop, (nfds_t)dispatch->count, 0);

    if (left < 0)
        return errno == EINTR ? 0 : -errno;
    for (int64_t i = 0; left > 0 && i < dispatch->count; i++) {
        if (!entries[i].revents)
            continue;
        left--;
        dispatch_readable(&dispatch->ends[i]);
    }
    return 0;
}

static void bare_close(struct dispatch *dispatch)
{
    free(dispatch->loop);
}

static const struct dispatch_loop loop = {
    .command = "confab bench", .open = bare_open, .turn = bare_turn, .close = bare_close
};

int part_bare_dispatch(int argc, char **argv)
{
    return dispatch_main(&loop, NULL, argc, argv);
}
