/* chat_make.c: how chats come to be: accepted, adopted. */
#include "core/chat_connect.h"
#include <errno.h>

enum { SESSION_ALIGN = 16 };

static size_t session_offset(void)
{
    return (sizeof(confab_chat) + SESSION_ALIGN - 1) / SESSION_ALIGN * SESSION_ALIGN;
}

void *confab_chat_session(confab_chat *chat)
{
    return (char *)chat + session_offset();
}

confab_chat *chat_make(confab_reactor *reactor, struct settings *settings)
{
    if (!reactor_open(reactor))
        return NULL;
    size_t session = settings->ops.session_size;
    confab_chat *chat =
        alloc_zeroed(&reactor->alloc, session ? session_offset() + session : sizeof(confab_chat));
    if (!chat)
        return NULL;
    channel_init(&chat->channel, reactor, &chat_channel_ops);
    chat->channel.flags |= CHANNEL_CHAT;
    chat->settings = settings;
    chat->state = CONFAB_STATE_CONNECTING;
    chat->flags = CHAT_CONNECT_LATER;
    if (settings->ops.collect_incoming_data == confab_chat_collect)
        chat->flags |= CHAT_COLLECTS;
    if (settings_rated(settings))
        chat->flags |= CHAT_RATED;
    reactor_refresh(reactor);
    chat->active = chat->message_began = chat->write_began = chat->born = reactor->tick;
    if (settings->owner)
        settings->owner->opened(settings->service, settings->inbound);
    return chat;
}

confab_chat *chat_accepted(confab_reactor *reactor, int fd, struct settings *settings,
                           const struct sockaddr *peer, socklen_t len)
{
    confab_chat *chat = chat_make(reactor, settings);

    if (!chat) {
        reactor->io->close(reactor->state, fd);
        return NULL;
    }
    settings_ref(settings);
    peer_pack(&chat->peer, peer, len);
    if (channel_watch(&chat->channel, fd)) {
        reactor->io->close(reactor->state, fd);
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        return chat;
    }
    if (settings->tap)
        chat_tap_open(chat);
    chat_connected(chat);
    return chat;
}

void chat_know_peer(confab_chat *chat, int fd)
{
    confab_reactor *reactor = chat->channel.reactor;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;

    if (reactor->io->getpeername(reactor->state, fd, (struct sockaddr *)&sa, &len) == 0)
        peer_pack(&chat->peer, (struct sockaddr *)&sa, len);
}

confab_chat *confab_chat_new(confab_reactor *reactor, int fd, const struct confab_chat_ops *ops,
                             const struct confab_chat_options *options)
{
    struct settings *settings = NULL;
    confab_chat *chat = NULL;
    int kind = reactor->io->adopt(reactor->state, fd);

    if (kind < 0 || kind == CONFAB_FD_LISTENER)
        goto failed;
    if (settings_new(&settings, &reactor->alloc, reactor->read_buffer, ops, options, NULL))
        goto failed;
    chat = chat_make(reactor, settings);
    if (!chat)
        goto failed;
    if (kind == CONFAB_FD_UNCONNECTED) {
        reactor->io->close(reactor->state, fd);
        connect_fail_later(chat, -ENOTCONN);
        return chat;
    }
    if (kind == CONFAB_FD_STREAM)
        chat->flags |= CHAT_NO_SOCKET;
    else
        chat_know_peer(chat, fd);
    if (channel_watch(&chat->channel, fd)) {
        reactor->io->close(reactor->state, fd);
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        return chat;
    }
    if (kind == CONFAB_FD_CONNECTING)
        chat_interest(chat);
    else
        channel_list(&chat->channel, CHAT_WORK_CONNECT);
    chat_arm(chat);
    return chat;

failed:
    settings_unref(settings);
    if (kind != -EBADF)
        reactor->io->close(reactor->state, fd);
    return NULL;
}
