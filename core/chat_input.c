/* chat_input.c: reading, and input that could not be handed over.
 *
 * A read goes into the reactor's one buffer and is delivered from there.  Only
 * what is left because the chat was suspended, or had its share of the event, is
 * copied: into the chat's own pending buffer, which is consumed by an offset and
 * not moved.  A chat with pending input is not read. */
#include "core/chat.h"
#include <errno.h>

void chat_drop_pending(confab_chat *chat)
{
    struct chat_extra *extra = chat->extra;

    chat->flags &= ~(uint32_t)CHAT_PENDING;
    if (!extra)
        return;
    alloc_free(&chat->channel.reactor->alloc, extra->pending);
    extra->pending = NULL;
    extra->pending_at = extra->pending_end = 0;
}

/* Makes the pending buffer hold front, then what it has, then back. */
static int join(confab_chat *chat, const char *front, size_t front_len, const char *back, size_t back_len)
{
    struct chat_extra *extra = chat_extra(chat);
    const struct alloc *alloc = &chat->channel.reactor->alloc;

    if (!extra)
        return -ENOMEM;
    size_t held = extra->pending_end - extra->pending_at, size = front_len + held + back_len;
    char *joined = alloc_new(alloc, size + 1); /* and the NUL of a message */
    if (!joined)
        return -ENOMEM;
    memcpy(joined, front, front_len);
    if (held)
        memcpy(joined + front_len, extra->pending + extra->pending_at, held);
    memcpy(joined + front_len + held, back, back_len);
    joined[size] = '\0';
    alloc_free(alloc, extra->pending);
    extra->pending = joined;
    extra->pending_at = 0;
    extra->pending_end = size;
    chat->flags |= CHAT_PENDING;
    return 0;
}

int chat_pending_front(confab_chat *chat, const char *bytes, size_t len)
{
    int error = join(chat, bytes, len, "", 0);

    if (error)
        return error;
    if (feed_of(chat))
        chat->flags |= CHAT_FRONT;
    else
        channel_list(&chat->channel, CHAT_WORK_DELIVER);
    return 0;
}

int chat_pending_back(confab_chat *chat, const char *bytes, size_t len)
{
    return join(chat, "", 0, bytes, len);
}

size_t confab_chat_pending_input(const confab_chat *chat)
{
    const struct feed *feed = feed_of(chat);

    if (chat_closed(chat))
        return 0;
    size_t pending = chat->extra ? chat->extra->pending_end - chat->extra->pending_at : 0;

    return pending + (feed ? feed_left(feed) : 0);
}

/* Feeds what is pending; what is left of it is pending again, behind what hooks have put before it. */
static void feed_pending(confab_chat *chat)
{
    struct feed *feed = &chat->channel.reactor->feed;
    struct chat_extra *extra = chat->extra;
    const struct alloc *alloc = &chat->channel.reactor->alloc;
    char *buffer = extra->pending;
    size_t end = extra->pending_end;

    feed->at = buffer + extra->pending_at;
    feed->end = buffer + end;
    extra->pending = NULL;
    extra->pending_at = extra->pending_end = 0;
    chat->flags &= ~(uint32_t)CHAT_PENDING;
    chat_feed(chat);
    size_t left = feed_left(feed);
    if (left && !extra->pending && !(chat->flags & (CHAT_CLOSED | CHAT_DRAINING))) {
        extra->pending = buffer;
        extra->pending_at = end - left;
        extra->pending_end = end;
        chat->flags |= CHAT_PENDING;
        return;
    }
    if (left && !chat_closed(chat) && chat_pending_back(chat, feed->at, left))
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    alloc_free(alloc, buffer);
}

/* After a feed: keeps the `left` bytes that were not delivered, delivers at once what a changed terminator
 * put before them, and sees to it that the rest is delivered in the next turn:
 * AGAIN where this turn's listed work is still to come, DELIVER in its midst. */
static void settle(confab_chat *chat, size_t left, unsigned next_turn)
{
    struct feed *feed = &chat->channel.reactor->feed;

    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING))
        return;
    if (left && chat_pending_back(chat, feed->at, left)) {
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        return;
    }
    while (chat->flags & CHAT_FRONT) {
        chat->flags &= ~(uint32_t)CHAT_FRONT;
        if (chat->flags & CHAT_NO_INPUT || !(chat->flags & CHAT_PENDING) || feed->budget == 0)
            break;
        feed->budget--; /* so that hooks that do this for ever come to an end */
        feed_pending(chat);
    }
    if (chat->flags & CHAT_NO_INPUT)
        return;
    if (chat->flags & CHAT_PENDING || chat_count_due(chat))
        channel_list(&chat->channel, next_turn);
    else if (chat->flags & CHAT_RATED && !(chat->flags & CHAT_EOF))
        chat_rate_in(chat, 1); /* if that was all for now, the rest begins here and not at another wake-up */
}

void chat_deliver_pending(confab_chat *chat)
{
    struct feed *feed = &chat->channel.reactor->feed;

    if (chat->flags & CHAT_NO_INPUT)
        return;
    feed->budget = chat->channel.reactor->messages;
    if (chat->flags & CHAT_PENDING) {
        feed_pending(chat);
    } else {
        feed->at = feed->end = NULL;
        chat_feed(chat);
    }
    settle(chat, 0, CHAT_WORK_DELIVER);
    if (chat->flags & CHAT_EOF_DUE)
        chat_end_of_input(chat);
    /* The read that was listed when a write failed found this pending, and did nothing. */
    if (chat->flags & CHAT_SEND_FAILED && !(chat->flags & (CHAT_NO_INPUT | CHAT_PENDING | CHAT_EOF)))
        channel_list(&chat->channel, CHAT_WORK_READ);
}

