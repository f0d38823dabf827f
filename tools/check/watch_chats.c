/* watch_chats.c: chats that the plugin makes itself, with hooks of ours. */
#include "tools/check/watch.h"

/* One that it has from now on: its handle_close is to come. */
static confab_chat *made(struct watch *watch, confab_chat *chat)
{
    if (watch && chat)
        watch_chat_find(watch, chat, true);
    return chat;
}

static const struct confab_chat_ops *ours(struct watch *watch, const struct confab_chat_ops *ops)
{
    return watch ? watch_shadow(watch, ops) : ops;
}

static confab_chat *call_chat_new(confab_reactor *reactor, int fd, const struct confab_chat_ops *ops,
                                  const struct confab_chat_options *options)
{
    struct watch *watch = watch_current();

    return made(watch, confab_chat_new(reactor, fd, ours(watch, ops), options));
}

static confab_chat *call_connect(confab_reactor *reactor, const char *address,
                                 const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    struct watch *watch = watch_current();

    return made(watch, confab_connect(reactor, address, ours(watch, ops), options));
}

static confab_chat *call_service_connect(confab_service *service, const char *address,
                                         const struct confab_chat_ops *ops,
                                         const struct confab_chat_options *options)
{
    struct watch *watch = watch_current();

    return made(watch, confab_service_connect(service, address, ours(watch, ops), options));
}

static int call_listen(confab_listener **listener, confab_reactor *reactor, const char *address,
                       const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    return confab_listen(listener, reactor, address, ours(watch_current(), ops), options);
}

static int call_listener_adopt(confab_listener **listener, confab_reactor *reactor, int fd,
                               const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    return confab_listener_adopt(listener, reactor, fd, ours(watch_current(), ops), options);
}

static int call_service_listen(confab_service *service, confab_listener **listener, const char *address,
                               const struct confab_chat_ops *ops, const struct confab_chat_options *options)
{
    return confab_service_listen(service, listener, address, ours(watch_current(), ops), options);
}

static confab_chat *call_service_next(confab_service *service, const struct confab_chat_ops *ops,
                                      confab_id *cursor)
{
    return confab_service_next(service, ours(watch_current(), ops), cursor);
}

const struct watch_call watch_chat_calls[] = {
    { "confab_chat_new", (void (*)(void))call_chat_new, REAL_NONE },
    { "confab_connect", (void (*)(void))call_connect, REAL_NONE },
    { "confab_listen", (void (*)(void))call_listen, REAL_NONE },
    { "confab_listener_adopt", (void (*)(void))call_listener_adopt, REAL_NONE },
    { "confab_service_connect", (void (*)(void))call_service_connect, REAL_NONE },
    { "confab_service_listen", (void (*)(void))call_service_listen, REAL_NONE },
    { "confab_service_next", (void (*)(void))call_service_next, REAL_NONE },
    { NULL, NULL, REAL_NONE },
};
