/* chat_close.c: states and closing.
 *
 * Closing marks, gives the descriptor back, and retires the channel; the hook
 * and the freeing follow in the turn's closing phase (chat_finish). */
#include "core/chat.h"
#include <errno.h>

enum { ERROR_LOGGED = 512 };

void chat_close(confab_chat *chat, enum confab_reason reason, int error)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat_closed(chat))
        return;
    confab_id id = confab_chat_id(chat);
    if (!(chat->channel.flags & CHANNEL_LOOSE))
        channel_set_timer(&chat->channel, -1);
    /* The slot will not tell the weak name any more, the timer's deadline is free for it. */
    chat->channel.timer.deadline = (int64_t)id;
    chat_settle(chat);
    chat->flags |= CHAT_CLOSED;
    chat->state = CONFAB_STATE_CLOSED;
    chat->reason = (uint8_t)reason;
    chat->error = (int16_t)error;
    if (chat->extra) {
        timers_cancel_list(&reactor->timers, &chat->extra->timers);
        chat_connect_end(chat);
    }
    if (chat->flags & CHAT_SUSPENDED_WORK)
        chat_work_forget(chat);
    chat_pace_forget(chat);
    output_drop_all(&chat->output, reactor);
    if (chat->flags & CHAT_RESET && chat->channel.fd >= 0 && !(chat->flags & CHAT_NO_SOCKET)) {
        struct linger now = { .l_onoff = 1, .l_linger = 0 };
        reactor->io->setsockopt(reactor->state, chat->channel.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    channel_retire(&chat->channel);
}

void chat_drain(confab_chat *chat, enum confab_reason reason)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_LIMIT))
        return;
    if (chat->flags & CHAT_SEND_FAILED) {
        chat_close(chat, CONFAB_REASON_RESET, chat->error);
        return;
    }
    reactor_refresh(chat->channel.reactor);
    chat_settle(chat);
    chat->flags |= CHAT_DRAINING;
    chat->reason = (uint8_t)reason;
    chat->write_began = chat->channel.reactor->tick;
    if (chat->state == CONFAB_STATE_CONNECTING)
        return; /* chat_connected sees to it */
    chat->state = CONFAB_STATE_DRAINING;
    chat_drop_pending(chat);
    chat_interest(chat);
    channel_list(&chat->channel, CHAT_WORK_FLUSH);
}

void chat_drained(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (!(chat->flags & (CHAT_EOF | CHAT_NO_SOCKET))) {
        reactor->io->shutdown(reactor->state, chat->channel.fd, SHUT_WR);
        confab_id id = confab_chat_id(chat);
        channel_set_timer(&chat->channel, -1);
        linger_start(reactor, channel_unwatch(&chat->channel), chat->settings);
        chat->channel.timer.deadline = (int64_t)id;
    }
    chat_close(chat, (enum confab_reason)chat->reason, 0);
}

void chat_send_failed(confab_chat *chat, int error)
{
    output_drop_all(&chat->output, chat->channel.reactor);
    if (chat->flags & CHAT_DRAINING) {
        chat_close(chat, CONFAB_REASON_RESET, error);
        return;
    }
    chat->flags |= CHAT_SEND_FAILED;
    chat->flags &= ~(uint32_t)CHAT_BLOCKED;
    chat->error = (int16_t)error;
    if (chat->flags & CHAT_EOF && !(chat->flags & (CHAT_EOF_DUE | CHAT_PENDING))) {
        chat_close(chat, CONFAB_REASON_RESET, error);
        return;
    }
    /* What was received is still to be delivered; its end is found by reading on. */
    if (chat->flags & CHAT_OVER_HIGH)
        chat_under_low(chat);
    chat_interest(chat);
    chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_IDLE]);
    channel_list(&chat->channel, CHAT_WORK_READ);
}

/* Whether a front of a terminator is held. */
static bool holds(const confab_chat *chat)
{
    return (chat->kind == CONFAB_TERMINATOR_BYTES || chat->kind == CONFAB_TERMINATOR_LINE) &&
           chat->until.held > 0;
}

