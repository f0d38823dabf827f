/* chat_timeout.c: the five time-outs of a chat, on one timer.
 *
 * Activity writes a stamp and leaves the wheel alone.  When the timer fires it
 * looks at the stamps, deals with what is due, and is set to what comes next. */
#include "core/chat.h"
#include <errno.h>

static bool message_under_way(const confab_chat *chat)
{
    if (chat->flags & (CHAT_NO_INPUT | CHAT_SUSPENDED_RATE) || chat->kind == CONFAB_TERMINATOR_NONE)
        return false;
    if (chat->message_size > 0)
        return true;
    return (chat->kind == CONFAB_TERMINATOR_BYTES || chat->kind == CONFAB_TERMINATOR_LINE) &&
           chat->until.held > 0;
}

/* The stamp that a time-out counts from; NULL: it does not apply now. */
static uint32_t *stamp_of(confab_chat *chat, enum confab_timeout which)
{
    bool connecting = chat->state == CONFAB_STATE_CONNECTING;

    switch (which) {
    case CONFAB_TIMEOUT_CONNECT:
        /* Not of one that is connected, and only waits for its turn. */
        return connecting && !(chat->channel.work & CHAT_WORK_CONNECT) ? &chat->born : NULL;
    case CONFAB_TIMEOUT_IDLE:
        if (chat->flags & (CHAT_SUSPENDED_WORK | CHAT_SUSPENDED_RATE | CHAT_OUTPUT_RESTS))
            return NULL;
        /* Suspended is no rest for one that cannot send any more: nobody would ever find its end. */
        return !connecting && (!(chat->flags & CHAT_SUSPENDED_PLUGIN) || chat->flags & CHAT_SEND_FAILED)
                   ? &chat->active
                   : NULL;
    case CONFAB_TIMEOUT_MESSAGE:
        return message_under_way(chat) ? &chat->message_began : NULL;
    case CONFAB_TIMEOUT_WRITE:
        return chat->flags & CHAT_BLOCKED ? &chat->write_began : NULL;
    case CONFAB_TIMEOUT_LIFETIME:
        return &chat->born;
    case CONFAB_TIMEOUTS:
        break;
    }
    return NULL;
}

static uint32_t elapsed(const confab_chat *chat, uint32_t stamp)
{
    return chat->channel.reactor->tick - stamp;
}

/* Calls handle_timeout, and closes unless that may and does keep the chat. */
static void time_out(confab_chat *chat, enum confab_timeout which)
{
    const struct confab_chat_ops *ops = &chat->settings->ops;
    bool may_keep = which == CONFAB_TIMEOUT_IDLE || which == CONFAB_TIMEOUT_MESSAGE;
    enum confab_reason reason =
        which == CONFAB_TIMEOUT_CONNECT ? CONFAB_REASON_CONNECT : CONFAB_REASON_TIMEOUT;

    if (ops->handle_timeout && !(chat->flags & CHAT_DRAINING)) {
        if (!chat_hooked(chat, ops->handle_timeout(chat, which)))
            return;
        uint32_t *stamp = stamp_of(chat, which);
        if (may_keep) {
            if (stamp)
                *stamp = chat->channel.reactor->tick;
            return;
        }
    }
    chat_close(chat, reason, ETIMEDOUT);
}

void chat_stop_loose_timer(confab_chat *chat)
{
    confab_call_cancel(chat->channel.reactor, chat->extra->loose_timer);
    chat->extra->loose_timer = 0;
}

static void loose_timer(confab_chat *chat, void *data)
{
    (void)data;
    chat->extra->loose_timer = 0;
    chat_timer(&chat->channel);
}

/* A channel's own timer needs a descriptor. */
static void set_loose_timer(confab_chat *chat, int64_t deadline)
{
    chat_stop_loose_timer(chat);
    if (deadline < 0)
        return;
    chat->extra->loose_timer =
        confab_chat_call_later(chat, deadline - chat->channel.reactor->now, loose_timer, NULL);
    if (!chat->extra->loose_timer)
        chat_short_of_memory(chat);
}

void chat_arm(confab_chat *chat)
{
    uint32_t soonest = UINT32_MAX;

    if (chat_closed(chat) || (chat->channel.fd < 0 && !chat_loose(chat)))
        return;
    for (int i = 0; i < CONFAB_TIMEOUTS; i++) {
        uint32_t timeout = chat->settings->timeout[i];
        uint32_t *stamp = timeout ? stamp_of(chat, (enum confab_timeout)i) : NULL;
        if (!stamp)
            continue; /* whoever makes it apply calls chat_arm_within */
        uint32_t gone = elapsed(chat, *stamp);
        uint32_t left = gone < timeout ? timeout - gone : 1;
        soonest = left < soonest ? left : soonest;
    }
    int64_t deadline =
        soonest == UINT32_MAX ? -1 : chat->channel.reactor->now + ((int64_t)soonest << WHEEL_TICK_SHIFT);
    if (chat->channel.fd >= 0)
        channel_set_timer(&chat->channel, deadline);
    else
        set_loose_timer(chat, deadline);
}

void chat_arm_within(confab_chat *chat, uint32_t ticks)
{
    struct channel *channel = &chat->channel;
    int64_t deadline = channel->reactor->now + ((int64_t)ticks << WHEEL_TICK_SHIFT);

    if (ticks == 0 || chat_closed(chat) || channel->fd < 0)
        return;
    if (!wheel_running(&channel->timer) || channel->timer.deadline > deadline)
        channel_set_timer(channel, deadline);
}

void chat_timer(struct channel *channel)
{
    confab_chat *chat = chat_of(channel);

    chat_begin(chat);
    for (int i = 0; i < CONFAB_TIMEOUTS && !chat_closed(chat); i++) {
        uint32_t timeout = chat->settings->timeout[i];
        uint32_t *stamp = timeout ? stamp_of(chat, (enum confab_timeout)i) : NULL;
        if (stamp && elapsed(chat, *stamp) >= timeout)
            time_out(chat, (enum confab_timeout)i);
    }
    chat_arm(chat);
    chat_end(chat);
}

static int change_settings(confab_chat *chat, const struct confab_chat_options *options)
{
    reactor_refresh(chat->channel.reactor);

    struct settings *changed;
    int error = settings_change(&changed, chat->settings, chat->channel.reactor->read_buffer, options);

    if (error)
        return error;
    if (changed->timeout[CONFAB_TIMEOUT_MESSAGE] && !chat->settings->timeout[CONFAB_TIMEOUT_MESSAGE])
        chat->message_began = chat->channel.reactor->tick; /* no stamp was written while it was off */
    settings_unref(chat->settings);
    chat_settle(chat); /* its marks may be others */
    chat->settings = changed;
    chat_rate_changed(chat);
    chat_arm(chat);
    return 0;
}

int confab_chat_set_options(confab_chat *chat, const struct confab_chat_options *options)
{
    if (chat_closed(chat))
        return -EPIPE;
    return change_settings(chat, options);
}

int confab_chat_set_timeout(confab_chat *chat, enum confab_timeout which, int64_t ns)
{
    struct confab_chat_options options = { .size = sizeof options };

    if (which < 0 || which >= CONFAB_TIMEOUTS)
        return -EINVAL;
    if (chat_closed(chat))
        return -EPIPE;
    options.timeout[which] = ns > 0 ? ns : CONFAB_OFF;
    reactor_refresh(chat->channel.reactor);
    uint32_t *stamp = stamp_of(chat, which);
    if (stamp)
        *stamp = chat->channel.reactor->tick;
    return change_settings(chat, &options);
}
