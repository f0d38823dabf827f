/* part_bare.c: the bare server: listening, accepting, sending. */
#include "tools/bench/part_bare.h"

#include "tools/bench/launch.h"
#include "tools/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* TCP_NODELAY is inherited by what is accepted.  The port that it has, or -errno. */
static int listen_on_loopback(int *listener)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    *listener = fd;
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    return ntohs(address.sin_port);
}

int bare_serve(const struct bare_protocol *protocol, void *state)
{
    struct bare bare = { .protocol = protocol, .state = state };
    int port = listen_on_loopback(&bare.listener.fd), error;

    descriptors_raise();
    signal(SIGPIPE, SIG_IGN);
    bare.in = malloc(BARE_READ);
    error = port < 0 ? port : bare.in ? bare_loop_open(&bare) : -ENOMEM;
    if (!error)
        error = bare_loop_add(&bare, &bare.listener);
    if (!error && (printf("listening %s 127.0.0.1:%d\n", protocol->name, port) < 0 || fflush(stdout) != 0))
        error = -errno;
    if (!error)
        error = bare_loop_run(&bare);
    return failure("confab bench", "bare %s: %s", protocol->name, strerror(-error));
}

/* No descriptor left, no memory: a server that served fewer than it was asked to would be measured all the same. */
static int accept_failed(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return -error;
    default:
        return 0;
    }
}

int bare_accept(struct bare *bare)
{
    for (int i = 0; i < BARE_ACCEPTS; i++) {
        int fd = bare_accept_one(bare->listener.fd), error;
        if (fd < 0)
            return accept_failed(errno);
        struct bare_connection *connection = calloc(1, bare->protocol->connection_size);
        if (!connection) {
            close(fd);
            return -ENOMEM;
        }
        connection->fd = fd;
        error = bare_loop_add(bare, connection);
        if (error) {
            close(fd);
            free(connection);
            return error;
        }
    }
    return 0;
}

void bare_close(struct bare *bare, struct bare_connection *connection)
{
    bare_loop_forget(bare, connection);
    close(connection->fd);
    if (bare->protocol->free)
        bare->protocol->free(connection);
    free(connection->rest);
    free(connection);
}

long bare_receive(struct bare *bare, struct bare_connection *connection)
{
    ssize_t len = recv(connection->fd, bare->in, BARE_READ, 0);

    if (len > 0)
        return len;
    if (len == 0)
        return -EPIPE;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int bare_reserve(struct bare *bare, size_t len)
{
    char *more;

    if (len <= bare->reply_room)
        return 0;
    more = realloc(bare->reply, 2 * len);
    if (!more)
        return -ENOMEM;
    bare->reply = more;
    bare->reply_room = 2 * len;
    return 0;
}

int bare_send(struct bare *bare, struct bare_connection *connection, const char *bytes, size_t len)
{
    ssize_t sent = send(connection->fd, bytes, len, 0);
    struct bare_rest *rest;

    if (sent == (ssize_t)len)
        return 0;
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return -errno;
    if (sent < 0)
        sent = 0;
    len -= (size_t)sent;
    rest = malloc(sizeof *rest + len);
    if (!rest)
        return -ENOMEM;
    *rest = (struct bare_rest){ .len = len };
    memcpy(rest->bytes, bytes + sent, len);
    connection->rest = rest;
    return bare_loop_wait_for_room(bare, connection, true);
}

int bare_send_rest(struct bare *bare, struct bare_connection *connection)
{
    struct bare_rest *rest = connection->rest;
    ssize_t sent = send(connection->fd, rest->bytes + rest->sent, rest->len - rest->sent, 0);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    rest->sent += (size_t)sent;
    if (rest->sent < rest->len)
        return 0;
    free(rest);
    connection->rest = NULL;
    return bare_loop_wait_for_room(bare, connection, false);
}
