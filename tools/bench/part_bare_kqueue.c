/* part_bare_kqueue.c: the bare server's loop, on kqueue. */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

struct bare_loop {
    int fd;
    struct kevent events[BARE_EVENTS];
};

int bare_loop_open(struct bare *bare)
{
    struct bare_loop *loop = malloc(sizeof *loop);

    if (!loop)
        return -ENOMEM;
    loop->fd = kqueue();
    bare->loop = loop;
    return loop->fd < 0 ? -errno : 0;
}

int bare_loop_add(struct bare *bare, struct bare_connection *connection)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)connection->fd, EVFILT_READ, EV_ADD, 0, 0, (void *)connection);
    return kevent(bare->loop->fd, &change, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

int bare_loop_wait_for_room(struct bare *bare, struct bare_connection *connection, bool room)
{
    struct kevent changes[2];

    EV_SET(&changes[0], (uintptr_t)connection->fd, EVFILT_READ, room ? EV_DISABLE : EV_ENABLE, 0, 0,
           (void *)connection);
    EV_SET(&changes[1], (uintptr_t)connection->fd, EVFILT_WRITE, room ? EV_ADD : EV_DELETE, 0, 0,
           (void *)connection);
    return kevent(bare->loop->fd, changes, 2, NULL, 0, NULL) < 0 ? -errno : 0;
}

/* close(2) sees to it. */
void bare_loop_forget(struct bare *bare, struct bare_connection *connection)
{
    (void)bare, (void)connection;
}

int bare_loop_run(struct bare *bare)
{
    struct bare_loop *loop = bare->loop;
    int (*ready)(struct bare *, struct bare_connection *) = bare->protocol->ready;

    for (;;) {
        int count = kevent(loop->fd, NULL, 0, loop->events, BARE_EVENTS, NULL);
        if (count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < count; i++) {
            struct bare_connection *connection = (struct bare_connection *)loop->events[i].udata;
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
