/* settings.h: what the chats of one listener (or one connect, or one chat of
 * its own) have in common: hooks, limits, owner.  Counted; a chat whose limits
 * are changed gets a copy. */
#ifndef CONFAB_CORE_SETTINGS_H
#define CONFAB_CORE_SETTINGS_H

#include "core/alloc.h"
#include <confab/chat.h>

/* How chats tell the service that they belong to; core's lower half does not know what a service is. */
struct settings_owner {
    void (*opened)(confab_service *, bool inbound);
    void (*closed)(confab_service *, bool inbound); /* after handle_close */
    bool (*admits)(confab_service *);               /* is there room for one more inbound chat? */
};

/* Somebody who looks at the bytes of chats: confab_tap_ops of host.h.  Any but opened may be NULL. */
struct tap {
    void *(*opened)(void *data, confab_chat *chat);
    void (*received)(void *self, const char *bytes, size_t n);
    void (*sent)(void *self, const char *bytes, size_t n);
    void (*ended)(void *self);
    void (*closed)(void *self, enum confab_reason reason, int error);
    void *data;
};

struct settings {
    uint32_t refs;
    bool inbound;   /* its chats were accepted */
    bool ends_else; /* there is more to do at the end of an event than to send */
    const struct alloc *alloc;
    struct confab_chat_ops ops;              /* whole, whatever the size that was given */
    const struct confab_chat_ops *ops_given; /* as the user knows them */
    struct confab_chat_options options;      /* complete: no field is 0 */
    uint32_t timeout[CONFAB_TIMEOUTS];       /* in wheel ticks, rounded up; 0: off */
    confab_service *service;                 /* NULL: none */
    const char *service_name;                /* for the log; NULL where service is */
    bool complained;                         /* of a plugin's mistake that each connection would show again */
    const struct settings_owner *owner;      /* NULL where service is */
    const struct tap *tap;                   /* of chats that were accepted; NULL: none */
};

/* Settings with one reference.  options (may be NULL) over base (NULL: the
 * library's defaults).  -EINVAL: ops or options that cannot be (size, a missing
 * required hook, low over high, a time-out of 2^51 ns or more, in_buffer_size
 * over read_buffer is cut to it); -ENOMEM. */
int settings_new(struct settings **settings, const struct alloc *alloc, size_t read_buffer,
                 const struct confab_chat_ops *ops, const struct confab_chat_options *options,
                 const struct confab_chat_options *base);

/* Puts low <= high <= limit into order: what was given stands, and moves the
 * others with it.  -EINVAL: those that were given contradict each other. */
int settings_order_marks(size_t *low, size_t *high, size_t *limit, bool low_given, bool high_given,
                         bool limit_given);

/* A copy of settings with options laid over them. */
int settings_change(struct settings **copy, const struct settings *settings, size_t read_buffer,
                    const struct confab_chat_options *options);

/* Whether they limit a rate. */
static inline bool settings_rated(const struct settings *settings)
{
    return settings->options.rate_in != CONFAB_UNLIMITED || settings->options.rate_out != CONFAB_UNLIMITED;
}

static inline struct settings *settings_ref(struct settings *settings)
{
    settings->refs++;
    return settings;
}
void settings_unref(struct settings *settings);

/* Lays options over base, which has its own size; base NULL: the library's defaults. Errors as settings_new. */
int settings_merge(struct confab_chat_options *merged, const struct confab_chat_options *base,
                   const struct confab_chat_options *options);

#endif
