/* part_bare_epoll.c: the bare server's loop, on epoll. */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct bare_loop {
    int fd;
    struct epoll_event events[BARE_EVENTS];
};

int bare_loop_open(struct bare *bare)
{
    struct bare_loop *loop = malloc(sizeof *loop);

    if (!loop)
        return -ENOMEM;
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    bare->loop = loop;
    return loop->fd < 0 ? -errno : 0;
}

static int control(struct bare *bare, int what, uint32_t events, struct bare_connection *connection)
{
    struct epoll_event event = { .events = events, .data.ptr = connection };

    return epoll_ctl(bare->loop->fd, what, connection->fd, &event) < 0 ? -errno : 0;
}

int bare_loop_add(struct bare *bare, struct bare_connection *connection)
{
    return control(bare, EPOLL_CTL_ADD, EPOLLIN, connection);
}

int bare_loop_wait_for_room(struct bare *bare, struct bare_connection *connection, bool room)
{
    return control(bare, EPOLL_CTL_MOD, room ? EPOLLOUT : EPOLLIN, connection);
}

/* close(2) sees to it: nobody else has the descriptor. */
void bare_loop_forget(struct bare *bare, struct bare_connection *connection)
{
    (void)bare, (void)connection;
}

int bare_loop_run(struct bare *bare)
{
    struct bare_loop *loop = bare->loop;
    int (*ready)(struct bare *, struct bare_connection *) = bare->protocol->ready;

    for (;;) {
        int count = epoll_wait(loop->fd, loop->events, BARE_EVENTS, -1);
        if (count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < count; i++) {
            struct bare_connection *connection = loop->events[i].data.ptr;
            if (connection != &bare->listener) {
                if (ready(bare, connection) < 0)
                    bare_close(bare, connection);
            } else {
                int error = bare_accept(bare);
                if (error)
                    return error;
            }
        }
    }
}
