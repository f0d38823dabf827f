/* chat.c: what the turn has for a chat, and what a chat knows of itself. */
#include "core/chat.h"
#include <errno.h>
#include <stdarg.h>

bool chat_hooked(confab_chat *chat, int result)
{
    if (result >= 0 || chat_closed(chat))
        return !chat_closed(chat);
    /* A push that found no way out is no fault of the hook: output is over, not the chat. */
    if (result == -EPIPE && chat->flags & (CHAT_SEND_FAILED | CHAT_DRAINING))
        return true;
    chat_send_last(chat);
    if (chat->flags & CHAT_LIMIT)
        chat_close(chat, (enum confab_reason)chat->reason, chat->error);
    else
        chat_close(chat, CONFAB_REASON_HOOK, result < -INT16_MAX ? INT16_MAX : -result);
    return false;
}

void chat_log(const confab_chat *chat, enum confab_level level, const char *format, ...)
{
    char peer[ADDRESS_TEXT];
    va_list args;

    va_start(args, format);
    log_line_v(level, chat->settings->service_name, confab_chat_id(chat), confab_chat_peer(chat, peer),
               format, args);
    va_end(args);
}

/* Where there is something else to do than to send one chunk, or that was not taken whole. */
static __attribute__((noinline)) void end_elsewise(confab_chat *chat)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_LIMIT)) {
        if (!chat_closed(chat))
            chat_close(chat, (enum confab_reason)chat->reason, chat->error);
        return;
    }
    if (chat->output.first || chat->flags & (CHAT_DRAINING | CHAT_SEND_SHUT | CHAT_OVER_HIGH)) {
        if (!(chat->flags & CHAT_BLOCKED))
            chat_flush(chat);
    }
    if (chat->settings->timeout[CONFAB_TIMEOUT_MESSAGE])
        chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_MESSAGE]);
    if (chat->flags & (CHAT_CLOSED | CHAT_BLOCKED | CHAT_OUTPUT_RESTS))
        return;
    chat->flags &= ~(uint32_t)CHAT_FLUSH_PLANNED;
    /* What was left by the bounds of a flush, or pushed by a hook in it. */
    if (chat->output.first && !chat->output.first->waiting && chat->state != CONFAB_STATE_CONNECTING) {
        chat->flags |= CHAT_FLUSH_PLANNED;
        channel_list(&chat->channel, CHAT_WORK_FLUSH);
    }
}

void chat_end(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;
    const struct settings *settings = chat->settings;
    struct segment *first = chat->output.first;

    if (chat->flags & CHAT_ENDS_ELSE || settings->ends_else || chat->state == CONFAB_STATE_CONNECTING ||
        (first && !output_is_chunk(&chat->output))) {
        end_elsewise(chat);
        return;
    }
    if (first) {
        ssize_t n = reactor->io->send(reactor->state, chat->channel.fd, first->at, first->left, 0);
        if (n != (ssize_t)first->left) {
            chat_sent_of_chunk(chat, n);
            end_elsewise(chat);
            return;
        }
        chat_count_sent(chat, (size_t)n);
        output_sent_only(&chat->output, reactor);
    }
    chat->flags &= ~(uint32_t)CHAT_FLUSH_PLANNED;
}

void chat_connected(confab_chat *chat)
{
    const struct confab_chat_ops *ops = &chat->settings->ops;

    chat->flags &= ~(uint32_t)CHAT_CONNECT_LATER;
    chat->active = chat->channel.reactor->tick;
    chat->state = chat->flags & CHAT_DRAINING ? CONFAB_STATE_DRAINING : CONFAB_STATE_OPEN;
    chat_interest(chat);
    chat_arm(chat);
    if (log_wanted(CONFAB_DEBUG))
        chat_log(chat, CONFAB_DEBUG, chat->settings->inbound ? "accepted" : "connected");
    chat_begin(chat);
    if (ops->handle_connect && !(chat->flags & CHAT_DRAINING))
        chat_hooked(chat, ops->handle_connect(chat));
    if (chat->flags & CHAT_PENDING || chat_count_due(chat))
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
    chat_end(chat);
}

void chat_interest(confab_chat *chat)
{
    unsigned wanted = 0;

    if (chat_closed(chat))
        return;
    if (chat->state == CONFAB_STATE_CONNECTING) {
        /* One that is adopted or connected already waits for its turn only. */
        channel_want(&chat->channel, chat->channel.work & CHAT_WORK_CONNECT ? 0 : BACKEND_WRITE);
        return;
    }
    if (!(chat->flags & (CHAT_EOF | CHAT_SUSPENDED_RATE)) &&
        (!(chat->flags & CHAT_SUSPENDED) || chat->flags & CHAT_DRAINING))
        wanted |= BACKEND_READ;
    if (chat->flags & CHAT_BLOCKED)
        wanted |= BACKEND_WRITE;
    if (chat->settings->ops.handle_expt && !(chat->flags & CHAT_NO_INPUT))
        wanted |= BACKEND_EXCEPT;
    channel_want(&chat->channel, wanted);
}

