/* part_dispatch_kqueue.c: `--part bare dispatch COUNT ACTIVE WRITES`, on kqueue. */
#include "tools/bench/dispatch.h"
#include "tools/bench/part.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <sys/event.h>
#include <sys/time.h>

enum { EVENTS = 1024 };

struct bare {
    int fd;
    struct kevent events[EVENTS];
};

static int bare_open(struct dispatch *dispatch)
{
    struct bare *bare = malloc(sizeof *bare);

    if (!bare)
        return -ENOMEM;
    dispatch->loop = bare;
    bare->fd = kqueue();
    if (bare->fd < 0)
        return -errno;
    for (int64_t i = 0; i < dispatch->count; i++) {
        struct kevent change;
        EV_SET(&change, (uintptr_t)dispatch->ends[i].fd, EVFILT_READ, EV_ADD, 0, 0,
               (void *)&dispatch->ends[i]);
        if (kevent(bare->fd, &change, 1, NULL, 0, NULL) < 0)
            return -errno;
    }
    return 0;
}

static int bare_turn(struct dispatch *dispatch)
{
    static const struct timespec now = { .tv_sec = 0 };
    struct bare *bare = dispatch->loop;
    int count = kevent(bare->fd, NULL, 0, bare->events, EVENTS, &now);

    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++)
        dispatch_readable((struct dispatch_end *)bare->events[i].udata);
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
