/* libuv.c: lines by streams, what can be written at once is written at once; events by uv_poll, which watches what is not its
 * own; timers by uv_timer.  It finds no lines: lines.h. */
#include "lines.h"
#include "peer.h"
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* -- Lines --------------------------------------------------------------------------- */

struct server {
    struct answers answers;
    int error;
    char input[LINES_READ]; /* of the read that is under way: one buffer serves all */
};

struct connection {
    uv_tcp_t tcp;
    struct lines lines;
};

/* The part of an answer that has not left: until it has, nothing is read. */
struct rest {
    uv_write_t request;
    char bytes[];
};

static void connection_closed(uv_handle_t *handle)
{
    struct connection *connection = (struct connection *)handle;

    lines_free(&connection->lines);
    free(connection);
}

static void connection_close(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, connection_closed);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct server *server = handle->loop->data;

    (void)suggested;
    *buffer = uv_buf_init(server->input, sizeof server->input);
}

static void readable(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer);

static void rest_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;

    free(request);
    if (status < 0 ||
        (!uv_is_closing((uv_handle_t *)stream) && uv_read_start(stream, give_buffer, readable) < 0))
        connection_close(stream);
}

/* 0, or what libuv says. */
static int write_rest(uv_stream_t *stream, const char *bytes, size_t len)
{
    struct rest *rest = malloc(sizeof *rest + len);
    int error;

    if (!rest)
        return UV_ENOMEM;
    memcpy(rest->bytes, bytes, len);
    uv_buf_t buffer = uv_buf_init(rest->bytes, (unsigned)len);
    error = uv_write(&rest->request, stream, &buffer, 1, rest_written);
    if (error)
        free(rest);
    else
        uv_read_stop(stream);
    return error;
}

static int write_answers(uv_stream_t *stream, const struct answers *answers)
{
    uv_buf_t buffer = uv_buf_init(answers->bytes, (unsigned)answers->len);
    int sent = uv_try_write(stream, &buffer, 1);

    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0 || (size_t)sent == answers->len)
        return sent < 0 ? sent : 0;
    return write_rest(stream, answers->bytes + sent, answers->len - (size_t)sent);
}

static void readable(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *connection = (struct connection *)stream;
    struct server *server = stream->loop->data;
    int error = got < 0 ? (int)got : 0;

    if (got > 0)
        error = lines_answer(&connection->lines, buffer->base, (size_t)got, &server->answers);
    if (got > 0 && !error && server->answers.len > 0)
        error = write_answers(stream, &server->answers);
    if (error)
        connection_close(stream);
}

/* A server that serves fewer than it was asked to is not to be measured. */
static void server_failed(uv_loop_t *loop, int error)
{
    struct server *server = loop->data;

    server->error = error;
    uv_stop(loop);
}

static void accept_ready(uv_stream_t *listener, int status)
{
    struct connection *connection = status < 0 ? NULL : calloc(1, sizeof *connection);

    if (!connection) {
        server_failed(listener->loop, status < 0 ? status : -ENOMEM);
        return;
    }
    status = uv_tcp_init(listener->loop, &connection->tcp);
    if (status < 0) {
        free(connection);
        server_failed(listener->loop, status);
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) < 0 ||
        uv_read_start((uv_stream_t *)&connection->tcp, give_buffer, readable) < 0)
        connection_close((uv_stream_t *)&connection->tcp);
}

static int serve(uv_loop_t *loop, uv_tcp_t *listener)
{
    struct sockaddr_in address = peer_address();
    int fd, error = uv_tcp_init(loop, listener);

    if (!error)
        error = uv_tcp_bind(listener, (const struct sockaddr *)&address, 0);
    if (!error)
        error = uv_listen((uv_stream_t *)listener, PEER_BACKLOG, accept_ready);
    if (!error)
        error = uv_fileno((const uv_handle_t *)listener, &fd);
    if (!error)
        error = peer_listening(fd);
    return error ? error : uv_run(loop, UV_RUN_DEFAULT);
}

static int line(void)
{
    struct server *server = calloc(1, sizeof *server);
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    int error = server && loop ? 0 : -ENOMEM;

    if (!error) {
        loop->data = server;
        error = serve(loop, &listener);
    }
    if (server)
        error = server->error ? server->error : error;
    return error;
}

/* -- Events ---------------------------------------------------------------------------- */

struct watch {
    uv_loop_t loop;
    int64_t open;
    uv_poll_t polls[];
};

static void read_byte(uv_poll_t *poll, int status, int events)
{
    struct dispatch_end *end = poll->data;

    (void)events;
    if (status < 0)
        end->dispatch->error = status;
    else
        dispatch_readable(end);
}

