/* chat_feed.c: cutting what was read into messages: the hot path.
 *
 * After each hook one word of flags says whether anything is to be looked at
 * (closed, suspended, terminator changed, ...); where it is not, the next
 * message follows at once.  What has not been handed over stays in the feed, at
 * the very byte, so that a changed terminator rules it and a resumed chat goes
 * on with it. */
#include "core/chat.h"
#include <errno.h>
#include <string.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

bool chat_at_border(const confab_chat *chat)
{
    if (chat->flags & (CHAT_PENDING | CHAT_SKIPPING | CHAT_SUSPENDED_WORK))
        return false;
    switch ((enum confab_terminator)chat->kind) {
    case CONFAB_TERMINATOR_NONE:
        return true;
    case CONFAB_TERMINATOR_COUNT:
        return chat->message_size == 0;
    case CONFAB_TERMINATOR_BYTES:
    case CONFAB_TERMINATOR_LINE:
        break;
    }
    return chat->message_size == 0 && chat->until.held == 0;
}

bool chat_bounded(const confab_chat *chat)
{
    return (chat->flags & CHAT_COLLECTS) || chat->kind == CONFAB_TERMINATOR_BYTES ||
           chat->kind == CONFAB_TERMINATOR_LINE;
}

static void restore_nul(struct feed *feed)
{
    if (feed->nul) {
        *feed->nul = feed->saved;
        feed->nul = NULL;
    }
}

void chat_too_long(confab_chat *chat)
{
    const struct confab_chat_ops *ops = &chat->settings->ops;

    chat->flags &= ~(uint32_t)CHAT_CHECK_LONG;
    if (ops->handle_too_long) {
        int result = ops->handle_too_long(chat);
        restore_nul(&chat->channel.reactor->feed);
        chat_hooked(chat, result);
    }
    /* Of a message that was discarded there is nothing. */
    if (!(chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_SKIPPING)) && chat->message_size > 0) {
        chat_send_last(chat);
        chat_close(chat, CONFAB_REASON_TOO_LONG, 0);
    }
}

/* The collector's way where the message is in more than one piece. */
static __attribute__((noinline)) bool borrow_more(confab_chat *chat, struct feed *feed, char *bytes,
                                                  size_t len)
{
    if (!chat->collected && feed->borrowed + feed->borrowed_size == bytes) {
        feed->borrowed_size += len;
        return true;
    }
    if (feed->borrowed_size && collector_keep(chat, feed))
        return false;
    if (collector_append(chat, bytes, len) == 0)
        return true;
    chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    return false;
}

/* Remembers where the bytes are for as long as they lie in one piece. */
static inline bool borrow(confab_chat *chat, struct feed *feed, char *bytes, size_t len)
{
    if (unlikely(chat->collected || feed->borrowed_size))
        return borrow_more(chat, feed, bytes, len);
    feed->borrowed = bytes;
    feed->borrowed_size = len;
    return true;
}

/* Hands the next len bytes of the feed to collect_incoming_data, which counts
 * as consuming them.  Returns whether the search that found them still holds. */
static inline bool hand_over(confab_chat *chat, struct feed *feed, size_t len)
{
    char *bytes = feed->at;

    if (unlikely(chat->settings->timeout[CONFAB_TIMEOUT_MESSAGE]) &&
        (chat->message_size == 0 || chat->kind == CONFAB_TERMINATOR_COUNT))
        chat->message_began = chat->channel.reactor->tick;
    chat->message_size += len;
    feed->at += len;
    if (likely(chat->flags & CHAT_COLLECTS))
        return borrow(chat, feed, bytes, len);
    int result = chat->settings->ops.collect_incoming_data(chat, bytes, len);
    restore_nul(feed);
    if (unlikely(result < 0))
        chat_hooked(chat, result);
    return !(chat->flags & CHAT_LOOK);
}

/* A piece that would make the message longer than it may be: skips it, or hands
 * over what fits, or calls handle_too_long. */
