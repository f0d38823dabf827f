/* chat_collect.c: the library's collector.
 *
 * While a message arrives in one piece only its place in the read buffer is
 * remembered; what is not whole when the event ends is copied once. */
#include "core/buffer.h"
#include "core/chat.h"
#include <errno.h>

enum { COLLECTED_FIRST = 256 };

void collector_clear(confab_chat *chat)
{
    struct feed *feed = feed_of(chat);

    if (feed)
        feed->borrowed_size = 0;
    confab_buffer_unref(chat->collected);
    chat->collected = NULL;
}

int collector_append(confab_chat *chat, const char *bytes, size_t len)
{
    confab_buffer *buffer = chat->collected;
    size_t size = buffer ? buffer->size : 0;

    if (!buffer || buffer->room - size < len) {
        size_t room = size + size / 2 > size + len ? size + size / 2 : size + len;
        buffer = buffer_grow(buffer, room < COLLECTED_FIRST ? COLLECTED_FIRST : room);
        if (!buffer)
            return -ENOMEM;
        chat->collected = buffer;
    }
    memcpy(buffer->bytes + size, bytes, len);
    buffer->size = size + len;
    return 0;
}

int collector_keep(confab_chat *chat, struct feed *feed)
{
    size_t size = feed->borrowed_size;

    feed->borrowed_size = 0;
    int error = collector_append(chat, feed->borrowed, size);
    if (error)
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    return error;
}

static size_t collected_size(const confab_chat *chat)
{
    struct feed *feed = feed_of(chat);

    return (feed ? feed->borrowed_size : 0) + (chat->collected ? chat->collected->size : 0);
}

int confab_chat_collect(confab_chat *chat, const char *data, size_t len)
{
    struct feed *feed = feed_of(chat);
    uint64_t max = chat->settings->options.max_message;
    size_t size = collected_size(chat);

    if (chat_closed(chat) || len == 0)
        return 0;
    if (len > max || size > max - len) {
        /* A message without an end of its own is bounded here. */
        chat->flags |= CHAT_CHECK_LONG;
        len = size < max ? (size_t)(max - size) : 0;
        if (len == 0)
            return 0;
    }
    /* Bytes that lie in front of what is still to be delivered were just read:
     * they stay where they are for as long as the feed does. */
    if (feed && !chat->collected && data + len == feed->at) {
        if (!feed->borrowed_size)
            feed->borrowed = feed->at - len;
        if (feed->borrowed + feed->borrowed_size == data) {
            feed->borrowed_size += len;
            return 0;
        }
    }
    if (feed && feed->borrowed_size && collector_keep(chat, feed))
        return 0;
    if (collector_append(chat, data, len))
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    return 0;
}

/* One that is not in one piece in what was read. */
static __attribute__((noinline)) char *message_kept(confab_chat *chat, size_t *len)
{
    size_t size = chat->collected ? chat->collected->size : 0;

    if (len)
        *len = size;
    if (!chat->collected) {
        chat->collected = buffer_grow(NULL, COLLECTED_FIRST);
        if (!chat->collected) {
            /* Whoever does not look answers nothing: the chat ends with this turn. */
            chat_short_of_memory(chat);
            return NULL;
        }
    }
    chat->collected->bytes[size] = '\0';
    return chat->collected->bytes;
}

/* Puts a NUL where something else is: bytes that are still to be delivered, perhaps, and so are put back. */
static __attribute__((noinline)) char *message_ended(struct feed *feed)
{
    char *end = feed->borrowed + feed->borrowed_size;

    if (feed->nul)
        *feed->nul = feed->saved;
    feed->nul = end;
    feed->saved = *end;
    *end = '\0';
    return feed->borrowed;
}

char *confab_chat_message(confab_chat *chat, size_t *len)
{
    struct feed *feed = &chat->channel.reactor->feed;
    size_t size = feed->borrowed_size;

    if (feed->chat != chat || !size)
        return message_kept(chat, len);
    if (len)
        *len = size;
    return feed->borrowed[size] ? message_ended(feed) : feed->borrowed;
}

confab_buffer *confab_chat_take_message(confab_chat *chat)
{
    struct feed *feed = feed_of(chat);
    confab_buffer *taken;

    if (feed && feed->borrowed_size) {
        taken = confab_buffer_new(feed->borrowed, feed->borrowed_size);
        if (taken)
            feed->borrowed_size = 0;
        return taken;
    }
    taken = chat->collected;
    chat->collected = NULL;
    if (!taken)
        return confab_buffer_new(NULL, 0);
    taken->bytes[taken->size] = '\0';
    return taken;
}

void confab_chat_skip_message(confab_chat *chat)
{
    if (chat_closed(chat))
        return;
    collector_clear(chat);
    chat->message_size = UINT64_MAX;
    chat->flags |= CHAT_SKIPPING;
}
