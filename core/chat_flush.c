/* chat_flush.c: sending what waits.
 *
 * The usual case is one chunk that the kernel takes whole: one send, and the
 * chunk goes back to the free list.  All else goes round by round: memory
 * gathered into one sendmsg, a producer asked when it is at the head, a file
 * sent from the page cache. */
#include "core/chat.h"
#include "core/producer.h"
#include <errno.h>
#include <sys/uio.h>

/* What a round came to. */
enum round { ROUND_SENT, ROUND_BLOCKED, ROUND_WAITING, ROUND_STOPPED };

static enum round send_failed(confab_chat *chat, ssize_t error)
{
    /* A terminal whose other side has gone goes on saying that it would block, and that it is ready. */
    if (error == -EAGAIN && chat->flags & CHAT_NO_SOCKET && chat_hung_up(chat))
        error = -EIO;
    if (error == -EAGAIN)
        return ROUND_BLOCKED;
    chat_send_failed(chat, (int)-error);
    return ROUND_STOPPED;
}

/* Cuts pieces down to so many bytes altogether; returns how many pieces those are. */
static int cut(struct iovec *iov, int count, size_t bytes)
{
    int n = 0;

    for (; n < count && bytes > 0; n++) {
        iov[n].iov_len = iov[n].iov_len < bytes ? iov[n].iov_len : bytes;
        bytes -= iov[n].iov_len;
    }
    return n;
}

/* To a pipe or a terminal, or where somebody looks, or at a rate: then as if the kernel took no more than that lets pass. */
static __attribute__((noinline)) ssize_t send_rare(confab_chat *chat, struct iovec *iov, int count)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat->flags & CHAT_RATED)
        count = cut(iov, count, chat_rate_out(chat, SIZE_MAX));
    if (count == 0)
        return -EAGAIN;
    if (chat->flags & CHAT_NO_SOCKET)
        return reactor->io->writev(reactor->state, chat->channel.fd, iov, count);
    ssize_t n = reactor->io->sendmsg(reactor->state, chat->channel.fd, iov, count, 0);
    if (n > 0 && chat->flags & CHAT_TAPPED)
        chat_tap_sent(chat, iov, count, (size_t)n);
    return n;
}

static ssize_t send_one(confab_chat *chat, const char *bytes, size_t len)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat->flags & (CHAT_RARE_IO | CHAT_RATED)) {
        struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
        return send_rare(chat, &iov, 1);
    }
    return reactor->io->send(reactor->state, chat->channel.fd, bytes, len, 0);
}

static enum round send_memory(confab_chat *chat, size_t *left)
{
    confab_reactor *reactor = chat->channel.reactor;
    struct iovec iov[OUTPUT_IOV];
    size_t bytes;
    int count = output_gather(&chat->output, iov, &bytes);
    ssize_t n = 0;

    if (bytes > 0) {
        if (count == 1)
            n = send_one(chat, iov[0].iov_base, bytes);
        else if (chat->flags & (CHAT_RARE_IO | CHAT_RATED))
            n = send_rare(chat, iov, count);
        else
            n = reactor->io->sendmsg(reactor->state, chat->channel.fd, iov, count, 0);
        if (n < 0)
            return send_failed(chat, n);
        chat_count_sent(chat, (size_t)n);
    }
    output_sent(&chat->output, reactor, (size_t)n);
    /* References of no bytes. */
    while (chat->output.first && chat->output.first->left == 0 && chat->output.first->kind <= SEGMENT_BUFFER)
        output_drop_first(&chat->output, reactor);
    *left -= (size_t)n < *left ? (size_t)n : *left;
    return (size_t)n < bytes ? ROUND_BLOCKED : ROUND_SENT;
}

const void *producer_head(const confab_chat *chat)
{
    return chat->output.first;
}

/* Asks the producer at the head where it has no bytes left to send. */
static enum round ask_producer(confab_chat *chat, struct segment *segment)
{
    const char *bytes = NULL;

    /* Before, not after it says so: it may have been resumed by then. */
    segment->waiting = true;
    ssize_t n = segment->u.producer.ops->more(segment->u.producer.self, chat,
                                              chat->settings->options.out_buffer_size, &bytes);

