/* part_bare_poll.c: the bare server's loop, on poll(2). */
#include "tools/bench/part_bare.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct bare_loop {
    int count, room;
    struct pollfd *entries; /* of connections; the listener's is the first */
    struct bare_connection **connections;
};

int bare_loop_open(struct bare *bare)
{
    bare->loop = calloc(1, sizeof *bare->loop);
    return bare->loop ? 0 : -ENOMEM;
}

static int grow(struct bare_loop *loop)
{
    size_t room = loop->room ? 2 * (size_t)loop->room : BARE_EVENTS;
    struct pollfd *entries = realloc(loop->entries, room * sizeof *entries);
    struct bare_connection **connections;

    if (!entries)
        return -ENOMEM;
    loop->entries = entries;
    connections = realloc(loop->connections, room * sizeof *connections);
    if (!connections)
        return -ENOMEM;
    loop->connections = connections;
    loop->room = (int)room;
    return 0;
}

int bare_loop_add(struct bare *bare, struct bare_connection *connection)
{
    struct bare_loop *loop = bare->loop;
    int error = loop->count == loop->room ? grow(loop) : 0;

    if (error)
        return error;
    loop->entries[loop->count] = (struct pollfd){ .fd = connection->fd, .events = POLLIN };
    loop->connections[loop->count] = connection;
    connection->place = loop->count++;
    return 0;
}

int bare_loop_wait_for_room(struct bare *bare, struct bare_connection *connection, bool room)
{
    bare->loop->entries[connection->place].events = room ? POLLOUT : POLLIN;
    return 0;
}

/* The last one takes its place. */
void bare_loop_forget(struct bare *bare, struct bare_connection *connection)
{
    struct bare_loop *loop = bare->loop;
    int place = connection->place, last = --loop->count;

    loop->entries[place] = loop->entries[last];
    loop->connections[place] = loop->connections[last];
    loop->connections[place]->place = place;
}

/* From the last to the first: where one is forgotten, the one that takes its place has had its turn, and those that are
 * accepted come last of all. */
int bare_loop_run(struct bare *bare)
{
    struct bare_loop *loop = bare->loop;
    int (*ready)(struct bare *, struct bare_connection *) = bare->protocol->ready;

    for (;;) {
        int left = poll(loop->entries, (nfds_t)loop->count, -1);
        if (left < 0 && errno != EINTR)
            return -errno;
        for (int i = loop->count - 1; i > 0 && left > 0; i--) {
            if (!loop->entries[i].revents)
                continue;
            left--;
            if (ready(bare, loop->connections[i]) < 0)
                bare_close(bare, loop->connections[i]);
        }
        int error = left > 0 ? bare_accept(bare) : 0;
        if (error)
            return error;
    }
}
