/* part_timers.c: `--part host timers BACKEND COUNT`: timers of a reactor. */
#include "tools/bench/part.h"
#include "tools/bench/timers.h"
#include "tools/command.h"
#include <confab/reactor.h>
#include <errno.h>

struct host {
    confab_reactor *reactor;
    void (*work)(struct timers *timers);
    confab_id ids[];
};

static int host_open(struct timers *timers)
{
    const struct confab_reactor_options options = { .size = sizeof(options), .backend = timers->backend };
    struct host *host = calloc(1, sizeof *host + (size_t)timers->count * sizeof host->ids[0]);

    if (!host)
        return -ENOMEM;
    timers->loop = host;
    return confab_reactor_new(&host->reactor, &options);
}

static void call_work(confab_reactor *reactor, void *data)
{
    struct timers *timers = data;
    struct host *host = timers->loop;

    if (reactor)
        host->work(timers);
}

static int host_inside(struct timers *timers, void (*work)(struct timers *timers))
{
    struct host *host = timers->loop;
    int error;

    host->work = work;
    error = confab_reactor_post(host->reactor, call_work, timers);
    if (error)
        return error;
    error = confab_reactor_run_once(host->reactor, 0);
    return error < 0 ? error : 0;
}

static void expired(confab_reactor *reactor, void *data)
{
    struct timers *timers = data;

    (void)reactor;
    timers->fired++;
}

static void host_start(struct timers *timers)
{
    struct host *host = timers->loop;

    for (int64_t i = 0; i < timers->count; i++) {
        host->ids[i] = confab_call_later(host->reactor, timers->after[i], expired, timers);
        if (!host->ids[i])
            timers->error = -ENOMEM;
    }
}

static void host_stop(struct timers *timers)
{
    struct host *host = timers->loop;

    for (int64_t i = 0; i < timers->stops; i++)
        confab_call_cancel(host->reactor, host->ids[timers->stopped[i]]);
}

static int host_run(struct timers *timers)
{
    struct host *host = timers->loop;

    return confab_reactor_run(host->reactor);
}

static void host_close(struct timers *timers)
{
    struct host *host = timers->loop;

    if (host && host->reactor)
        confab_reactor_free(host->reactor);
    free(host);
}

static const struct timers_loop loop = { .command = "confab bench",
                                         .open = host_open,
                                         .inside = host_inside,
                                         .start = host_start,
                                         .stop = host_stop,
                                         .run = host_run,
                                         .close = host_close };

int part_host_timers(int argc, char **argv)
{
    if (argc < 1)
        return usage_error(loop.command, "--part host timers: expected BACKEND COUNT");
    return timers_main(&loop, argv[0], argc - 1, argv + 1);
}