/* Whether a read that brought no bytes found the end of the stream.  EIO is how a terminal says that its other
 * side has gone: what it was sent is delivered as from anybody, and the error kept for its output. */
static bool at_end(confab_chat *chat, ssize_t n)
{
    if (n == -EIO && chat->flags & CHAT_NO_SOCKET)
        chat->error = EIO;
    else if (n < 0)
        return false;
    return true;
}

bool chat_hung_up(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;
    size_t want = chat->settings->options.in_buffer_size;

    if (chat->flags & CHAT_EOF)
        return chat->error == EIO;
    /* Where input is waited for that tells; and only what was ready and is not can have gone. */
    if (!(chat->flags & CHAT_SUSPENDED) || !(chat->flags & CHAT_BLOCKED) || reactor->feed.chat ||
        confab_chat_pending_input(chat) >= want)
        return false;
    ssize_t n = reactor->io->read(reactor->state, chat->channel.fd, reactor->buffer, want);
    if (n <= 0)
        return n == -EIO;
    chat->bytes_in += (uint64_t)n;
    if (chat_pending_back(chat, reactor->buffer, (size_t)n))
        chat_short_of_memory(chat);
    return false;
}

/* What arrives after close_when_done. */
static void read_and_drop(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;
    size_t want = reactor->read_buffer;

    if (chat->flags & CHAT_RATED)
        want = chat_rate_in(chat, want);
    if (want == 0)
        return;
    ssize_t n = chat->flags & CHAT_NO_SOCKET
                    ? reactor->io->read(reactor->state, chat->channel.fd, reactor->buffer, want)
                    : reactor->io->recv(reactor->state, chat->channel.fd, reactor->buffer, want, 0);

    if (n > 0) {
        chat->bytes_in += (uint64_t)n;
    } else if (at_end(chat, n)) {
        chat->flags |= CHAT_EOF;
        chat_interest(chat);
    } else if (n != -EAGAIN) {
        chat_close(chat, CONFAB_REASON_RESET, (int)-n);
    }
}

/* From a pipe or a terminal, or where somebody looks. */
static __attribute__((noinline)) ssize_t read_rare(confab_chat *chat, size_t want)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat->flags & CHAT_NO_SOCKET)
        return reactor->io->read(reactor->state, chat->channel.fd, reactor->buffer, want);
    ssize_t n = reactor->io->recv(reactor->state, chat->channel.fd, reactor->buffer, want, 0);
    if (n > 0)
        chat_tap_received(chat, reactor->buffer, (size_t)n);
    return n;
}

/* The connection has broken.  A message of no bytes that is still to be told of comes first, as bytes would. */
static void broken(confab_chat *chat, int error)
{
    if (!chat_count_due(chat)) {
        chat_close(chat, CONFAB_REASON_RESET, error);
        return;
    }
    chat->flags |= CHAT_EOF | CHAT_EOF_DUE;
    if (!(chat->flags & CHAT_SEND_FAILED))
        chat_send_failed(chat, error);
    chat_end_of_input(chat);
}

/* A read that brought no bytes. */
static void read_ended(confab_chat *chat, ssize_t n)
{
    if (n == -EAGAIN) {
        if (chat->flags & CHAT_SEND_FAILED)
            broken(chat, chat->error);
        return;
    }
    if (!at_end(chat, n)) {
        broken(chat, (int)-n);
        return;
    }
    if (chat->flags & CHAT_TAPPED)
        chat_tap_ended(chat);
    chat->flags |= CHAT_EOF | CHAT_EOF_DUE;
    chat_interest(chat);
    chat_end_of_input(chat);
}

/* How much may be read, of a chat that something is to be looked at first; 0: nothing now. */
static __attribute__((noinline)) size_t may_read(confab_chat *chat, size_t want)
{
    if (chat->flags & CHAT_DRAINING && !(chat->flags & (CHAT_CLOSED | CHAT_EOF)))
        read_and_drop(chat);
    else if (chat->flags & CHAT_CHECK_OUTPUT)
        chat_check_output(chat);
    if (chat->flags & (CHAT_NO_INPUT | CHAT_PENDING | CHAT_EOF))
        return 0;
    return chat->flags & CHAT_RATED ? chat_rate_in(chat, want) : want;
}

void chat_read(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;
    struct feed *feed = &reactor->feed;
    size_t want = chat->settings->options.in_buffer_size;

    if (chat->flags & (CHAT_NO_INPUT | CHAT_PENDING | CHAT_EOF | CHAT_CHECK_OUTPUT | CHAT_RATED)) {
        want = may_read(chat, want);
        if (want == 0)
            return;
    }
    feed->budget = reactor->messages;
    for (unsigned i = 0; i < reactor->reads; i++) {
        ssize_t n = chat->flags & CHAT_RARE_IO
                        ? read_rare(chat, want)
                        : reactor->io->recv(reactor->state, chat->channel.fd, reactor->buffer, want, 0);
        if (n <= 0) {
            read_ended(chat, n);
            return;
        }
        chat->active = reactor->tick;
        chat->bytes_in += (uint64_t)n;
        feed->at = reactor->buffer;
        feed->end = feed->at + n;
        *feed->end = '\0'; /* a message that ends there needs no other */
        chat_feed(chat);
        size_t left = feed_left(feed);
        if (left || chat->flags & (CHAT_FRONT | CHAT_NO_INPUT | CHAT_RATED) || chat_count_due(chat)) {
            settle(chat, left, CHAT_WORK_AGAIN);
            break;
        }
        if ((size_t)n < want || feed->budget == 0)
            break;
    }
    if (chat->flags & CHAT_SEND_FAILED && !(chat->flags & CHAT_NO_INPUT))
        channel_list(&chat->channel, CHAT_WORK_READ);
}
