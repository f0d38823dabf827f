/* load_link.c: a connection of the load. */
#include "tools/bench/load_engine.h"
#include "tools/session/scan.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* -- Its beginning and its end --------------------------------------------------------- */

/* A reset when it is closed: of what this machine connects to itself nothing is to wait out its time. */
static int prepare(int fd, uint32_t index)
{
    const struct linger none = { .l_onoff = 1, .l_linger = 0 };
    const int yes = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes))
        return -errno;
    return source_bind(fd, index);
}

void link_open(struct link *link)
{
    struct engine *engine = link->engine;
    int error = -ENOMEM;

    /* The latency of churn counts from here: on loopback most of the work is done inside of connect(2). */
    link_busy(link, engine_clock());
    link->socket =
        confab_dispatcher_new(engine->reactor, link->greedy ? &load_greedy : engine->mode->ops, link);
    if (link->socket)
        error = confab_dispatcher_create_socket(link->socket, AF_INET, SOCK_STREAM);
    if (!error)
        error = prepare(confab_dispatcher_fd(link->socket), link->index);
    if (!error)
        error = confab_dispatcher_connect(link->socket, engine->server->address);
    if (error)
        engine_fail(engine, "connection %u cannot be made: %s", link->index + 1, strerror(-error));
}

void link_close(struct link *link)
{
    confab_dispatcher *socket = link->socket;

    link->socket = NULL;
    link->writing = false;
    if (socket)
        confab_dispatcher_close(socket);
}

int link_connected(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;

    engine->connected++;
    link_idle(link);
    if (engine->phase != ENGINE_CONNECTING || engine->mode->connects)
        engine->mode->start(link);
    else if (engine->opened < engine->link_count)
        link_open(&engine->links[engine->opened++]);
    return 0;
}

int link_error(confab_dispatcher *socket, int error)
{
    struct link *link = confab_dispatcher_data(socket);

    engine_fail(link->engine, "connection %u cannot be made: %s", link->index + 1, strerror(-error));
    return error;
}

void link_gone(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);

    if (link->socket == socket)
        link->socket = NULL;
}

void link_busy(struct link *link, int64_t now)
{
    link->since = now;
    link->engine->busy += !link->busy;
    link->busy = true;
}

void link_idle(struct link *link)
{
    link->engine->busy -= link->busy;
    link->busy = false;
}

/* -- Out ------------------------------------------------------------------------------------ */

static void set_writing(struct link *link, bool writing)
{
    link->writing = writing;
    confab_dispatcher_want(link->socket, writing ? CONFAB_READ | CONFAB_WRITE : CONFAB_READ);
}

static void advance(size_t *at, size_t n, const struct lines *lines)
{
    *at += n;
    while (*at >= lines->len)
        *at -= lines->len;
}

static __attribute__((cold, noinline)) void send_failed(struct link *link, ssize_t error)
{
    engine_fail(link->engine, "connection %u: the server has closed it: %s", link->index + 1,
                strerror((int)-error));
}

void link_send(struct link *link)
{
    const struct lines *lines = &link->engine->lines;

    while (link->unsent > 0) {
        size_t piece = lines->len + lines->extra - link->send_at;
        piece = link->unsent < piece ? (size_t)link->unsent : piece;
        ssize_t n = confab_dispatcher_send(link->socket, lines->at + link->send_at, piece);

        if (n == -EAGAIN)
            break;
        if (n < 0) {
            send_failed(link, n);
            return;
        }
        link->unsent -= (uint64_t)n;
        advance(&link->send_at, (size_t)n, lines);
        if ((size_t)n < piece)
            break;
    }
    if (link->writing != (link->unsent > 0))
        set_writing(link, link->unsent > 0);
}

int link_writable(confab_dispatcher *socket)
{
    link_send(confab_dispatcher_data(socket));
    return 0;
}

/* -- In --------------------------------------------------------------------------------------- */

size_t link_read(struct link *link)
{
    struct engine *engine = link->engine;
    ssize_t n = confab_dispatcher_recv(link->socket, engine->buffer, LOAD_BUFFER);

    if (n > 0) {
        engine->bytes += (uint64_t)n;
        return (size_t)n;
    }
    if (n == 0)
        engine_fail(engine, "connection %u: the server has closed it", link->index + 1);
    else if (n != -EAGAIN)
        engine_fail(engine, "connection %u: %s", link->index + 1, strerror((int)-n));
    return 0;
}

static __attribute__((cold, noinline)) void wrong(struct link *link, const char *came, const char *expected,
                                                  size_t len)
{
    size_t same = 0;

    while (same < len && came[same] == expected[same])
        same++;
    engine_fail(link->engine,
                "connection %u: a wrong answer: \"%s\" came from byte %zu of it on, expected \"%s\"",
                link->index + 1, excerpt(came + same, len - same).text,
                (link->part + same) % link->engine->lines.size, excerpt(expected + same, len - same).text);
}

static __attribute__((cold, noinline)) void too_much(struct link *link, const char *came, size_t n)
{
    engine_fail(link->engine, "connection %u: \"%s\" came, which nothing has asked for", link->index + 1,
                excerpt(came + link->awaited, n - (size_t)link->awaited).text);
}

size_t link_receive(struct link *link)
{
    const struct lines *lines = &link->engine->lines;
    const char *came = link->engine->buffer;
    size_t n = link_read(link), piece;

    if (n > link->awaited) {
        too_much(link, came, n);
        return 0;
    }
    for (size_t left = n; left > 0; left -= piece, came += piece) {
        piece = lines->len + lines->extra - link->receive_at;
        piece = left < piece ? left : piece;
        if (memcmp(came, lines->at + link->receive_at, piece)) {
            wrong(link, came, lines->at + link->receive_at, piece);
            return 0;
        }
        advance(&link->receive_at, piece, lines);
    }
    link->awaited -= n;
    return n;
}

uint64_t link_completed(struct link *link, size_t n)
{
    size_t size = link->engine->lines.size, total = link->part + n;

    if (total == size) { /* mostly */
        link->part = 0;
        return 1;
    }
    link->part = total % size;
    return total / size;
}
