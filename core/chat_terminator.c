/* chat_terminator.c: what ends a message, and changing it.
 *
 * What rules the bytes that follow includes those that were held as the front of the
 * terminator before: they are put back before all other undelivered input. */
#include "core/chat.h"
#include <errno.h>

static const char carriage_return[] = "\r";

/* Puts a held prefix back; the chat is then in no message-ending state. */
static int let_go(confab_chat *chat)
{
    const char *bytes = chat->kind == CONFAB_TERMINATOR_LINE ? carriage_return : NULL;
    uint32_t held = chat->until.held;

    if (chat->kind == CONFAB_TERMINATOR_BYTES)
        bytes = chat->terminator->bytes;
    if (!bytes || !held)
        return 0;
    int error = chat_pending_front(chat, bytes, held);
    if (!error)
        chat->until.held = 0;
    return error;
}

/* Takes over a reference to terminator. */
static int change(confab_chat *chat, enum confab_terminator kind, struct terminator *terminator,
                  uint64_t left)
{
    confab_reactor *reactor = chat->channel.reactor;
    int error = let_go(chat);

    if (error) {
        if (terminator)
            terminator_unref(&reactor->terminators, terminator);
        return error;
    }
    if (chat->terminator)
        terminator_unref(&reactor->terminators, chat->terminator);
    chat->terminator = terminator;
    chat->kind = (uint8_t)kind;
    chat->until.left = left;
    chat->flags |= CHAT_TERMINATOR_SET;
    /* While the chat's input is being delivered that goes on with it by itself. */
    if (chat_count_due(chat) && !feed_of(chat))
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
    return 0;
}

/* What every setter asks first. */
static int may_set(confab_chat *chat)
{
    struct settings *settings = chat->settings;

    if (chat_closed(chat))
        return -EPIPE;
    if (settings->ops.found_terminator)
        return 0;
    if (!settings->complained)
        chat_log(chat, CONFAB_ERROR, "a terminator was set, but the hook found_terminator is missing");
    settings->complained = true;
    return -EINVAL;
}

int confab_chat_set_terminator(confab_chat *chat, const void *bytes, size_t len)
{
    int error = may_set(chat);

    if (error)
        return error;
    if (len == 0)
        return -EINVAL;
    if (len > CONFAB_TERMINATOR_MAX)
        return -EMSGSIZE;
    struct terminator *terminator = terminator_get(&chat->channel.reactor->terminators, bytes, len);
    if (!terminator)
        return -ENOMEM;
    if (terminator == chat->terminator) {
        /* The same again: what has arrived of it stays held. */
        terminator_unref(&chat->channel.reactor->terminators, terminator);
        return 0;
    }
    return change(chat, CONFAB_TERMINATOR_BYTES, terminator, 0);
}

int confab_chat_set_terminator_after(confab_chat *chat, const void *bytes, size_t len, size_t seen)
{
    int error = may_set(chat);

    if (error)
        return error;
    if (len > CONFAB_TERMINATOR_MAX)
        return -EMSGSIZE;
    if (seen >= len)
        return -EINVAL;
    struct terminator *terminator = terminator_get(&chat->channel.reactor->terminators, bytes, len);
    if (!terminator)
        return -ENOMEM;
    error = change(chat, CONFAB_TERMINATOR_BYTES, terminator, 0);
    if (error)
        return error;
    reactor_refresh(chat->channel.reactor);
    chat->message_began = chat->channel.reactor->tick;
    chat->until.held = (uint32_t)seen;
    return 0;
}

int confab_chat_set_terminator_line(confab_chat *chat)
{
    int error = may_set(chat);

    if (error || chat->kind == CONFAB_TERMINATOR_LINE)
        return error;
    return change(chat, CONFAB_TERMINATOR_LINE, NULL, 0);
}

int confab_chat_set_terminator_count(confab_chat *chat, uint64_t n)
{
    int error = may_set(chat);

    return error ? error : change(chat, CONFAB_TERMINATOR_COUNT, NULL, n);
}

int confab_chat_set_terminator_none(confab_chat *chat)
{
    if (chat_closed(chat))
        return -EPIPE;
    return change(chat, CONFAB_TERMINATOR_NONE, NULL, 0);
}

enum confab_terminator confab_chat_get_terminator(confab_chat *chat, const char **bytes,
                                                  uint64_t *len_or_left)
{
    bool is_bytes = chat->kind == CONFAB_TERMINATOR_BYTES;

    if (bytes)
        *bytes = is_bytes ? chat->terminator->bytes : NULL;
    if (len_or_left)
        *len_or_left = is_bytes                                ? chat->terminator->len
                       : chat->kind == CONFAB_TERMINATOR_COUNT ? chat->until.left
                                                               : 0;
    return (enum confab_terminator)chat->kind;
}
