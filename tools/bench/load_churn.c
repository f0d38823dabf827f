/* load_churn.c: each message on a connection of its own: connect, message, answer, close.
 *
 * The client closes, with a reset: what is closed in the usual way keeps a port taken for a minute, and there are only
 * as many ports as a fast server serves in a second or two. */
#include "tools/bench/load_engine.h"

static void churn_start(struct link *link)
{
    link->sent = link->since;
    link_busy(link, link->since);
    link->unsent = link->awaited = link->engine->lines.size;
    link_send(link);
}

static int churn_read(confab_dispatcher *socket)
{
    struct link *link = confab_dispatcher_data(socket);
    struct engine *engine = link->engine;
    size_t n = link_receive(link);

    if (n == 0)
        return 0;
    uint64_t done = link_completed(link, n);
    if (done == 0)
        return 0;
    engine->messages += done;
    if (engine->measuring)
        histogram_add(&engine->findings->latency, (uint64_t)(engine_clock() - link->sent), done);
    link_idle(link);
    link_close(link);
    if (!engine->stopping)
        link_open(link);
    return 0;
}

static const struct confab_dispatcher_ops churn_ops = { .size = sizeof churn_ops,
                                                        .handle_connect = link_connected,
                                                        .handle_read = churn_read,
                                                        .handle_write = link_writable,
                                                        .handle_error = link_error,
                                                        .handle_close = link_gone };

const struct load_mode load_churn = { .ops = &churn_ops, .connects = true, .start = churn_start };
