/* load_closed.c: a closed loop: a connection sends its next batch when the last has been answered.  And greedy
 * connections, which do not wait. */
#include "tools/bench/load_engine.h"
#include <errno.h>

static void closed_send(struct link *link, int64_t now)
{
    link_busy(link, now);
    link->sent = now;
    link->unsent = link->awaited = link->engine->batch;
    link_send(link);
}

static int closed_read(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;
    size_t n = link_receive(link);

    if (n == 0)
        return 0;
    int64_t now = engine_clock();
    uint64_t done = link_completed(link, n);

    link->since = now;
    engine->messages += done;
    if (engine->measuring && done > 0)
        histogram_add(&engine->findings->latency, (uint64_t)(now - link->sent), done);
    if (link->awaited > 0)
        return 0;
    if (engine->stopping)
        link_idle(link);
    else
        closed_send(link, now);
    return 0;
}

static void closed_start(struct link *link)
{
    closed_send(link, engine_clock());
}

static const struct confab_dispatcher_ops closed_ops = { .size = sizeof closed_ops,
                                                         .handle_connect = link_connected,
                                                         .handle_read = closed_read,
                                                         .handle_write = link_writable,
                                                         .handle_error = link_error,
                                                         .handle_close = link_gone };

const struct load_mode load_closed = { .ops = &closed_ops, .start = closed_start };

/* -- Greedy ones ------------------------------------------------------------------------- */

/* A piece each time that there is room for one: others have their turn in between. */
static int greedy_write(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;
    ssize_t n;

    if (engine->stopping)
        return confab_dispatcher_want(socket, CONFAB_READ);
    n = confab_dispatcher_send(socket, engine->lines.at + link->send_at, LOAD_BUFFER);
    if (n < 0 && n != -EAGAIN)
        engine_fail(engine, "connection %u: the server has closed it", link->index + 1);
    if (n > 0) {
        link->awaited += (uint64_t)n;
        link->send_at = (link->send_at + (size_t)n) % engine->lines.len;
    }
    return 0;
}

static int greedy_read(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    size_t n = link_receive(link);

    link->engine->messages += link_completed(link, n);
    return 0;
}

const struct confab_dispatcher_ops load_greedy = { .size = sizeof load_greedy,
                                                   .handle_connect = link_connected,
                                                   .handle_read = greedy_read,
                                                   .handle_write = greedy_write,
                                                   .handle_error = link_error,
                                                   .handle_close = link_gone };
