/* chat_pace.c: whose output rests whose reading: watermarks, pace, suspending. */
#include "core/chat.h"

/* The chat whose output rests the reading of this one; NULL: nobody's. */
static confab_chat *sink_of(confab_chat *chat)
{
    if (!(chat->flags & CHAT_UNPACED))
        return chat;
    return chat->extra ? chat->extra->sink : NULL;
}

void chat_over_high(confab_chat *chat)
{
    chat->flags |= CHAT_OVER_HIGH;
    if (!(chat->flags & CHAT_UNPACED))
        chat->flags |= CHAT_CHECK_OUTPUT;
    if (chat->flags & CHAT_PACING)
        for (confab_chat *source = chat->extra->sources; source; source = source->extra->pace_next)
            source->flags |= CHAT_CHECK_OUTPUT;
}

void chat_go_on(confab_chat *chat)
{
    if (chat_closed(chat))
        return;
    reactor_refresh(chat->channel.reactor);
    chat->active = chat->message_began = chat->channel.reactor->tick;
    chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_IDLE]);
    if (chat->flags & CHAT_SUSPENDED)
        return;
    chat_interest(chat);
    if (chat->flags & (CHAT_PENDING | CHAT_EOF_DUE | CHAT_STOPPING | CHAT_CHECK_LONG) || chat_count_due(chat))
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
    if (chat->flags & CHAT_SEND_FAILED)
        channel_list(&chat->channel, CHAT_WORK_READ);
}

static void relieve(confab_chat *chat)
{
    chat->flags &= ~(uint32_t)CHAT_CHECK_OUTPUT;
    if (chat->flags & CHAT_SUSPENDED_OUTPUT) {
        chat->flags &= ~(uint32_t)CHAT_SUSPENDED_OUTPUT;
        chat_go_on(chat);
    }
}

void chat_under_low(confab_chat *chat)
{
    const struct confab_chat_ops *ops = &chat->settings->ops;

    chat->flags &= ~(uint32_t)CHAT_OVER_HIGH;
    if (!(chat->flags & CHAT_UNPACED))
        relieve(chat);
    if (chat->flags & CHAT_PACING)
        for (confab_chat *source = chat->extra->sources; source; source = source->extra->pace_next)
            relieve(source);
    if (ops->handle_drain && !(chat->flags & (CHAT_DRAINING | CHAT_SEND_FAILED)))
        chat_hooked(chat, ops->handle_drain(chat));
}

/* Sends while something is being delivered: where it is to the same chat, what the hooks push that sending runs has to
 * find a settled output. */
static void flush_in_feed(confab_chat *chat)
{
    struct feed *feed = feed_of(chat);

    chat_settle(chat);
    if (feed)
        feed->flushing = true;
    chat_flush(chat);
    if (feed)
        feed->flushing = false;
}

void chat_check_output(confab_chat *chat)
{
    confab_chat *sink = sink_of(chat);

    chat->flags &= ~(uint32_t)CHAT_CHECK_OUTPUT;
    if (!sink || chat_closed(sink))
        return;
    if (!(sink->flags & CHAT_BLOCKED))
        flush_in_feed(sink);
    if (chat_closed(chat) || sink != sink_of(chat) || chat_closed(sink))
        return;
    if (chat_output_size(sink) > sink->settings->options.high) {
        chat->flags |= CHAT_SUSPENDED_OUTPUT;
        sink->flags |= CHAT_OVER_HIGH; /* also where its marks were lowered since */
        chat_interest(chat);
    }
}

/* Takes a chat off its sink's list. */
static void untie(confab_chat *chat)
{
    struct chat_extra *extra = chat->extra;

    if (!extra || !extra->sink)
        return;
    confab_chat *sink = extra->sink;
    *extra->pace_previous = extra->pace_next;
    if (extra->pace_next)
        extra->pace_next->extra->pace_previous = extra->pace_previous;
    extra->sink = NULL;
    if (!sink->extra->sources)
        sink->flags &= ~(uint32_t)CHAT_PACING;
}

void confab_chat_pace(confab_chat *source, confab_chat *sink)
{
    if (chat_closed(source))
        return;
    untie(source);
    if (sink == source) {
        source->flags &= ~(uint32_t)CHAT_UNPACED;
    } else {
        source->flags |= CHAT_UNPACED;
        /* Without memory for the tie nobody's output rests it. */
        if (sink && !chat_closed(sink) && chat_extra(source) && chat_extra(sink)) {
            struct chat_extra *of_sink = sink->extra, *extra = source->extra;
            extra->sink = sink;
            extra->pace_next = of_sink->sources;
            extra->pace_previous = &of_sink->sources;
            if (of_sink->sources)
                of_sink->sources->extra->pace_previous = &extra->pace_next;
            of_sink->sources = source;
            sink->flags |= CHAT_PACING;
        }
    }
    relieve(source);
    sink = sink_of(source);
    if (sink && chat_output_size(sink) > sink->settings->options.high)
        source->flags |= CHAT_CHECK_OUTPUT;
}

void chat_pace_forget(confab_chat *chat)
{
    untie(chat);
    while (chat->flags & CHAT_PACING) {
        confab_chat *source = chat->extra->sources;
        untie(source);
        relieve(source);
    }
}

void confab_chat_suspend(confab_chat *chat)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_SUSPENDED_PLUGIN))
        return;
    chat->flags |= CHAT_SUSPENDED_PLUGIN;
    chat_interest(chat);
}

void confab_chat_resume(confab_chat *chat)
{
    if (chat_closed(chat) || !(chat->flags & CHAT_SUSPENDED_PLUGIN))
        return;
    chat->flags &= ~(uint32_t)CHAT_SUSPENDED_PLUGIN;
    chat_go_on(chat);
}