static bool piece_too_long(confab_chat *chat, struct feed *feed, size_t len)
{
    uint64_t max = chat->settings->options.max_message;

    if (chat->flags & CHAT_SKIPPING) {
        feed->at += len;
        return true;
    }
    if (!chat_bounded(chat))
        return hand_over(chat, feed, len);
    if (chat->message_size >= max) {
        chat_too_long(chat);
        return false;
    }
    hand_over(chat, feed, (size_t)(max - chat->message_size));
    return false;
}

static inline bool piece(confab_chat *chat, struct feed *feed, size_t len)
{
    uint64_t max = chat->settings->options.max_message;

    if (unlikely(len > max || chat->message_size > max - len))
        return piece_too_long(chat, feed, len);
    return hand_over(chat, feed, len);
}

/* Calls found_terminator. */
static inline void tell(confab_chat *chat, struct feed *feed)
{
    chat->messages++;
    feed->budget--;
    int result = chat->settings->ops.found_terminator(chat);
    if (unlikely(feed->nul != NULL))
        restore_nul(feed);
    feed->borrowed_size = 0;
    if (unlikely(chat->collected != NULL))
        collector_clear(chat);
    if (unlikely(result < 0))
        chat_hooked(chat, result);
}

/* The message is whole. */
static inline void found(confab_chat *chat, struct feed *feed)
{
    chat->until.left = 0;
    chat->message_size = 0;
    if (chat->kind == CONFAB_TERMINATOR_COUNT)
        chat->kind = CONFAB_TERMINATOR_NONE;
    if (unlikely(chat->flags & CHAT_SKIPPING)) {
        chat->flags &= ~(uint32_t)CHAT_SKIPPING;
        return;
    }
    tell(chat, feed);
}

/* A message that lies whole in what was read, with its terminator behind it, for the collector: its place is all there is
 * to know, and no hook is to be called before found_terminator.  Nobody will look at the terminator again, so the
 * NUL of confab_chat_message may stand there. */
static inline bool lies_whole(const confab_chat *chat, struct feed *feed, size_t body)
{
    char *at = feed->at;

    if (unlikely(chat->message_size > 0 || !(chat->flags & CHAT_COLLECTS) || chat->collected ||
                 body > chat->settings->options.max_message))
        return false;
    feed->borrowed = at;
    feed->borrowed_size = body;
    at[body] = '\0';
    return true;
}

/* Part of a terminator, perhaps.  It may be all of a message that is there: its time runs from then. */
static void hold(confab_chat *chat, uint32_t held)
{
    if (chat->message_size == 0 && chat->until.held == 0)
        chat->message_began = chat->channel.reactor->tick;
    chat->until.held = held;
}

/* Whether the next message may be told of at once. */
static inline bool goes_on(const confab_chat *chat, const struct feed *feed)
{
    return feed->at != feed->end && feed->budget > 0 && !(chat->flags & CHAT_LOOK);
}

/* Each of the four consumes what it can, and returns when it has called a hook
 * that changed something, or has nothing more to do. */

static void feed_line_held(confab_chat *chat, struct feed *feed)
{
    if (*feed->at == '\n') {
        feed->at++;
        found(chat, feed);
        return;
    }
    chat_collect_carriage_return(chat);
}

/* No end of a line is there: all is of the message, but perhaps for a CR at the end. */
static __attribute__((noinline)) void feed_line_part(confab_chat *chat, struct feed *feed)
{
    size_t held = feed->end[-1] == '\r', body = feed_left(feed) - held;

    if ((body == 0 || piece(chat, feed, body)) && held) {
        feed->at++;
        hold(chat, 1);
    }
}

static inline void feed_line(confab_chat *chat, struct feed *feed)
{
    if (unlikely(chat->until.held)) {
        feed_line_held(chat, feed);
        return;
    }
    do {
        char *at = feed->at;
        char *end = memchr(at, '\n', feed_left(feed));
        if (!end) {
            feed_line_part(chat, feed);
            return;
        }
        size_t body = (size_t)(end - at);
        if (likely(body > 0) && end[-1] == '\r')
            body--;
        if (likely(lies_whole(chat, feed, body))) {
            feed->at = end + 1;
            tell(chat, feed);
            continue;
        }
        if (body > 0 && !piece(chat, feed, body))
            return;
        feed->at = end + 1;
        found(chat, feed);
    } while (goes_on(chat, feed));
}

