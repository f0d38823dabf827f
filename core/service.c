/* service.c: making a service, its options, ready, and its end. */
#include "core/service.h"
#include <confab/host.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void destroy(confab_service *service)
{
    option_set_free(&service->host_options);
    option_set_free(&service->options);
    free(service->counters);
    free(service->state);
    free(service->name);
    free(service);
}

int confab_service_new(confab_service **made, confab_module *module, const char *name, char *error,
                       size_t room)
{
    confab_service *service = calloc(1, sizeof *service);
    const struct confab_plugin *plugin = &module->plugin;

    *made = NULL;
    if (!service)
        return complain(error, room, -ENOMEM, "out of memory");
    service->module = module;
    service->name = strdup(name ? name : plugin->name);
    service->state = calloc(1, plugin->service_size + 1);
    service->counters = calloc(module->counters + 1, sizeof *service->counters);
    if (!service->name || !service->state || !service->counters ||
        option_set_init(&service->options, module->options.rows, module->options.count, service->state) ||
        option_set_init(&service->host_options, confab_host_options(), host_options_count(),
                        &service->limits)) {
        destroy(service);
        return complain(error, room, -ENOMEM, "%s: out of memory", name ? name : plugin->name);
    }
    atomic_fetch_add(&module->services, 1);
    *made = service;
    return 0;
}

/* -- Options ------------------------------------------------------------- */

static int no_such_option(const confab_service *service, const char *key, const char *value, char *error,
                          size_t room)
{
    char own[COMPLAINT_SIZE / 2], host[COMPLAINT_SIZE / 2];

    if (!key)
        return complain(error, room, -ENOENT,
                        "%s: \"%s\": the plugin has no option for a bare word; KEY=VALUE was expected",
                        service->name, value);
    option_list_names(service->options.rows, own, sizeof own);
    option_list_names(service->host_options.rows, host, sizeof host);
    return complain(error, room, -ENOENT, "%s: no option \"%s\": the plugin has %s; every service has %s",
                    service->name, key, *own ? own : "none", host);
}

int confab_service_option(confab_service *service, const char *key, const char *value, char *error,
                          size_t room)
{
    struct option_set *set = &service->options;
    char reason[COMPLAINT_SIZE];
    int row, result;

    if (service->stage != SERVICE_NEW)
        return complain(error, room, -EBUSY, "%s: options are set before it is made ready", service->name);
    row = option_find(set->rows, set->count, key);
    if (row < 0) {
        set = &service->host_options;
        row = option_find(set->rows, set->count, key);
    }
    if (row < 0)
        return no_such_option(service, key, value, error, room);
    result = option_set_give(set, (size_t)row, value, reason, sizeof reason);
    return result ? complain(error, room, result, "%s: %s", service->name, reason) : 0;
}

static int complete_options(confab_service *service, char *error, size_t room)
{
    char reason[COMPLAINT_SIZE];
    int result = option_set_complete(&service->host_options, reason, sizeof reason);

    if (result == 0)
        result = host_options_apply(&service->host_options, &service->limits, &service->chat_options, reason,
                                    sizeof reason);
    if (result == 0)
        result = option_set_complete(&service->options, reason, sizeof reason);
    return result ? complain(error, room, result, "%s: %s", service->name, reason) : 0;
}

/* -- Ready --------------------------------------------------------------- */

int service_refused(confab_service *service, int result, const char *hook, char *error, size_t room)
{
    service->stage = SERVICE_FAILED;
    if (service->told)
        return complain(error, room, -EINVAL, "%s: %s", service->name, service->words);
    return complain(error, room, -EINVAL, "%s: the plugin's %s returned %d and does not say why",
                    service->name, hook, result);
}

static int call(confab_service *service, int (*hook)(confab_service *), const char *name, char *error,
                size_t room)
{
    int result;

    service->told = false;
    result = hook ? hook(service) : 0;
    return result < 0 ? service_refused(service, result, name, error, room) : 0;
}

int confab_service_ready(confab_service *service, char *error, size_t room)
{
    const struct confab_plugin *plugin = &service->module->plugin;
    int result;

    if (service->stage != SERVICE_NEW)
        return complain(error, room, -EBUSY, "%s: it was made ready before", service->name);
    /* Whatever comes of it, no option can be set any more. */
    service->stage = SERVICE_FAILED;
    result = complete_options(service, error, room);
    if (result)
        return result;
    service->free_due = true;
    result = call(service, plugin->config_complete, "config_complete", error, room);
    if (result == 0)
        result = call(service, plugin->ready, "ready", error, room);
    if (result == 0)
        service->stage = SERVICE_READY;
    return result;
}

int confab_service_tap(confab_service *service, const struct confab_tap_ops *ops, void *data)
{
    struct confab_tap_ops own = { .size = sizeof own };

    if (service->stage != SERVICE_NEW && service->stage != SERVICE_READY)
        return -EBUSY;
    memcpy(&own, ops, ops->size < sizeof own ? ops->size : sizeof own);
    if (!own.opened)
        return -EINVAL;
    service->tap = (struct tap){ own.opened, own.received, own.sent, own.ended, own.closed, data };
    return 0;
}

/* -- The end ------------------------------------------------------------- */

int confab_service_free(confab_service *service)
{
    const struct confab_plugin *plugin;

    if (!service)
        return 0;
    if (service->chats > 0 || service->listeners || service->stage == SERVICE_STARTED ||
        service->stage == SERVICE_STOPPING)
        return -EBUSY;
    plugin = &service->module->plugin;
    if (service->free_due && plugin->free)
        plugin->free(service);
    atomic_fetch_sub(&service->module->services, 1);
    destroy(service);
    return 0;
}

/* -- What it knows ------------------------------------------------------- */

void *confab_service_state(confab_service *service)
{
    return service->state;
}

confab_reactor *confab_service_reactor(confab_service *service)
{
    return service->reactor;
}

const char *confab_service_name(confab_service *service)
{
    return service->name;
}

unsigned confab_service_worker(confab_service *service)
{
    return service->worker;
}

void confab_service_set_worker(confab_service *service, unsigned worker)
{
    service->worker = worker;
}

bool confab_service_stopped(confab_service *service)
{
    return service->stage == SERVICE_STOPPED;
}

size_t confab_service_inbound(const confab_service *service)
{
    return service->inbound;
}

size_t confab_service_chats(const confab_service *service)
{
    return service->chats;
}
