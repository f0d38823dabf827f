/* libevent.c: lines by bufferevents, events and timers by events.  No base is shared by threads, so none has locks. */
#include "peer.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <stdlib.h>

static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

/* -- Lines --------------------------------------------------------------------------- */

struct server {
    struct event_base *base;
    struct evbuffer *answers; /* to the lines of one read: they go to the output together */
    int error;
};

static void connection_ended(struct bufferevent *connection, short what, void *data)
{
    (void)what, (void)data;
    bufferevent_free(connection);
}

/* What is a line is moved, not copied, where it is long. */
static void readable(struct bufferevent *connection, void *data)
{
    struct server *server = data;
    struct evbuffer *input = bufferevent_get_input(connection);

    for (;;) {
        size_t end;
        struct evbuffer_ptr line = evbuffer_search_eol(input, NULL, &end, EVBUFFER_EOL_CRLF);
        if (line.pos < 0)
            break;
        if (evbuffer_remove_buffer(input, server->answers, (size_t)line.pos) != line.pos ||
            evbuffer_drain(input, end) < 0 || evbuffer_add(server->answers, "\r\n", 2) < 0) {
            server->error = -ENOMEM;
            event_base_loopbreak(server->base);
            return;
        }
    }
    bufferevent_write_buffer(connection, server->answers);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int len,
                     void *data)
{
    struct server *server = data;
    struct bufferevent *connection = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)listener, (void)peer, (void)len;
    if (!connection) {
        evutil_closesocket(fd);
        server->error = -ENOMEM;
        event_base_loopbreak(server->base);
        return;
    }
    bufferevent_setcb(connection, readable, NULL, connection_ended, server);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

/* A server that serves fewer than it was asked to is not to be measured. */
static void accept_failed(struct evconnlistener *listener, void *data)
{
    struct server *server = data;

    (void)listener;
    server->error = -errno;
    event_base_loopbreak(server->base);
}

static int line(void)
{
    struct server server = { .base = make_base(), .answers = evbuffer_new() };
    struct sockaddr_in address = peer_address();
    struct evconnlistener *listener = NULL;
    int error = server.base && server.answers ? 0 : -ENOMEM;

    if (!error) {
        listener = evconnlistener_new_bind(server.base, accepted, &server,
                                           LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, PEER_BACKLOG,
                                           (struct sockaddr *)&address, sizeof address);
        error = listener ? peer_listening(evconnlistener_get_fd(listener)) : -errno;
    }
    if (!error) {
        evconnlistener_set_error_cb(listener, accept_failed);
        error = event_base_dispatch(server.base) < 0 ? -EIO : server.error;
    }
    if (listener)
        evconnlistener_free(listener);
    if (server.answers)
        evbuffer_free(server.answers);
    if (server.base)
        event_base_free(server.base);
    return error;
}

/* -- Events ---------------------------------------------------------------------------- */

struct watch {
    struct event_base *base;
    struct event events[];
};

static void read_byte(evutil_socket_t fd, short what, void *data)
{
    (void)fd, (void)what;
    dispatch_readable(data);
}

static int dispatch_open(struct dispatch *dispatch)
{
    struct watch *watch = calloc(1, sizeof *watch + (size_t)dispatch->count * sizeof watch->events[0]);

    if (!watch)
        return -ENOMEM;
    dispatch->loop = watch;
    watch->base = make_base();
    if (!watch->base)
        return -ENOMEM;
    for (int64_t i = 0; i < dispatch->count; i++) {
        struct dispatch_end *end = &dispatch->ends[i];
        if (event_assign(&watch->events[i], watch->base, end->fd, EV_READ | EV_PERSIST, read_byte, end) < 0 ||
            event_add(&watch->events[i], NULL) < 0)
            return -EIO;
    }
    return 0;
}

static int dispatch_turn(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    return event_base_loop(watch->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) < 0 ? -EIO : 0;
}

static void dispatch_close(struct dispatch *dispatch)
{
    struct watch *watch = dispatch->loop;

    if (watch && watch->base)
        event_base_free(watch->base); /* which forgets its events */
    free(watch);
}

static const struct dispatch_loop dispatch_loop = {
    .command = "confab-bench-libevent", .open = dispatch_open, .turn = dispatch_turn, .close = dispatch_close
};

/* -- Timers ---------------------------------------------------------------------------- */

struct clock {
    struct event_base *base;
    void (*work)(struct timers *timers);
    struct event timers[];
};

static void expired(evutil_socket_t fd, short what, void *data)
{
    struct timers *timers = data;

    (void)fd, (void)what;
    timers->fired++;
}

static int timers_open(struct timers *timers)
{
    struct clock *clock = calloc(1, sizeof *clock + (size_t)timers->count * sizeof clock->timers[0]);

    if (!clock)
        return -ENOMEM;
    timers->loop = clock;
    clock->base = make_base();
    if (!clock->base)
        return -ENOMEM;
    for (int64_t i = 0; i < timers->count; i++)
        if (evtimer_assign(&clock->timers[i], clock->base, expired, timers) < 0)
            return -EIO;
    return 0;
}

static void call_work(evutil_socket_t fd, short what, void *data)
{
    struct timers *timers = data;
    struct clock *clock = timers->loop;

    (void)fd, (void)what;
    clock->work(timers);
}

static int timers_inside(struct timers *timers, void (*work)(struct timers *timers))
{
    static const struct timeval now = { .tv_sec = 0 };
    struct clock *clock = timers->loop;

    clock->work = work;
    if (event_base_once(clock->base, -1, EV_TIMEOUT, call_work, timers, &now) < 0)
        return -ENOMEM;
    return event_base_loop(clock->base, EVLOOP_ONCE) < 0 ? -EIO : 0;
}

static void timers_start(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->count; i++) {
        int64_t ns = timers->after[i];
        struct timeval after = { .tv_sec = (time_t)(ns / 1000000000),
                                 .tv_usec = (suseconds_t)(ns % 1000000000 / 1000) };
        if (evtimer_add(&clock->timers[i], &after) < 0)
            timers->error = -ENOMEM;
    }
}

static void timers_stop(struct timers *timers)
{
    struct clock *clock = timers->loop;

    for (int64_t i = 0; i < timers->stops; i++)
        evtimer_del(&clock->timers[timers->stopped[i]]);
}

static int timers_run(struct timers *timers)
{
    struct clock *clock = timers->loop;

    return event_base_dispatch(clock->base) < 0 ? -EIO : 0;
}

static void timers_close(struct timers *timers)
{
    struct clock *clock = timers->loop;

    if (clock && clock->base)
        event_base_free(clock->base);
    free(clock);
}

static const struct timers_loop timers_loop = { .command = "confab-bench-libevent",
                                                .open = timers_open,
                                                .inside = timers_inside,
                                                .start = timers_start,
                                                .stop = timers_stop,
                                                .run = timers_run,
                                                .close = timers_close };

int main(int argc, char **argv)
{
    static const struct peer peer = { .command = "confab-bench-libevent",
                                      .version = event_get_version,
                                      .line = line,
                                      .dispatch = &dispatch_loop,
                                      .timers = &timers_loop };

    return peer_main(&peer, argc, argv);
}
