/* chat_connect.c: connecting: to one address at once; to a name by looking it up
 * and letting its addresses race (chat_race.c).
 *
 * A chat that connects to a name, or to localhost, has no descriptor of its own
 * until an attempt has won.  Meanwhile, and for all its life, its weak name is
 * one of reactor->chat_ids, since there is no slot that could give it one. */
#include "core/chat_connect.h"
#include "core/resolve.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>

/* -- What went wrong ----------------------------------------------------- */

void connect_keep_failure(confab_chat *chat, const char *format, ...)
{
    struct chat_extra *extra = chat_extra(chat);
    const struct alloc *alloc = &chat->channel.reactor->alloc;
    va_list args;

    if (!extra)
        return;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *line = len < 0 ? NULL : alloc_new(alloc, (size_t)len + 1);
    if (!line)
        return;
    va_start(args, format);
    vsnprintf(line, (size_t)len + 1, format, args);
    va_end(args);
    alloc_free(alloc, extra->failure);
    extra->failure = line;
}

const char *confab_chat_error_text(const confab_chat *chat, char *buf, size_t room)
{
    const struct chat_extra *extra = chat->extra;
    char peer[ADDRESS_TEXT];

    if (chat->error == 0)
        snprintf(buf, room, "%s", "");
    else if (chat->reason != CONFAB_REASON_CONNECT)
        snprintf(buf, room, "%s", strerror(chat->error));
    else if (extra && extra->failure)
        snprintf(buf, room, "%s", extra->failure);
    else
        snprintf(buf, room, "%s: %s", confab_chat_peer(chat, peer), strerror(chat->error));
    return buf;
}

/* -- Its weak name ------------------------------------------------------- */

/* Gives a name to a chat that has no slot to have one of.  -ENOMEM. */
static int give_name(confab_chat *chat)
{
    struct chat_extra *extra = chat_extra(chat);
    uint64_t id = extra ? ids_take(&chat->channel.reactor->chat_ids, chat) : 0;

    if (!id)
        return -ENOMEM;
    extra->id = id | IDS_TOP;
    return 0;
}

void connect_fail_later(confab_chat *chat, int error)
{
    if (chat->channel.fd < 0 && !(chat->extra && chat->extra->id))
        give_name(chat); /* without memory it has none */
    chat->error = (int16_t)(error < -INT16_MAX ? INT16_MAX : -error);
    channel_list(&chat->channel, CHAT_WORK_FAIL);
}

confab_chat *chat_named(const confab_reactor *reactor, confab_id id)
{
    return id & IDS_TOP ? ids_find(&reactor->chat_ids, id & ~IDS_TOP) : NULL;
}

/* A cursor counts slots, then NAMED | end | row: rows of chat_ids up to the end that the table had when the walk
 * came to it, so that one who opens a chat for each that he is given comes to an end. */
#define NAMED    (UINT64_C(1) << 63)
#define ROW_BITS 28
#define ROW_MASK ((UINT64_C(1) << ROW_BITS) - 1)

confab_chat *chat_next(const confab_reactor *reactor, uint64_t *cursor)
{
    while (!(*cursor & NAMED)) {
        if (*cursor >= reactor->slots.capacity) {
            *cursor = NAMED | (uint64_t)reactor->chat_ids.capacity << ROW_BITS;
            break;
        }
        confab_chat *chat = chat_of_slot(&reactor->slots.slot[(*cursor)++]);
        if (chat && !(chat->extra && chat->extra->id))
            return chat;
    }
    uint32_t row = (uint32_t)(*cursor & ROW_MASK), end = (uint32_t)(*cursor >> ROW_BITS & ROW_MASK);
    confab_chat *chat = row < end ? ids_next(&reactor->chat_ids, &row) : NULL;
    *cursor = (*cursor & ~ROW_MASK) | row;
    return chat && row <= end ? chat : NULL;
}

/* -- Connecting ---------------------------------------------------------- */

static void resolved(void *data, const struct resolved *resolved)
{
    confab_chat *chat = data;
    int error = resolved->error;

    chat->extra->resolving = NULL;
    if (!error)
        error = race_start(chat, resolved->address, resolved->count);
    if (!error) {
        race_go_on(chat->extra->race);
        return;
    }
    connect_keep_failure(chat, "\"%s\": %s", chat->extra->target,
                         resolved->why ? resolved->why : strerror(-error));
    connect_fail_later(chat, error);
}