static void feed_bytes(confab_chat *chat, struct feed *feed)
{
    struct terminator_match match;

    do {
        terminator_search(chat->terminator, chat->until.held, feed->at, feed_left(feed), &match);
        if (unlikely(match.released)) {
            chat_release_prefix(chat, (uint32_t)match.released);
            return;
        }
        if (likely(match.found && lies_whole(chat, feed, match.body))) {
            chat->until.held = 0;
            feed->at += match.body + match.used;
            tell(chat, feed);
            continue;
        }
        if (match.body > 0 && !piece(chat, feed, match.body))
            return;
        feed->at += match.used;
        if (!match.found) {
            hold(chat, (uint32_t)match.held);
            return;
        }
        found(chat, feed);
        /* The hook may have changed to another terminator of bytes too: LOOK has TERMINATOR_SET. */
    } while (goes_on(chat, feed));
}

static void feed_count(confab_chat *chat, struct feed *feed)
{
    size_t len = chat->until.left < feed_left(feed) ? (size_t)chat->until.left : feed_left(feed);

    if (len == 0) {
        found(chat, feed);
        return;
    }
    uint64_t left = chat->until.left;
    char *before = feed->at;
    chat->until.left -= len;
    piece(chat, feed, len);
    /* It may have taken less (max_message), and then the count must not have
     * gone down by more; if a hook set another terminator the count is not ours. */
    if (chat->kind == CONFAB_TERMINATOR_COUNT && !(chat->flags & CHAT_TERMINATOR_SET))
        chat->until.left = left - (uint64_t)(feed->at - before);
}

/* Deals with what the flags say.  Returns whether delivering goes on. */
static __attribute__((noinline)) bool look(confab_chat *chat, struct feed *feed)
{
    if (chat->flags & CHAT_CHECK_LONG && !(chat->flags & (CHAT_NO_INPUT | CHAT_DISCARDED | CHAT_LIMIT)))
        chat_too_long(chat);
    if (chat->flags & CHAT_CHECK_OUTPUT) {
        chat_check_output(chat);
        restore_nul(feed);
    }
    if (chat->flags & CHAT_STOPPING && !(chat->flags & CHAT_NO_INPUT) && chat_at_border(chat))
        chat_drain(chat, CONFAB_REASON_STOP);
    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_DISCARDED | CHAT_LIMIT)) {
        chat->flags &= ~(uint32_t)CHAT_DISCARDED;
        feed->at = feed->end;
        return false;
    }
    if (chat->flags & (CHAT_NO_INPUT | CHAT_FRONT))
        return false;
    chat->flags &= ~(uint32_t)CHAT_TERMINATOR_SET;
    return true;
}

/* What was delivered of an unfinished message is kept, or dropped with the chat. */
static __attribute__((noinline)) void keep_borrowed(confab_chat *chat, struct feed *feed)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING))
        feed->borrowed_size = 0;
    else
        collector_keep(chat, feed);
}

void chat_feed(confab_chat *chat)
{
    struct feed *feed = &chat->channel.reactor->feed;

    feed->chat = chat;
    if (likely(!chat->output.first))
        chat_lend_chunk(chat, feed);
    while (feed->at != feed->end || chat_count_due(chat) || chat->flags & CHAT_LOOK) {
        if (unlikely(chat->flags & CHAT_LOOK) && !look(chat, feed))
            break;
        if (feed->budget == 0 || (feed->at == feed->end && !chat_count_due(chat)))
            break;
        switch ((enum confab_terminator)chat->kind) {
        case CONFAB_TERMINATOR_LINE:
            feed_line(chat, feed);
            break;
        case CONFAB_TERMINATOR_BYTES:
            feed_bytes(chat, feed);
            break;
        case CONFAB_TERMINATOR_COUNT:
            feed_count(chat, feed);
            break;
        case CONFAB_TERMINATOR_NONE:
            piece(chat, feed, feed_left(feed));
            break;
        }
    }
    if (unlikely(feed->borrowed_size))
        keep_borrowed(chat, feed);
    if (feed->out)
        chat_close_cursor(feed);
    feed->chat = NULL;
}
