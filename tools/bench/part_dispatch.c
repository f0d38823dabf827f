/* part_dispatch.c: `--part host dispatch BACKEND COUNT ACTIVE WRITES`: dispatchers on a reactor. */
#include "tools/bench/dispatch.h"
#include "tools/bench/part.h"
#include "tools/command.h"
#include <confab/dispatcher.h>

static int handle_read(confab_dispatcher *dispatcher)
{
    struct dispatch_end *end = confab_dispatcher_data(dispatcher);
    char byte;
    ssize_t got = confab_dispatcher_recv(dispatcher, &byte, 1);

    if (got < 0)
        errno = (int)-got;
    dispatch_event(end, got);
    return 0;
}

static const struct confab_dispatcher_ops ops = { .size = sizeof(ops), .handle_read = handle_read };

static int host_open(struct dispatch *dispatch)
{
    const struct confab_reactor_options options = { .size = sizeof(options), .backend = dispatch->backend };
    confab_reactor *reactor;
    int error = confab_reactor_new(&reactor, &options);

    if (error)
        return error;
    dispatch->loop = reactor;
    for (int64_t i = 0; i < dispatch->count; i++) {
        struct dispatch_end *end = &dispatch->ends[i];
        confab_dispatcher *dispatcher = confab_dispatcher_new(reactor, &ops, end);
        if (!dispatcher)
            return -ENOMEM;
        int fd = end->fd;
        end->fd = -1;
        error = confab_dispatcher_adopt(dispatcher, fd);
        if (error)
            return error;
    }
    return 0;
}

static int host_turn(struct dispatch *dispatch)
{
    int n = confab_reactor_run_once(dispatch->loop, 0);

    return n < 0 ? n : 0;
}

static void host_close(struct dispatch *dispatch)
{
    if (dispatch->loop)
        confab_reactor_free(dispatch->loop);
}

static const struct dispatch_loop loop = {
    .command = "confab bench", .open = host_open, .turn = host_turn, .close = host_close
};

int part_host_dispatch(int argc, char **argv)
{
    if (argc < 1)
        return usage_error(loop.command, "--part host dispatch: expected BACKEND COUNT ACTIVE WRITES");
    return dispatch_main(&loop, argv[0], argc - 1, argv + 1);
}