/* 127.0.0.1, where confab_listen listens for this name, and then ::1. */
static int start_localhost(confab_chat *chat, const struct address *four)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct address both[2] = { *four, { .len = sizeof in6 } };

    memcpy(&in, &four->sa, sizeof in);
    in6.sin6_port = in.sin_port;
    memcpy(&both[1].sa, &in6, sizeof in6);
    int error = race_start(chat, both, 2);
    if (!error)
        race_go_on(chat->extra->race);
    return error;
}

/* To a name, or to localhost. */
static int start_by_name(confab_chat *chat, const char *text, const struct target *target)
{
    confab_reactor *reactor = chat->channel.reactor;
    int error = give_name(chat);

    if (error)
        return error;
    struct chat_extra *extra = chat->extra;
    if (target->localhost) {
        error = start_localhost(chat, &target->address);
    } else {
        extra->target = alloc_new(&reactor->alloc, strlen(text) + 1);
        if (!extra->target)
            return -ENOMEM;
        strcpy(extra->target, text);
        extra->resolving = resolve_start(reactor, target->host, target->port, resolved, chat, &error);
    }
    if (!error)
        chat_arm(chat);
    return error;
}

int connect_socket(confab_reactor *reactor, const struct address *address, bool *connected)
{
    const struct sockaddr *sa = (const struct sockaddr *)&address->sa;
    int fd = reactor->io->socket(reactor->state, sa->sa_family, SOCK_STREAM, 0), one = 1;

    if (fd < 0)
        return fd;
    if (sa->sa_family != AF_UNIX) {
        reactor->io->setsockopt(reactor->state, fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        reactor->io->setsockopt(reactor->state, fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    }
    int error = reactor->io->connect(reactor->state, fd, sa, address->len);
    *connected = !error;
    if (!error || error == -EINPROGRESS)
        return fd;
    reactor->io->close(reactor->state, fd);
    return error;
}

/* To one address. */
static int start_at_once(confab_chat *chat, const struct address *address)
{
    confab_reactor *reactor = chat->channel.reactor;
    bool connected;
    int fd = connect_socket(reactor, address, &connected);

    if (fd < 0)
        return fd;
    peer_pack(&chat->peer, (const struct sockaddr *)&address->sa, address->len);
    int error = channel_watch(&chat->channel, fd);
    if (error) {
        reactor->io->close(reactor->state, fd);
        return error;
    }
    if (connected)
        channel_list(&chat->channel, CHAT_WORK_CONNECT);
    else
        chat_interest(chat);
    chat_arm(chat);
    return 0;
}

confab_chat *chat_connect(confab_reactor *reactor, const char *text, struct settings *settings)
{
    struct target target;
    char why[ADDRESS_TEXT + REASON_TEXT] = "";
    confab_chat *chat = chat_make(reactor, settings);

    if (!chat) {
        settings_unref(settings);
        return NULL;
    }
    int error = target_parse(&target, text, why, sizeof why);
    if (error)
        connect_keep_failure(chat, "%s", why);
    else if (target.host[0] || target.localhost)
        error = start_by_name(chat, text, &target);
    else
        error = start_at_once(chat, &target.address);
    if (error) {
        if (!why[0])
            connect_keep_failure(chat, "%s: %s", text, strerror(-error));
        connect_fail_later(chat, error);
    }
    return chat;
}

confab_chat *confab_connect(confab_reactor *reactor, const char *address, const struct confab_chat_ops *ops,
                            const struct confab_chat_options *options)
{
    struct settings *settings;

    if (settings_new(&settings, &reactor->alloc, reactor->read_buffer, ops, options, NULL))
        return NULL;
    return chat_connect(reactor, address, settings);
}

void chat_connect_end(confab_chat *chat)
{
    struct chat_extra *extra = chat->extra;

    if (extra->resolving) {
        if (chat->reason == CONFAB_REASON_CONNECT)
            connect_keep_failure(chat, "\"%s\": %s while it was looked up", extra->target,
                                 strerror(chat->error));
        resolve_cancel(extra->resolving);
        extra->resolving = NULL;
    }
    if (extra->race && chat->reason == CONFAB_REASON_CONNECT && !extra->failure)
        race_keep_failures(extra->race, chat->error);
    race_end(chat);
    if (extra->id)
        ids_give_up(&chat->channel.reactor->chat_ids, extra->id & ~IDS_TOP);
}