static int dispatch_open(struct dispatch *dispatch)
{
    struct watch *watch = calloc(1, sizeof *watch + (size_t)dispatch->count * sizeof watch->polls[0]);
    int error = watch ? uv_loop_init(&watch->loop) : -ENOMEM;

    if (error) {
        free(watch);
        return error;
    }
    dispatch->loop = watch;
    for (int64_t i = 0; i < dispatch->count && !error; i++) {
        uv_poll_t *poll = &watch->polls[i];
        error = uv_poll_init(&watch->loop, poll, dispatch->ends[i].fd);
        if (error)
            break;
        watch->open++;
        poll->data = &dispatch->ends[i];
        error = uv_poll_start(poll, UV_READABLE, read_byte);
    }
    return error;
}

static int dispatch_turn(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    uv_run(&watch->loop, UV_RUN_NOWAIT);
    return 0;
}

static void dispatch_close(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    if (!watch)
        return;
    for (int64_t i = 0; i < watch->open; i++)
        uv_close((uv_handle_t *)&watch->polls[i], NULL);
    uv_run(&watch->loop, UV_RUN_DEFAULT);
    uv_loop_close(&watch->loop);
    free(watch);
}

static const struct dispatch_loop dispatch_loop = {
    .command = "confab-bench-libuv", .open = dispatch_open, .turn = dispatch_turn, .close = dispatch_close
};

/* -- Timers ---------------------------------------------------------------------------- */

struct clock {
    uv_loop_t loop;
    uv_timer_t now;
    void (*work)(struct timers *timers);
    int64_t count;
    uv_timer_t timers[];
};

static void expired(uv_timer_t *timer)
{
    struct timers *timers = timer->data;

    timers->fired++;
}

static int timers_open(struct timers *timers)
{
    struct clock *clock = calloc(1, sizeof *clock + (size_t)timers->count * sizeof clock->timers[0]);
    int error = clock ? uv_loop_init(&clock->loop) : -ENOMEM;

    if (error) {
        free(clock);
        return error;
    }
    timers->loop = clock;
    clock->count = timers->count;
    uv_timer_init(&clock->loop, &clock->now); /* it cannot fail */
    clock->now.data = timers;
    for (int64_t i = 0; i < timers->count; i++) {
        uv_timer_init(&clock->loop, &clock->timers[i]);
        clock->timers[i].data = timers;
    }
    return 0;
}

static void call_work(uv_timer_t *timer)
{
    struct timers *timers = timer->data;
    struct clock *clock = timers->loop;

    clock->work(timers);
}

static int timers_inside(struct timers *timers, void (*work)(struct timers *timers))
{
    struct clock *clock = timers->loop;
    int error = uv_timer_start(&clock->now, call_work, 0, 0);

    clock->work = work;
    if (!error)
        uv_run(&clock->loop, UV_RUN_NOWAIT);
    return error;
}

static void timers_start(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->count; i++) {
        uint64_t milliseconds = (uint64_t)(timers->after[i] + 999999) / 1000000;
        int error = uv_timer_start(&clock->timers[i], expired, milliseconds, 0);
        if (error)
            timers->error = error;
    }
}

static void timers_stop(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->stops; i++)
        uv_timer_stop(&clock->timers[timers->stopped[i]]);
}

static int timers_run(struct timers *timers)
{
    struct clock *clock = timers->loop;

    uv_run(&clock->loop, UV_RUN_DEFAULT);
    return 0;
}

static void timers_close(struct timers *timers)
{
    struct clock *clock = timers->loop;

    if (!clock)
        return;
    uv_close((uv_handle_t *)&clock->now, NULL);
    for (int64_t i = 0; i < clock->count; i++)
        uv_close((uv_handle_t *)&clock->timers[i], NULL);
    uv_run(&clock->loop, UV_RUN_DEFAULT);
    uv_loop_close(&clock->loop);
    free(clock);
}

static const struct timers_loop timers_loop = { .command = "confab-bench-libuv",
                                                .open = timers_open,
                                                .inside = timers_inside,
                                                .start = timers_start,
                                                .stop = timers_stop,
                                                .run = timers_run,
                                                .close = timers_close };

int main(int argc, char **argv)
{
    static const struct peer peer = { .command = "confab-bench-libuv",
                                      .version = uv_version_string,
                                      .line = line,
                                      .dispatch = &dispatch_loop,
                                      .timers = &timers_loop };

    return peer_main(&peer, argc, argv);
}
