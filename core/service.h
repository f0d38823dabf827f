/* service.h: one configured use of a plugin.
 *
 * service.c       making it, its options, ready, its end
 * service_run.c   start, listeners, chats, stop
 * service_log.c   what a plugin says: errors, log lines, counters
 */
#ifndef CONFAB_CORE_SERVICE_H
#define CONFAB_CORE_SERVICE_H

#include "core/complain.h"
#include "core/listener.h"
#include "core/module.h"
#include "core/option.h"
#include "core/reactor.h"
#include "core/settings.h"
#include <confab/plugin.h>

enum service_stage {
    SERVICE_NEW,      /* takes options */
    SERVICE_READY,    /* its plugin's ready was called */
    SERVICE_FAILED,   /* a hook refused: it can only be freed */
    SERVICE_STARTED,  /* its plugin's start was called */
    SERVICE_STOPPING, /* confab_service_stop was called */
    SERVICE_STOPPED   /* its plugin's stop was called */
};

struct confab_service {
    confab_module *module;
    char *name;
    void *state; /* the plugin's */
    unsigned worker;
    enum service_stage stage;
    bool free_due; /* the plugin's code has run: its free is to be called */
    bool told;     /* words holds what the plugin said since the hook that runs was called */
    char words[COMPLAINT_SIZE];

    struct option_set options, host_options;
    struct host_limits limits;
    struct confab_chat_options chat_options;
    int64_t *counters;
    struct tap tap; /* of its inbound chats; opened is NULL where there is none */

    /* From start on. */
    confab_reactor *reactor;
    struct channel
        guest; /* how it learns that its reactor is freed, and what keeps run going while it stops */
    confab_listener *listeners;
    size_t inbound, chats; /* chats counts both kinds */

    /* While it stops. */
    bool no_more;        /* the last inbound chat has closed: nothing new is made */
    confab_id drain;     /* the timer; 0: none */
    int64_t drain_until; /* INT64_MAX: for as long as it takes */
};

/* A hook of the plugin returned a negative result: writes why, in the plugin's
 * own words if there are any.  -EINVAL, and the service has FAILED. */
int service_refused(confab_service *service, int result, const char *hook, char *error, size_t room);

#endif
