/* watch_hooks.c: each hook of the plugin and of its chats, with ours around it.
 *
 * A hook of a chat does not tell which table it was called from, so each table has
 * functions of its own. */
#include "tools/check/watch.h"
#include <stdlib.h>
#include <string.h>

/* -- The chats that there are ------------------------------------------------------------------ */

enum { CHATS_FIRST = 64 };

static size_t place_of(confab_id id, size_t room)
{
    return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (room - 1);
}

static struct watch_chat *look_up(const struct watch_chats *chats, confab_id id)
{
    size_t i = place_of(id, chats->room);

    while (chats->at[i].id && chats->at[i].id != id)
        i = (i + 1) & (chats->room - 1);
    return &chats->at[i];
}

static bool grow(struct watch_chats *chats)
{
    struct watch_chats grown = *chats;

    grown.room = chats->room ? chats->room * 2 : CHATS_FIRST;
    grown.at = calloc(grown.room, sizeof *grown.at);
    if (!grown.at)
        return false;
    for (size_t i = 0; i < chats->room; i++)
        if (chats->at[i].id)
            *look_up(&grown, chats->at[i].id) = chats->at[i];
    free(chats->at);
    *chats = grown;
    return true;
}

struct watch_chat *watch_chat_find(struct watch *watch, const confab_chat *chat, bool outbound)
{
    struct watch_chats *chats = &watch->chats;
    confab_id id = confab_chat_id(chat);
    struct watch_chat *entry;

    if (chats->count * 2 >= chats->room && !grow(chats))
        return NULL;
    entry = look_up(chats, id);
    if (!entry->id) {
        *entry = (struct watch_chat){ .id = id, .outbound = outbound };
        chats->count++;
        chats->open++;
        chats->inbound += !outbound;
    }
    return entry;
}

void watch_chats_clear(struct watch_chats *chats)
{
    if (chats->count)
        memset(chats->at, 0, chats->room * sizeof *chats->at);
    chats->count = chats->open = chats->inbound = 0;
}

/* -- What is held against the order of the calls ----------------------------------------------- */

static void enter_in(struct watch *watch, struct watch_frame *frame, const char *hook, enum watch_place place)
{
    watch_enter(watch, frame, hook, place);
    if (watch->freed)
        watch_complain(watch, "%s was called after free", hook);
}

static void enter(struct watch *watch, struct watch_frame *frame, const char *hook)
{
    enter_in(watch, frame, hook, PLACE_HOOK);
}

/* Before the service has connections, and when it has none any more, a hook holds none of them up: it may wait, for a
 * disk or for a thread of its own to end. */
static void enter_aside(struct watch *watch, struct watch_frame *frame, const char *hook)
{
    enter_in(watch, frame, hook, PLACE_JOB);
}

static void enter_chat(struct watch *watch, struct watch_frame *frame, const confab_chat *chat,
                       const char *hook, bool connect, bool close)
{
    struct watch_chat *entry = watch_chat_find(watch, chat, false);

    enter(watch, frame, hook);
    if (!watch->started)
        watch_complain(watch, "%s was called before start", hook);
    if (!entry)
        return;
    if (entry->closed)
        watch_complain(watch, "%s was called after the chat's handle_close", hook);
    else if (connect && entry->connected)
        watch_complain(watch, "handle_connect was called twice for one chat");
    entry->connected |= connect;
    if (close && !entry->closed) {
        entry->closed = true;
        watch->chats.open--;
        watch->chats.inbound -= !entry->outbound;
    }
}

/* -- Hooks of chats ------------------------------------------------------------------------------ */

static int call_plain(confab_chat *chat, const char *name, int (*hook)(confab_chat *))
{
    struct watch *watch = watch_current();
    struct watch_frame frame;
    int result;

    enter_chat(watch, &frame, chat, name, false, false);
    result = hook(chat);
    watch_leave(watch, &frame);
    return result;
}

static int call_connect(confab_chat *chat, int (*hook)(confab_chat *))
{
    struct watch *watch = watch_current();
    struct watch_frame frame;
    int result;

    enter_chat(watch, &frame, chat, "handle_connect", true, false);
    result = hook(chat);
    watch_leave(watch, &frame);
    return result;
}