struct chat_extra *chat_extra(confab_chat *chat)
{
    if (!chat->extra)
        chat->extra = alloc_zeroed(&chat->channel.reactor->alloc, sizeof *chat->extra);
    return chat->extra;
}

/* -- What the turn has for it ---------------------------------------------- */

/* The first event after connect: how did it go? */
static void ready_connecting(confab_chat *chat, unsigned events, int error)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (!(events & BACKEND_FAILED))
        error = -reactor->io->socket_error(reactor->state, chat->channel.fd);
    if (error) {
        chat_close(chat, CONFAB_REASON_CONNECT, error);
        return;
    }
    if (!chat->peer.family) /* somebody else had connected it */
        chat_know_peer(chat, chat->channel.fd);
    chat_connected(chat);
}

static __attribute__((noinline)) void ready_rare(confab_chat *chat, unsigned events, int error)
{
    if (events & BACKEND_FAILED)
        chat_close(chat, CONFAB_REASON_RESET, error);
    if (chat_closed(chat) || !(events & BACKEND_EXCEPT) || chat->flags & CHAT_NO_INPUT)
        return;
    chat_hooked(chat, chat->settings->ops.handle_expt(chat));
}

static void ready(struct channel *channel, unsigned events, int error)
{
    confab_chat *chat = chat_of(channel);

    if (chat->state == CONFAB_STATE_CONNECTING) {
        ready_connecting(chat, events, error);
        return;
    }
    chat_begin(chat);
    if (events & (BACKEND_FAILED | BACKEND_EXCEPT))
        ready_rare(chat, events, error);
    if (events & BACKEND_READ && !chat_closed(chat))
        chat_read(chat);
    if (events & BACKEND_WRITE && chat->flags & CHAT_BLOCKED && !chat_closed(chat))
        chat_flush(chat);
    chat_end(chat);
}

static void ask_to_stop(confab_chat *chat)
{
    const struct confab_chat_ops *ops = &chat->settings->ops;

    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING))
        return;
    if (ops->handle_shutdown) {
        chat_hooked(chat, ops->handle_shutdown(chat));
        return;
    }
    if (chat_at_border(chat))
        chat_drain(chat, CONFAB_REASON_STOP);
    else
        chat->flags |= CHAT_STOPPING;
}

static void work(struct channel *channel, unsigned bits)
{
    confab_chat *chat = chat_of(channel);

    chat_begin(chat);
    if (bits & CHAT_WORK_FAIL)
        chat_close(chat, CONFAB_REASON_CONNECT, chat->error);
    if (bits & CHAT_WORK_LIMIT)
        chat_close(chat, (enum confab_reason)chat->reason, chat->error);
    if (bits & CHAT_WORK_CONNECT && !chat_closed(chat))
        chat_connected(chat);
    if (bits & CHAT_WORK_RACE && !chat_closed(chat))
        chat_race_on(chat);
    if (bits & CHAT_WORK_DELIVER && !chat_closed(chat))
        chat_deliver_pending(chat);
    else if (bits & CHAT_WORK_AGAIN && !chat_closed(chat))
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
    if (bits & CHAT_WORK_READ && !chat_closed(chat))
        chat_read(chat);
    if (bits & CHAT_WORK_STOP && !chat_closed(chat))
        ask_to_stop(chat);
    chat_end(chat);
}

static void close_channel(struct channel *channel)
{
    confab_chat_close(chat_of(channel));
}

const struct channel_ops chat_channel_ops = {
    .ready = ready,
    .work = work,
    .timer = chat_timer,
    .close = close_channel,
    .finish = chat_finish,
};

void chat_stop(confab_chat *chat)
{
    channel_list(&chat->channel, CHAT_WORK_STOP);
}

/* -- What a chat knows ------------------------------------------------------ */

confab_chat *chat_of_slot(const struct slot *slot)
{
    return slot->channel && slot->channel->flags & CHANNEL_CHAT ? chat_of(slot->channel) : NULL;
}

confab_id confab_chat_id(const confab_chat *chat)
{
    const struct channel *channel = &chat->channel;

    if (chat->extra && chat->extra->id)
        return chat->extra->id;
    return channel->fd >= 0 ? slots_id(&channel->reactor->slots, channel->fd)
                            : (confab_id)channel->timer.deadline;
}

confab_chat *confab_chat_find(confab_reactor *reactor, confab_id id)
{
    struct slot *slot = slots_find(&reactor->slots, id);

    return slot ? chat_of_slot(slot) : chat_named(reactor, id);
}