    if (chat_closed(chat) || chat->output.first != segment)
        return ROUND_STOPPED; /* it closed the chat, or dropped the output */
    if (n > 0) {
        segment->waiting = false;
        segment->at = bytes;
        segment->left = (size_t)n;
        return ROUND_SENT;
    }
    if (n == -EAGAIN)
        return ROUND_WAITING;
    segment->waiting = false;
    if (n < 0) {
        chat_close(chat, CONFAB_REASON_HOOK, n < -INT16_MAX ? INT16_MAX : (int)-n);
        return ROUND_STOPPED;
    }
    output_drop_first(&chat->output, chat->channel.reactor);
    return ROUND_SENT;
}

static enum round send_produced(confab_chat *chat, struct segment *segment, size_t *left)
{
    if (segment->left == 0) {
        enum round asked = segment->waiting ? ROUND_WAITING : ask_producer(chat, segment);
        if (asked != ROUND_SENT || chat->output.first != segment || segment->left == 0)
            return asked;
    }
    ssize_t n = send_one(chat, segment->at, segment->left);
    if (n < 0)
        return send_failed(chat, n);
    chat_count_sent(chat, (size_t)n);
    segment->at += n;
    segment->left -= (size_t)n;
    *left -= (size_t)n < *left ? (size_t)n : *left;
    return segment->left ? ROUND_BLOCKED : ROUND_SENT;
}

/* Each call ends in a packet that is not full, and that wakes the peer: only the last should.  At a rate each is to
 * arrive when it is sent. */
static void cork(confab_chat *chat, struct segment *segment)
{
    const confab_reactor *reactor = chat->channel.reactor;

    if (!reactor->io->cork || chat->flags & (CHAT_NO_SOCKET | CHAT_RATED))
        return;
    reactor->io->cork(reactor->state, chat->channel.fd, true);
    segment->corked = true;
}

void chat_uncork(confab_chat *chat)
{
    const confab_reactor *reactor = chat->channel.reactor;
    struct segment *first = chat->output.first;

    if (!first || first->kind != SEGMENT_FILE || !first->corked)
        return;
    reactor->io->cork(reactor->state, chat->channel.fd, false);
    first->corked = false;
}

static enum round send_file(confab_chat *chat, struct segment *segment, size_t *left)
{
    confab_reactor *reactor = chat->channel.reactor;
    int64_t of_file = segment->u.file.left;
    size_t want = of_file < (int64_t)*left ? (size_t)of_file : *left;
    ssize_t n = 0;

    if (want > 0) {
        if ((int64_t)want < of_file && !segment->corked)
            cork(chat, segment);
        n = reactor->io->sendfile(reactor->state, chat->channel.fd, segment->u.file.fd,
                                  segment->u.file.offset, want);
        if (n < 0)
            return send_failed(chat, n);
        if (n == 0) {
            /* It has shrunk: what was promised cannot be sent. */
            chat_close(chat, CONFAB_REASON_HOOK, EIO);
            return ROUND_STOPPED;
        }
        chat_count_sent(chat, (size_t)n);
        if (chat->flags & CHAT_TAPPED)
            chat_tap_sent_file(chat, segment->u.file.fd, segment->u.file.offset, (size_t)n);
        segment->u.file.offset += n;
        segment->u.file.left -= n;
        *left -= (size_t)n;
    }
    if (segment->u.file.left == 0) {
        chat_uncork(chat);
        output_drop_first(&chat->output, reactor);
    }
    /* Also where the file has shrunk: the next call finds that. */
    return (size_t)n < want ? ROUND_BLOCKED : ROUND_SENT;
}

static enum round send_rounds(confab_chat *chat)
{
    size_t left = chat->flags & CHAT_RATED ? chat_rate_out(chat, OUTPUT_BYTES) : OUTPUT_BYTES;
    enum round result = ROUND_SENT;

    for (int i = 0; i < OUTPUT_ROUNDS && left > 0 && result == ROUND_SENT && chat->output.first; i++) {
        struct segment *first = chat->output.first;
        if (first->kind == SEGMENT_PRODUCER)
            result = send_produced(chat, first, &left);
        else if (first->kind == SEGMENT_FILE)
            result = send_file(chat, first, &left);
        else
            result = send_memory(chat, &left);
    }
    return result;
}