static int call_collect(confab_chat *chat, const char *data, size_t len,
                        int (*hook)(confab_chat *, const char *, size_t))
{
    struct watch *watch = watch_current();
    const char *copy = guard_copy(watch->guard, data, len, GUARD_DATA, NULL);
    struct watch_frame frame;
    int result;

    enter_chat(watch, &frame, chat, "collect_incoming_data", false, false);
    result = hook(chat, copy ? copy : data, len);
    watch_leave(watch, &frame);
    return result;
}

static int call_timeout(confab_chat *chat, enum confab_timeout which,
                        int (*hook)(confab_chat *, enum confab_timeout))
{
    struct watch *watch = watch_current();
    struct watch_frame frame;
    int result;

    enter_chat(watch, &frame, chat, "handle_timeout", false, false);
    result = hook(chat, which);
    watch_leave(watch, &frame);
    return result;
}

/* There is always one of ours: it is how the end of a chat is known. */
static void call_close(confab_chat *chat, enum confab_reason reason,
                       void (*hook)(confab_chat *, enum confab_reason))
{
    struct watch *watch = watch_current();
    struct watch_frame frame;

    enter_chat(watch, &frame, chat, "handle_close", false, true);
    if (hook)
        hook(chat, reason);
    watch_leave(watch, &frame);
}

/* -- Functions for each table ------------------------------------------------------------------------ */

static const struct confab_chat_ops *own(unsigned table)
{
    return &watch_current()->shadows[table].own;
}

