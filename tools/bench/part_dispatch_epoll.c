/* part_dispatch_epoll.c: `--part bare dispatch COUNT ACTIVE WRITES`, on epoll. */
#include "tools/bench/dispatch.h"
#include "tools/bench/part.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 1024 };

struct bare {
    int fd;
    struct epoll_event events[EVENTS];
};

static int bare_open(struct dispatch *dispatch)
{
    struct bare *bare = malloc(sizeof *bare);

    if (!bare)
        return -ENOMEM;
    dispatch->loop = bare;
    bare->fd = epoll_create1(EPOLL_CLOEXEC);
    if (bare->fd < 0)
        return -errno;
    for (int64_t i = 0; i < dispatch->count; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &dispatch->ends[i] };
        if (epoll_ctl(bare->fd, EPOLL_CTL_ADD, dispatch->ends[i].fd, &event) < 0)
            return -errno;
    }
    return 0;
}

static int bare_turn(struct dispatch *dispatch)
{
    struct bare *bare = dispatch->loop;
    int count = epoll_wait(bare->fd, bare->events, EVENTS, 0);

    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++)
        dispatch_readable(bare->events[i].data.ptr);
    return 0;
}

static void bare_close(struct dispatch *dispatch)
{
    struct bare *bare = dispatch->loop;

    if (bare && bare->fd >= 0)
        close(bare->fd);
    free(bare);
}

static const struct dispatch_loop loop = {
    .command = "confab bench", .open = bare_open, .turn = bare_turn, .close = bare_close
};

int part_bare_dispatch(int argc, char **argv)
{
    return dispatch_main(&loop, NULL, argc, argv);
}
