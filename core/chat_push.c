/* chat_push.c: what waits to be sent. */
#include "core/chat.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PRINTF_STACK = 512 };

/* Something is to be sent, and nobody is about to: the turn will. */
static void plan_flush(confab_chat *chat)
{
    if (chat->flags & CHAT_FLUSH_PLANNED || chat->flags & CHAT_CLOSED)
        return;
    chat->flags |= CHAT_FLUSH_PLANNED;
    channel_list(&chat->channel, CHAT_WORK_FLUSH);
}

void chat_short_of_memory(confab_chat *chat)
{
    if (chat->flags & (CHAT_CLOSED | CHAT_DRAINING | CHAT_LIMIT))
        return;
    chat_settle(chat);
    chat->flags |= CHAT_LIMIT;
    chat->reason = CONFAB_REASON_NO_MEMORY;
    chat->error = ENOMEM;
    channel_list(&chat->channel, CHAT_WORK_LIMIT);
}

/* Whether anything may be pushed now. */
static int may_push(confab_chat *chat)
{
    if (chat->flags & CHAT_NO_PUSH)
        return chat->flags & CHAT_LIMIT && !(chat->flags & CHAT_CLOSED)
                   ? chat->reason == CONFAB_REASON_NO_MEMORY ? -ENOMEM : -ENOBUFS
                   : -EPIPE;
    chat_settle(chat);
    if (output_size(&chat->output) <= chat->settings->options.output_limit)
        return 0;
    chat->flags |= CHAT_LIMIT;
    chat->reason = CONFAB_REASON_OUTPUT_LIMIT;
    channel_list(&chat->channel, CHAT_WORK_LIMIT);
    return -ENOBUFS;
}

static void pushed(confab_chat *chat)
{
    if (output_size(&chat->output) > chat->settings->options.high)
        chat_over_high(chat);
    plan_flush(chat);
}

static __attribute__((noinline)) int push_slow(confab_chat *chat, const void *bytes, size_t len)
{
    int error = may_push(chat);

    if (error || len == 0)
        return error;
    error = output_push(&chat->output, chat->channel.reactor, bytes, len);
    if (error)
        chat_short_of_memory(chat);
    else
        pushed(chat);
    return error;
}

/* Copies 16 to 64 bytes, as most lines are, without a call: the first and the last of
 * them in pieces of a constant size, which may overlap. */
static inline void copy_line(char *to, const char *from, size_t len)
{
    if (len <= 32) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else {
        memcpy(to, from, 32);
        memcpy(to + len - 32, from + len - 32, 32);
    }
}

size_t chat_cursor_size(const struct feed *feed)
{
    return (size_t)(feed->out -
                    (feed->lent ? feed->lent->bytes : feed->chat->output.first->last->u.chunk.end));
}

/* A lent chunk becomes the output, or goes back where nothing was written into it. */
static inline void settle_lent(struct feed *feed, struct segment *chunk, size_t written)
{
    feed->lent = NULL;
    if (!written) {
        output_free_chunk(feed->chat->channel.reactor, chunk);
        return;
    }
    chunk->next = NULL;
    chunk->at = chunk->bytes;
    chunk->left = chunk->size = written;
    chunk->last = feed->chat->output.first = chunk;
    chunk->u.chunk.end = feed->out;
}

/* What it has written is counted, and the next push looks at everything again. */
void chat_close_cursor(struct feed *feed)
{
    size_t written = chat_cursor_size(feed);

    if (feed->lent) {
        settle_lent(feed, feed->lent, written);
    } else {
        struct segment *first = feed->chat->output.first;
        first->size += written;
        first->last->left += written;
        first->last->u.chunk.end = feed->out;
    }
    feed->out = feed->out_end = NULL;
}

/* Opens it behind what was just pushed, up to the end of the chunk and to the high mark. */
static void open_cursor(confab_chat *chat, struct feed *feed, struct segment *last)
{
    size_t room = (size_t)(last->bytes + last->u.chunk.size - last->u.chunk.end);
    size_t under = chat->settings->options.high - chat->output.first->size;

    feed->out = last->u.chunk.end;
    feed->out_end = feed->out + (room < under ? room : under);
}

/* The first of an event, or into a chat of which no event runs: as long as it fits behind what waits already, or is the
 * first in a chunk that lies ready. */
static __attribute__((noinline)) int push_behind(confab_chat *chat, const void *bytes, size_t len)
{
    struct feed *feed = &chat->channel.reactor->feed;
    struct output *output = &chat->output;

    chat_settle(chat);
    if ((chat->flags & (CHAT_NO_PUSH | CHAT_FLUSH_PLANNED)) != CHAT_FLUSH_PLANNED || len == 0 ||
        output_size(output) + len > chat->settings->options.high)
        return push_slow(chat, bytes, len);
    struct segment *first = output->first ? output->first : output_first_chunk(output, chat->channel.reactor);
    if (!first)
        return push_slow(chat, bytes, len);
    struct segment *last = first->last;
    char *end = last->u.chunk.end;
    if (last->kind != SEGMENT_BYTES || (size_t)(last->bytes + last->u.chunk.size - end) < len)
        return push_slow(chat, bytes, len);
    memcpy(end, bytes, len);
    last->left += len;
    first->size += len;
    last->u.chunk.end = end + len;
    if (feed->chat == chat && !feed->flushing)
        open_cursor(chat, feed, last);
    return 0;
}