void *confab_chat_data(confab_chat *chat)
{
    return chat->settings->options.data;
}

confab_service *confab_chat_service(confab_chat *chat)
{
    return chat->settings->service;
}

confab_reactor *confab_chat_reactor(confab_chat *chat)
{
    return chat->channel.reactor;
}

enum confab_state confab_chat_state(const confab_chat *chat)
{
    return (enum confab_state)chat->state;
}

int confab_chat_error(const confab_chat *chat)
{
    return chat->error;
}

int confab_chat_fd(const confab_chat *chat)
{
    return chat->channel.reactor->backend->simulated ? -1 : chat->channel.fd;
}

const char *confab_chat_peer(const confab_chat *chat, char buf[128])
{
    const confab_reactor *reactor = chat->channel.reactor;
    struct sockaddr_storage sa;
    socklen_t len = peer_unpack(&chat->peer, &sa), room = sizeof sa;
    int fd = chat->channel.fd;

    /* A path is too long to be kept. */
    if (chat->peer.family == 'u' && fd >= 0 &&
        reactor->io->getpeername(reactor->state, fd, (struct sockaddr *)&sa, &room) == 0)
        len = room;
    if (len > 0)
        return address_format((struct sockaddr *)&sa, len, buf);
    return strcpy(buf, "-");
}

const char *confab_chat_local(const confab_chat *chat, char buf[128])
{
    const confab_reactor *reactor = chat->channel.reactor;
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int fd = chat->channel.fd;

    if (fd >= 0 && reactor->io->getsockname(reactor->state, fd, (struct sockaddr *)&sa, &len) == 0)
        return address_format((struct sockaddr *)&sa, len, buf);
    return strcpy(buf, "-");
}

int confab_chat_peer_sockaddr(const confab_chat *chat, struct sockaddr *address, socklen_t *len)
{
    struct sockaddr_storage sa;
    socklen_t used = peer_unpack(&chat->peer, &sa);

    if (used == 0)
        return -ENOTCONN;
    memcpy(address, &sa, used < *len ? used : *len);
    *len = used;
    return 0;
}

static confab_id chat_timer_start(confab_chat *chat, enum timer_kind kind, int64_t ns,
                                  void (*call)(confab_chat *, void *), void *data)
{
    const struct timer_call what = { .call = (void (*)(void))call, .data = data, .owner = chat, .when = ns };

    if (chat_closed(chat) || !chat_extra(chat))
        return 0;
    return reactor_call(chat->channel.reactor, kind, &what, ns, &chat->extra->timers);
}

confab_id confab_chat_call_later(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                 void *data)
{
    return chat_timer_start(chat, TIMER_ONCE, ns, call, data);
}

confab_id confab_chat_call_every(confab_chat *chat, int64_t ns, void (*call)(confab_chat *, void *),
                                 void *data)
{
    return chat_timer_start(chat, TIMER_EVERY, reactor_period(ns), call, data);
}

void confab_chat_get_stats(const confab_chat *chat, struct confab_chat_stats *stats)
{
    const confab_reactor *reactor = chat->channel.reactor;
    struct confab_chat_stats s = {
        .size = stats->size,
        .bytes_in = chat->bytes_in,
        .bytes_out = chat->bytes_out,
        .messages = chat->messages,
        .message_size = chat->flags & CHAT_SKIPPING ? 0 : chat->message_size,
        .pending_input = confab_chat_pending_input(chat),
        .output_size = chat_output_size(chat),
        .age = (int64_t)(reactor->tick - chat->born) << WHEEL_TICK_SHIFT,
        .idle = (int64_t)(reactor->tick - chat->active) << WHEEL_TICK_SHIFT,
    };

    memcpy(stats, &s, stats->size < sizeof s ? stats->size : sizeof s);
}

const char *confab_reason_name(enum confab_reason reason)
{
    static const char *const names[] = {
        [CONFAB_REASON_DONE] = "done",
        [CONFAB_REASON_CLOSED] = "closed",
        [CONFAB_REASON_PEER_CLOSED] = "peer-closed",
        [CONFAB_REASON_RESET] = "reset",
        [CONFAB_REASON_CONNECT] = "connect",
        [CONFAB_REASON_HOOK] = "hook",
        [CONFAB_REASON_TIMEOUT] = "timeout",
        [CONFAB_REASON_TOO_LONG] = "too-long",
        [CONFAB_REASON_OUTPUT_LIMIT] = "output-limit",
        [CONFAB_REASON_NO_MEMORY] = "no-memory",
        [CONFAB_REASON_SHED] = "shed",
        [CONFAB_REASON_STOP] = "stop",
    };

    if ((size_t)reason >= sizeof names / sizeof names[0] || !names[reason])
        return "unknown";
    return names[reason];
}
