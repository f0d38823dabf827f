/* chat_make.c: how chats come to be: accepted, adopted, connected. */
#include "core/chat.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

enum { SESSION_ALIGN = 16 };

static size_t session_offset(void)
{
    return (sizeof(confab_chat) + SESSION_ALIGN - 1) / SESSION_ALIGN * SESSION_ALIGN;
}

void *confab_chat_session(confab_chat *chat)
{
    return (char *)chat + session_offset();
}

/* A chat without a descriptor, for whom handle_connect is still to be called.
 * Takes over a reference to settings, unless it returns NULL. */
static confab_chat *chat_make(confab_reactor *reactor, struct settings *settings)
{
    if (!reactor_open(reactor))
        return NULL;
    confab_chat *chat = alloc_zeroed(&reactor->alloc, session_offset() + settings->ops.session_size);
    if (!chat)
        return NULL;
    channel_init(&chat->channel, reactor, &chat_channel_ops);
    chat->channel.flags |= CHANNEL_CHAT;
    chat->settings = settings;
    chat->state = CONFAB_STATE_CONNECTING;
    chat->flags = CHAT_CONNECT_LATER;
    if (settings->ops.collect_incoming_data == confab_chat_collect)
        chat->flags |= CHAT_COLLECTS;
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
    chat_connected(chat);
    return chat;
}

static void know_peer(confab_chat *chat, int fd)
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
    if (kind == CONFAB_FD_STREAM)
        chat->flags |= CHAT_NO_SOCKET;
    else
        know_peer(chat, fd);
    if (channel_watch(&chat->channel, fd)) {
        reactor->io->close(reactor->state, fd);
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        return chat;
    }
    channel_list(&chat->channel, CHAT_WORK_CONNECT);
    chat_arm(chat);
    return chat;

failed:
    settings_unref(settings);
    if (kind != -EBADF)
        reactor->io->close(reactor->state, fd);
    return NULL;
}

/* Starts to connect; 0 or -errno, and then fd is closed. */
static int connect_to(confab_chat *chat, const struct address *address)
{
    confab_reactor *reactor = chat->channel.reactor;
    const struct sockaddr *sa = (const struct sockaddr *)&address->sa;
    int fd = reactor->io->socket(reactor->state, sa->sa_family, SOCK_STREAM, 0), error, one = 1;

    if (fd < 0)
        return fd;
    peer_pack(&chat->peer, sa, address->len);
    if (sa->sa_family != AF_UNIX) {
        reactor->io->setsockopt(reactor->state, fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        reactor->io->setsockopt(reactor->state, fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    }
    error = reactor->io->connect(reactor->state, fd, sa, address->len);
    if (error && error != -EINPROGRESS)
        goto failed;
    bool connected = !error;
    error = channel_watch(&chat->channel, fd);
    if (error)
        goto failed;
    if (connected)
        channel_list(&chat->channel, CHAT_WORK_CONNECT);
    else
        chat_interest(chat);
    chat_arm(chat);
    return 0;

failed:
    reactor->io->close(reactor->state, fd);
    return error;
}

confab_chat *chat_connect(confab_reactor *reactor, const char *text, struct settings *settings)
{
    struct address address;
    confab_chat *chat = chat_make(reactor, settings);

    if (!chat) {
        settings_unref(settings);
        return NULL;
    }
    int error = address_parse(&address, text, false, NULL, 0);
    if (!error)
        error = connect_to(chat, &address);
    if (error) {
        /* In the next turn: a handle_close that connects again at once must not keep this one from ending. */
        chat->error = (int16_t)-error;
        channel_list(&chat->channel, CHAT_WORK_FAIL);
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