/* Of a length that is worth a call: a function of its own, so that short pushes need no stack frame. */
static __attribute__((noinline)) int push_copy(char *to, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(to, bytes, len);
    return 0;
}

int confab_chat_push(confab_chat *chat, const void *bytes, size_t len)
{
    struct feed *feed = &chat->channel.reactor->feed;
    char *to = feed->out;

    /* The usual case: more of what the running event answers. */
    if (feed->chat != chat || (size_t)(feed->out_end - to) <= len)
        return push_behind(chat, bytes, len);
    feed->out = to + len;
    if (len == 2)
        memcpy(to, bytes, 2); /* a line end, most of the time */
    else if (len - 16 <= 48)
        copy_line(to, bytes, len);
    else
        return push_copy(to, bytes, len);
    return 0;
}

int confab_chat_puts(confab_chat *chat, const char *text)
{
    return confab_chat_push(chat, text, strlen(text));
}

int confab_chat_printf(confab_chat *chat, const char *format, ...)
{
    char text[PRINTF_STACK];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0)
        return -EINVAL;
    if ((size_t)len < sizeof text)
        return confab_chat_push(chat, text, (size_t)len);

    const struct alloc *alloc = &chat->channel.reactor->alloc;
    char *longer = alloc_new(alloc, (size_t)len + 1);
    if (!longer) {
        if (!may_push(chat))
            chat_short_of_memory(chat);
        return -ENOMEM;
    }
    va_start(args, format);
    vsnprintf(longer, (size_t)len + 1, format, args);
    va_end(args);
    int error = confab_chat_push(chat, longer, (size_t)len);
    alloc_free(alloc, longer);
    return error;
}

/* A segment for something with a release.  Where there is no memory for one, not
 * even in the reserve, the release runs here: better early than never. */
static struct segment *segment_for(confab_chat *chat, const struct segment *like)
{
    struct segment *segment = segment_new(chat->channel.reactor, (enum segment_kind)like->kind);

    if (segment) {
        segment->at = like->at;
        segment->left = like->left;
        segment->u = like->u;
        return segment;
    }
    segment_release_now(like);
    if (!(chat->flags & CHAT_NO_PUSH))
        chat_short_of_memory(chat);
    return NULL;
}

static int push_segment(confab_chat *chat, const struct segment *like)
{
    struct segment *segment = segment_for(chat, like);

    if (!segment)
        return -ENOMEM;
    int error = may_push(chat);
    if (!error && segment->spare) {
        chat_short_of_memory(chat);
        error = -ENOMEM;
    }
    if (error) {
        segment_release_later(chat->channel.reactor, segment);
        return error;
    }
    output_append(&chat->output, segment);
    pushed(chat);
    return 0;
}

int confab_chat_push_reference(confab_chat *chat, const void *bytes, size_t len, void (*release)(void *),
                               void *owner)
{
    return push_segment(chat, &(struct segment){ .kind = SEGMENT_REFERENCE,
                                                 .at = bytes,
                                                 .left = len,
                                                 .u.reference = { .release = release, .owner = owner } });
}

int confab_chat_push_buffer(confab_chat *chat, confab_buffer *buffer)
{
    if (!buffer) {
        /* What take_message returns where memory is short. */
        chat_short_of_memory(chat);
        return -ENOMEM;
    }
    return push_segment(chat, &(struct segment){ .kind = SEGMENT_BUFFER,
                                                 .at = confab_buffer_data(buffer),
                                                 .left = confab_buffer_size(buffer),
                                                 .u.buffer = buffer });
}

int confab_chat_push_with_producer(confab_chat *chat, const struct confab_producer_ops *ops, void *self)
{
    struct segment like = { .kind = SEGMENT_PRODUCER, .u.producer = { .ops = ops, .self = self } };

    if (!ops || ops->size < sizeof *ops)
        return -EINVAL;
    if (!self && ops->more) {
        /* What a constructor returns where memory is short. */
        chat_short_of_memory(chat);
        return -ENOMEM;
    }
    if (ops->more)
        return push_segment(chat, &like);
    if (!self)
        return -EINVAL;
    struct segment *segment = segment_for(chat, &like);
    if (segment)
        segment_release_later(chat->channel.reactor, segment);
    return -EINVAL;
}

int confab_chat_push_file(confab_chat *chat, int fd, int64_t offset, int64_t len)
{
    struct segment like = { .kind = SEGMENT_FILE };
    struct stat st;
    int error = 0;

    like.u.file.fd = fd;
    if (fstat(fd, &st))
        error = -errno;
    else if (offset < 0 || (len < 0 && !S_ISREG(st.st_mode)))
        error = -EINVAL;
    else if (len < 0)
        len = st.st_size > offset ? st.st_size - offset : 0;
    like.u.file.offset = offset;
    like.u.file.left = len;
    if (error) {
        segment_release_now(&like);
        return error;
    }
    return push_segment(chat, &like);
}

size_t confab_chat_output_size(const confab_chat *chat)
{
    return chat_output_size(chat);
}

void confab_chat_resume_output(confab_chat *chat)
{
    struct segment *first = chat->output.first;

    if (chat_closed(chat) || !first || !first->waiting)
        return;
    reactor_refresh(chat->channel.reactor);
    first->waiting = false;
    chat->write_began = chat->channel.reactor->tick;
    channel_list(&chat->channel, CHAT_WORK_FLUSH);
}
