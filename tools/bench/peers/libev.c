/* libev.c: lines and events by ev_io, timers by ev_timer.  It has no buffers: lines.h. */
#include "lines.h"
#include "peer.h"
#include "tools/bench/part_bare.h"
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- Lines --------------------------------------------------------------------------- */

struct server {
    struct answers answers;
    ev_io listener;
    int error;
    char input[LINES_READ];
};

/* An answer, or the part of it that has not left: until it has, nothing is read. */
struct connection {
    ev_io io;
    struct lines lines;
    char *rest;
    size_t rest_len, rest_sent;
};

static void server_failed(struct ev_loop *loop, int error)
{
    struct server *server = ev_userdata(loop);

    server->error = error;
    ev_break(loop, EVBREAK_ALL);
}

static void connection_close(struct ev_loop *loop, struct connection *connection)
{
    ev_io_stop(loop, &connection->io);
    close(connection->io.fd);
    lines_free(&connection->lines);
    free(connection->rest);
    free(connection);
}

static void await(struct ev_loop *loop, struct connection *connection, int events)
{
    ev_io_stop(loop, &connection->io);
    ev_io_modify(&connection->io, events);
    ev_io_start(loop, &connection->io);
}

/* Bytes that have left, 0 where none can now; -1: the connection has failed. */
static ssize_t send_some(const struct connection *connection, const char *bytes, size_t len)
{
    ssize_t sent = send(connection->io.fd, bytes, len, 0);

    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

static void send_rest(struct ev_loop *loop, struct connection *connection)
{
    ssize_t sent = send_some(connection, connection->rest + connection->rest_sent,
                             connection->rest_len - connection->rest_sent);

    if (sent < 0) {
        connection_close(loop, connection);
        return;
    }
    connection->rest_sent += (size_t)sent;
    if (connection->rest_sent < connection->rest_len)
        return;
    free(connection->rest);
    connection->rest = NULL;
    await(loop, connection, EV_READ);
}

static void send_answers(struct ev_loop *loop, struct connection *connection, const struct answers *answers)
{
    ssize_t sent = send_some(connection, answers->bytes, answers->len);

    if (sent == (ssize_t)answers->len)
        return;
    connection->rest_len = answers->len - (size_t)(sent > 0 ? sent : 0);
    connection->rest_sent = 0;
    connection->rest = sent < 0 ? NULL : malloc(connection->rest_len);
    if (!connection->rest) {
        connection_close(loop, connection);
        return;
    }
    memcpy(connection->rest, answers->bytes + sent, connection->rest_len);
    await(loop, connection, EV_WRITE);
}

static void connection_ready(struct ev_loop *loop, ev_io *io, int events)
{
    struct server *server = ev_userdata(loop);
    struct connection *connection = (struct connection *)io;

    (void)events;
    if (connection->rest) {
        send_rest(loop, connection);
        return;
    }
    ssize_t got = recv(io->fd, server->input, sizeof server->input, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || lines_answer(&connection->lines, server->input, (size_t)got, &server->answers) < 0)
        connection_close(loop, connection);
    else if (server->answers.len > 0)
        send_answers(loop, connection, &server->answers);
}

/* A server that serves fewer than it was asked to is not to be measured. */
static void accept_failed(struct ev_loop *loop, int error)
{
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
        server_failed(loop, -error);
}

static void accept_ready(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    for (int i = 0; i < BARE_ACCEPTS; i++) {
        int fd = bare_accept_one(io->fd);
        if (fd < 0) {
            accept_failed(loop, errno);
            return;
        }
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) {
            close(fd);
            server_failed(loop, -ENOMEM);
            return;
        }
        ev_io_init(&connection->io, connection_ready, fd, EV_READ);
        ev_io_start(loop, &connection->io);
    }
}

static int make_listener(int *listener)
{
    struct sockaddr_in address = peer_address();
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *listener = fd;
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, PEER_BACKLOG) < 0)
        return -errno;
    return peer_listening(fd);
}

static int line(void)
{
    struct server *server = calloc(1, sizeof *server);
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    int fd = -1, error = server && loop ? make_listener(&fd) : -ENOMEM;

    if (!error) {
        ev_set_userdata(loop, server);
        ev_io_init(&server->listener, accept_ready, fd, EV_READ);
        ev_io_start(loop, &server->listener);
        ev_run(loop, 0);
        error = server->error;
    }
    if (fd >= 0)
        close(fd);
    if (server)
        free(server->answers.bytes);
    free(server);
    return error;
}