#define PLAIN(n, name)                                \
    static int name##_##n(confab_chat *chat)          \
    {                                                 \
        return call_plain(chat, #name, own(n)->name); \
    }
#define TABLE(n)                                                                \
    static int handle_connect_##n(confab_chat *chat)                            \
    {                                                                           \
        return call_connect(chat, own(n)->handle_connect);                      \
    }                                                                           \
    static int collect_##n(confab_chat *chat, const char *data, size_t len)     \
    {                                                                           \
        return call_collect(chat, data, len, own(n)->collect_incoming_data);    \
    }                                                                           \
    PLAIN(n, found_terminator)                                                  \
    PLAIN(n, handle_eof)                                                        \
    PLAIN(n, handle_drain)                                                      \
    PLAIN(n, handle_sent)                                                       \
    static int handle_timeout_##n(confab_chat *chat, enum confab_timeout which) \
    {                                                                           \
        return call_timeout(chat, which, own(n)->handle_timeout);               \
    }                                                                           \
    PLAIN(n, handle_too_long)                                                   \
    PLAIN(n, handle_shutdown)                                                   \
    PLAIN(n, handle_expt)                                                       \
    static void handle_close_##n(confab_chat *chat, enum confab_reason reason)  \
    {                                                                           \
        call_close(chat, reason, own(n)->handle_close);                         \
    }
#define OPS(n)                                                                        \
    {                                                                                 \
        .handle_connect = handle_connect_##n, .collect_incoming_data = collect_##n,   \
        .found_terminator = found_terminator_##n, .handle_eof = handle_eof_##n,       \
        .handle_drain = handle_drain_##n, .handle_sent = handle_sent_##n,             \
        .handle_timeout = handle_timeout_##n, .handle_too_long = handle_too_long_##n, \
        .handle_shutdown = handle_shutdown_##n, .handle_expt = handle_expt_##n,       \
        .handle_close = handle_close_##n                                              \
    }

TABLE(0)
TABLE(1)
TABLE(2)
TABLE(3)
TABLE(4)
TABLE(5)
TABLE(6)
TABLE(7)

static const struct confab_chat_ops tables[WATCH_SHADOWS] = { OPS(0), OPS(1), OPS(2), OPS(3),
                                                              OPS(4), OPS(5), OPS(6), OPS(7) };

/* A hook that is absent stays so: the library has something of its own in its place. */
static void fill(struct watch_shadow *shadow, const struct confab_chat_ops *given, unsigned table)
{
    const struct confab_chat_ops *with = &tables[table];
    struct confab_chat_ops *own_ops = &shadow->own, *ours = &shadow->ours;
    size_t known = given->size < sizeof *given ? given->size : sizeof *given;

    memset(own_ops, 0, sizeof *own_ops);
    memcpy(own_ops, given, known);
    shadow->given = given;
    *ours = (struct confab_chat_ops){ .size = sizeof *ours, .session_size = own_ops->session_size };
    ours->handle_connect = own_ops->handle_connect ? with->handle_connect : NULL;
    /* The library's own collector is recognised by its address. */
    ours->collect_incoming_data = own_ops->collect_incoming_data == confab_chat_collect
                                      ? confab_chat_collect
                                      : with->collect_incoming_data;
    ours->found_terminator = own_ops->found_terminator ? with->found_terminator : NULL;
    ours->handle_eof = own_ops->handle_eof ? with->handle_eof : NULL;
    ours->handle_drain = own_ops->handle_drain ? with->handle_drain : NULL;
    ours->handle_sent = own_ops->handle_sent ? with->handle_sent : NULL;
    ours->handle_timeout = own_ops->handle_timeout ? with->handle_timeout : NULL;
    ours->handle_too_long = own_ops->handle_too_long ? with->handle_too_long : NULL;
    ours->handle_shutdown = own_ops->handle_shutdown ? with->handle_shutdown : NULL;
    ours->handle_expt = own_ops->handle_expt ? with->handle_expt : NULL;
    ours->handle_close = with->handle_close;
}

const struct confab_chat_ops *watch_shadow(struct watch *watch, const struct confab_chat_ops *ops)
{
    unsigned i = 0;

    /* What the library refuses it is to refuse. */
    if (!ops || ops->size < offsetof(struct confab_chat_ops, found_terminator) || !ops->collect_incoming_data)
        return ops;
    while (i < watch->shadow_count && watch->shadows[i].given != ops)
        i++;
    if (i == WATCH_SHADOWS)
        return ops;
    if (i == watch->shadow_count)
        watch->shadow_count++;
    fill(&watch->shadows[i], ops, i);
    return &watch->shadows[i].ours;
}

/* -- Hooks of the plugin ------------------------------------------------------------------------------- */

static int call_service(confab_service *service, const char *name, int (*hook)(confab_service *))
{
    struct watch *watch = watch_current();
    struct watch_frame frame;
    int result;

    enter_aside(watch, &frame, name);
    result = hook(service);
    watch_leave(watch, &frame);
    return result;
}

static int config_complete(confab_service *service)
{
    return call_service(service, "config_complete", watch_current()->own.config_complete);
}

static int ready(confab_service *service)
{
    return call_service(service, "ready", watch_current()->own.ready);
}

static int start(confab_service *service, confab_reactor *reactor)
{
    struct watch *watch = watch_current();
    struct watch_frame frame;
    int result = 0;

    enter(watch, &frame, "start");
    if (watch->started)
        watch_complain(watch, "start was called twice");
    watch->started = true;
    if (watch->own.start)
        result = watch->own.start(service, reactor);
    watch_leave(watch, &frame);
    return result;
}

static void stop(confab_service *service)
{
    struct watch *watch = watch_current();
    struct watch_frame frame;

    enter_aside(watch, &frame, "stop");
    if (!watch->started || watch->stopped)
        watch_complain(watch, watch->started ? "stop was called twice" : "stop was called before start");
    if (watch->chats.inbound)
        watch_complain(watch, "stop was called before %zu of its chats had closed", watch->chats.inbound);
    watch->stopped = true;
    if (watch->own.stop)
        watch->own.stop(service);
    watch_leave(watch, &frame);
}

static void end(confab_service *service)
{
    struct watch *watch = watch_current();
    struct watch_frame frame;

    enter_aside(watch, &frame, "free");
    watch->freed = true;
    if (watch->own.free)
        watch->own.free(service);
    watch_leave(watch, &frame);
}

void watch_hook_plugin(struct watch *watch, const struct confab_chat_ops *given)
{
    struct confab_plugin *plugin = &watch->plugin;

    plugin->chat = watch_shadow(watch, given);
    plugin->config_complete = watch->own.config_complete ? config_complete : NULL;
    plugin->ready = watch->own.ready ? ready : NULL;
    plugin->start = start;
    plugin->stop = stop;
    plugin->free = end;
}