void chat_end_of_input(confab_chat *chat)
{
    if (!(chat->flags & CHAT_EOF_DUE) || chat->flags & (CHAT_NO_INPUT | CHAT_PENDING))
        return;
    chat_collect_held(chat);
    if (chat->flags & (CHAT_NO_INPUT | CHAT_PENDING))
        return;
    /* That hook comes first; or the one above set a terminator of which it said that some was seen. */
    if (chat->flags & CHAT_CHECK_LONG || chat_count_due(chat) || holds(chat)) {
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
        return;
    }
    chat->flags &= ~(uint32_t)CHAT_EOF_DUE;
    if (chat->flags & CHAT_SEND_FAILED) {
        chat_close(chat, CONFAB_REASON_RESET, chat->error);
        return;
    }
    chat->state = CONFAB_STATE_EOF;
    if (chat->settings->ops.handle_eof)
        chat_hooked(chat, chat->settings->ops.handle_eof(chat));
    else
        chat_drain(chat, CONFAB_REASON_PEER_CLOSED);
}

static void log_end(const confab_chat *chat)
{
    char why[ERROR_LOGGED];

    chat_log(chat, CONFAB_DEBUG, "closed: %s%s%s; %llu bytes in, %llu out, %llu messages",
             confab_reason_name((enum confab_reason)chat->reason), chat->error ? ": " : "",
             confab_chat_error_text(chat, why, sizeof why), (unsigned long long)chat->bytes_in,
             (unsigned long long)chat->bytes_out, (unsigned long long)chat->messages);
}

void chat_finish(struct channel *channel)
{
    confab_chat *chat = chat_of(channel);
    confab_reactor *reactor = channel->reactor;
    struct settings *settings = chat->settings;

    outputs_release(reactor);
    if (settings->ops.handle_close)
        settings->ops.handle_close(chat, (enum confab_reason)chat->reason);
    if (chat->flags & CHAT_TAPPED)
        chat_tap_closed(chat);
    if (log_wanted(CONFAB_DEBUG))
        log_end(chat);
    chat_drop_pending(chat);
    collector_clear(chat);
    if (chat->terminator)
        terminator_unref(&reactor->terminators, chat->terminator);
    if (chat->extra) {
        chat_rate_free(chat);
        alloc_free(&reactor->alloc, chat->extra->target);
        alloc_free(&reactor->alloc, chat->extra->failure);
        alloc_free(&reactor->alloc, chat->extra);
    }
    channel_done(channel);
    alloc_free(&reactor->alloc, chat);
    if (settings->owner)
        settings->owner->closed(settings->service, settings->inbound);
    settings_unref(settings);
}

void confab_chat_close_when_done(confab_chat *chat)
{
    chat_drain(chat, CONFAB_REASON_DONE);
}

void confab_chat_shutdown(confab_chat *chat)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_SEND_SHUT))
        return;
    chat_settle(chat);
    chat->flags |= CHAT_SEND_SHUT;
    channel_list(&chat->channel, CHAT_WORK_FLUSH);
}

void confab_chat_close(confab_chat *chat)
{
    chat_close(chat, CONFAB_REASON_CLOSED, 0);
}

void confab_chat_abort(confab_chat *chat)
{
    chat->flags |= CHAT_RESET;
    chat_close(chat, CONFAB_REASON_CLOSED, 0);
}

void confab_chat_discard_buffers(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat_closed(chat))
        return;
    chat_drop_pending(chat);
    collector_clear(chat);
    chat->flags &= ~(uint32_t)(CHAT_FRONT | CHAT_SKIPPING | CHAT_CHECK_LONG);
    chat->message_size = 0;
    if (chat->kind == CONFAB_TERMINATOR_BYTES || chat->kind == CONFAB_TERMINATOR_LINE)
        chat->until.held = 0;
    if (feed_of(chat))
        chat->flags |= CHAT_DISCARDED;
    chat_settle(chat);
    chat_uncork(chat);
    output_drop_all(&chat->output, reactor);
    chat->flags &= ~(uint32_t)CHAT_BLOCKED;
    chat_interest(chat);
    channel_list(&chat->channel, CHAT_WORK_FLUSH); /* the marks, and who waited for its end */
}