/* -- Events ---------------------------------------------------------------------------- */

struct watch {
    struct ev_loop *loop;
    ev_io ios[];
};

static void read_byte(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    dispatch_readable(io->data);
}

static int dispatch_open(struct dispatch *dispatch)
{
    struct watch *watch = calloc(1, sizeof *watch + (size_t)dispatch->count * sizeof watch->ios[0]);

    if (!watch)
        return -ENOMEM;
    dispatch->loop = watch;
    watch->loop = ev_loop_new(EVFLAG_AUTO);
    if (!watch->loop)
        return -ENOMEM;
    for (int64_t i = 0; i < dispatch->count; i++) {
        ev_io_init(&watch->ios[i], read_byte, dispatch->ends[i].fd, EV_READ);
        watch->ios[i].data = &dispatch->ends[i];
        ev_io_start(watch->loop, &watch->ios[i]);
    }
    return 0;
}

static int dispatch_turn(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    ev_run(watch->loop, EVRUN_NOWAIT);
    return 0;
}

static void dispatch_close(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    if (watch && watch->loop)
        ev_loop_destroy(watch->loop);
    free(watch);
}

static const struct dispatch_loop dispatch_loop = {
    .command = "confab-bench-libev", .open = dispatch_open, .turn = dispatch_turn, .close = dispatch_close
};

/* -- Timers ---------------------------------------------------------------------------- */

struct clock {
    struct ev_loop *loop;
    void (*work)(struct timers *timers);
    ev_timer timers[];
};

static void expired(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct timers *timers = timer->data;

    (void)loop, (void)events;
    timers->fired++;
}

static int timers_open(struct timers *timers)
{
    struct clock *clock = calloc(1, sizeof *clock + (size_t)timers->count * sizeof clock->timers[0]);

    if (!clock)
        return -ENOMEM;
    timers->loop = clock;
    clock->loop = ev_loop_new(EVFLAG_AUTO);
    if (!clock->loop)
        return -ENOMEM;
    for (int64_t i = 0; i < timers->count; i++) {
        ev_init(&clock->timers[i], expired);
        clock->timers[i].data = timers;
    }
    return 0;
}

static void call_work(int events, void *data)
{
    struct timers *timers = data;
    struct clock *clock = timers->loop;

    (void)events;
    clock->work(timers);
}

static int timers_inside(struct timers *timers, void (*work)(struct timers *timers))
{
    struct clock *clock = timers->loop;

    clock->work = work;
    ev_once(clock->loop, -1, 0, 0., call_work, timers);
    ev_run(clock->loop, EVRUN_ONCE);
    return 0;
}

static void timers_start(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->count; i++) {
        ev_timer_set(&clock->timers[i], 1e-9 * (double)timers->after[i], 0.);
        ev_timer_start(clock->loop, &clock->timers[i]);
    }
}

static void timers_stop(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->stops; i++)
        ev_timer_stop(clock->loop, &clock->timers[timers->stopped[i]]);
}

static int timers_run(struct timers *timers)
{
    struct clock *clock = timers->loop;

    ev_run(clock->loop, 0);
    return 0;
}

static void timers_close(struct timers *timers)
{
    struct clock *clock = timers->loop;

    if (clock && clock->loop)
        ev_loop_destroy(clock->loop);
    free(clock);
}

static const struct timers_loop timers_loop = { .command = "confab-bench-libev",
                                                .open = timers_open,
                                                .inside = timers_inside,
                                                .start = timers_start,
                                                .stop = timers_stop,
                                                .run = timers_run,
                                                .close = timers_close };

static const char *version(void)
{
    static char text[32];

    snprintf(text, sizeof text, "%d.%d", ev_version_major(), ev_version_minor());
    return text;
}

int main(int argc, char **argv)
{
    static const struct peer peer = { .command = "confab-bench-libev",
                                      .version = version,
                                      .line = line,
                                      .dispatch = &dispatch_loop,
                                      .timers = &timers_loop };

    return peer_main(&peer, argc, argv);
}