/* Output is left: whether the peer or a producer is to be waited for. */
static void wait_for_more(confab_chat *chat, enum round result)
{
    bool blocked = result != ROUND_WAITING;

    if (blocked && chat->flags & CHAT_RATED && chat_rate_holds(chat))
        return;
    if (blocked && !(chat->flags & CHAT_BLOCKED)) {
        chat->flags |= CHAT_BLOCKED | CHAT_FLUSH_PLANNED;
        chat->write_began = chat->channel.reactor->tick;
        chat_interest(chat);
        chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_WRITE]);
    } else if (!blocked && chat->flags & CHAT_BLOCKED) {
        chat->flags &= ~(uint32_t)CHAT_BLOCKED;
        chat_interest(chat);
    }
}

static void all_sent(confab_chat *chat)
{
    confab_reactor *reactor = chat->channel.reactor;

    if (chat->flags & CHAT_BLOCKED) {
        chat->flags &= ~(uint32_t)CHAT_BLOCKED;
        chat_interest(chat);
    }
    if (chat->flags & CHAT_DRAINING) {
        chat_drained(chat);
        return;
    }
    if ((chat->flags & (CHAT_SEND_SHUT | CHAT_SEND_ENDED)) == CHAT_SEND_SHUT) {
        chat->flags |= CHAT_SEND_ENDED;
        reactor->io->shutdown(reactor->state, chat->channel.fd, SHUT_WR);
    }
}

void chat_send_last(confab_chat *chat)
{
    size_t left = OUTPUT_BYTES;

    if (chat->flags & (CHAT_CLOSED | CHAT_BLOCKED | CHAT_SEND_FAILED) ||
        chat->state == CONFAB_STATE_CONNECTING)
        return;
    chat_settle(chat);
    if (chat->output.first && chat->output.first->kind <= SEGMENT_BUFFER)
        send_memory(chat, &left);
}

static __attribute__((noinline)) bool not_now(confab_chat *chat)
{
    return chat->flags & (CHAT_CLOSED | CHAT_SEND_FAILED) || chat_rate_holds(chat);
}

/* What follows from an attempt to send.  Whether it came to its end. */
static bool flushed(confab_chat *chat, enum round result)
{
    struct output *output = &chat->output;

    if (result == ROUND_STOPPED || chat_closed(chat))
        return false;
    if (output->first)
        wait_for_more(chat, result);
    else if (chat->flags & (CHAT_BLOCKED | CHAT_DRAINING | CHAT_SEND_SHUT))
        all_sent(chat);
    if (chat->flags & CHAT_OVER_HIGH && output_size(output) <= chat->settings->options.low &&
        !chat_closed(chat))
        chat_under_low(chat);
    return true;
}

static enum round sent_of_chunk(confab_chat *chat, ssize_t n)
{
    struct output *output = &chat->output;

    if (n < 0)
        return send_failed(chat, n);
    chat_count_sent(chat, (size_t)n);
    if ((size_t)n < output->first->left) {
        output_sent(output, chat->channel.reactor, (size_t)n);
        return ROUND_BLOCKED;
    }
    output_sent_only(output, chat->channel.reactor);
    return ROUND_SENT;
}

void chat_sent_of_chunk(confab_chat *chat, ssize_t n)
{
    flushed(chat, sent_of_chunk(chat, n));
}

void chat_flush(confab_chat *chat)
{
    struct segment *first = chat->output.first;
    bool ended;

    if (chat->state == CONFAB_STATE_CONNECTING)
        return;
    if (chat->flags & (CHAT_CLOSED | CHAT_SEND_FAILED | CHAT_RATED) && not_now(chat))
        return;
    if (output_is_chunk(&chat->output))
        ended = flushed(chat, sent_of_chunk(chat, send_one(chat, first->at, first->left)));
    else
        ended = flushed(chat, first ? send_rounds(chat) : ROUND_SENT);
    if (ended && first && !chat->output.first && chat->settings->ops.handle_sent &&
        !(chat->flags & (CHAT_CLOSED | CHAT_DRAINING)))
        chat_hooked(chat, chat->settings->ops.handle_sent(chat));
}
