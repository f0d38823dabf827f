/* The hooks of the service: each counts with its place among those that were called. */
#include "everything.h"

#include <errno.h>
#include <string.h>

static void step(confab_service *service, enum counter counter)
{
    struct state *state = confab_service_state(service);

    confab_service_count(service, counter, ++state->steps);
}

int config_complete(confab_service *service)
{
    const struct state *state = confab_service_state(service);

    if (!strcmp(state->text, "wrong"))
        return confab_service_error(service, "text is \"%s\"", state->text);
    step(service, CONFIGURED);
    return 0;
}

int ready(confab_service *service)
{
    struct state *state = confab_service_state(service);

    state->functions = functions;
    step(service, READY);
    return 0;
}

static int load(void *data)
{
    struct state *state = data;

    return state->functions ? 7 : -EFAULT;
}

static void loaded(int result, void *data)
{
    confab_service *service = data;

    if (result == 7)
        step(service, LOADED);
}

/* load gets what loaded needs: the state is the service's. */
static int load_of_service(void *data)
{
    return load(confab_service_state(data));
}

static void tick(confab_reactor *reactor, void *data)
{
    (void)reactor;
    confab_service_count(data, TICKS, 1);
}

static void posted(confab_reactor *reactor, void *data)
{
    if (reactor)
        confab_service_count(data, POSTED, 1);
}

int start(confab_service *service, confab_reactor *reactor)
{
    struct state *state = confab_service_state(service);
    int error;

    if (confab_service_reactor(service) != reactor || confab_service_worker(service) != 0)
        return confab_service_error(service, "not the reactor that was told");
    step(service, STARTED);
    state->ticks = confab_call_every(reactor, CONFAB_MILLISECOND, tick, service);
    if (!state->ticks)
        return -ENOMEM;
    error = confab_reactor_post(reactor, posted, service);
    return error ? error : confab_service_work(service, load_of_service, loaded, service);
}

void stop(confab_service *service)
{
    struct state *state = confab_service_state(service);

    confab_call_cancel(confab_service_reactor(service), state->ticks);
    confab_service_log(service, CONFAB_DEBUG, "stops");
    step(service, STOPPED);
}

void free_state(confab_service *service)
{
    struct state *state = confab_service_state(service);

    state->functions = NULL;
}
