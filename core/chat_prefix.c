/* chat_prefix.c: bytes that were held as the front of a terminator, and turn out
 * to be part of the message.
 *
 * They are nowhere but in the terminator itself: only how many of them have
 * arrived is known. */
#include "core/chat.h"
#include <errno.h>

/* Hands len of those bytes to collect_incoming_data: the same way through limits
 * and hooks as bytes of the feed take.  Returns how many at their end are still to
 * be delivered (max_message lies between). */
static size_t collect_prefix(confab_chat *chat, const char *bytes, size_t len)
{
    struct feed *outer = feed_of(chat);
    uint64_t max = chat->settings->options.max_message;
    size_t part = len;

    if (chat->flags & CHAT_SKIPPING)
        return 0;
    /* The collector cannot borrow from a terminator: what it has is kept first. */
    if (outer && outer->borrowed_size && collector_keep(chat, outer))
        return 0;
    if (chat_bounded(chat) && (len > max || chat->message_size > max - len))
        part = chat->message_size < max ? (size_t)(max - chat->message_size) : 0;
    if (part == 0) {
        chat_too_long(chat);
        return 0;
    }
    chat->message_size += part;
    int result = (chat->flags & CHAT_COLLECTS) ? collector_append(chat, bytes, part)
                                               : chat->settings->ops.collect_incoming_data(chat, bytes, part);
    if (result < 0 && (chat->flags & CHAT_COLLECTS))
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    else if (result < 0)
        chat_hooked(chat, result);
    return chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_DISCARDED) ? 0 : len - part;
}

void chat_release_prefix(confab_chat *chat, uint32_t released)
{
    struct terminator *terminator = chat->terminator;
    uint32_t still = chat->until.held - released; /* is held after it */

    /* The hook may set another. */
    terminator_ref(terminator);
    chat->until.held = still;
    size_t left = collect_prefix(chat, terminator->bytes, released);
    if (left > 0) {
        /* What max_message or that hook left of it is searched anew, before what is still held. */
        if (!(chat->flags & CHAT_TERMINATOR_SET)) {
            left += still;
            chat->until.held = 0;
            released += still;
        }
        if (chat_pending_front(chat, terminator->bytes + released - left, left))
            chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    }
    terminator_unref(&chat->channel.reactor->terminators, terminator);
}

void chat_collect_held(confab_chat *chat)
{
    struct terminator *terminator = chat->terminator;
    uint32_t held = chat->until.held;

    if (chat->kind == CONFAB_TERMINATOR_LINE && held) {
        chat_collect_carriage_return(chat);
    } else if (chat->kind == CONFAB_TERMINATOR_BYTES && held) {
        chat->until.held = 0;
        terminator_ref(terminator);
        size_t left = collect_prefix(chat, terminator->bytes, held);
        if (left > 0 && chat_pending_front(chat, terminator->bytes + held - left, left))
            chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        terminator_unref(&chat->channel.reactor->terminators, terminator);
    }
}

void chat_collect_carriage_return(confab_chat *chat)
{
    chat->until.held = 0;
    collect_prefix(chat, "\r", 1);
}
