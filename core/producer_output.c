/* producer_output.c: Medusa's output_producer: a buffer that is written to while
 * it is sent.
 *
 * What is written is copied into pieces, which are never moved: the bytes that
 * the chat is sending stay where they are while more is written behind them. */
#include <confab/chat.h>
#include <confab/producer.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    struct piece *next;
    size_t at, end, room; /* of bytes[]: asked for; written; there is */
    char bytes[];
};

enum { LIMIT_DEFAULT = 1 << 20, PIECE_ROOM = 4096 - sizeof(struct piece) };

struct written {
    struct piece *first, *last;
    size_t size; /* written and not asked for */
    size_t limit;
    confab_chat *told;    /* that there is nothing now: it is to be told when there is; else NULL */
    bool released, ended; /* which of the two ends is gone */
};

void *confab_output_producer_new(size_t limit)
{
    struct written *written = malloc(sizeof *written);

    if (written)
        *written = (struct written){ .limit = limit ? limit : LIMIT_DEFAULT };
    return written;
}

static void drop_first(struct written *written)
{
    struct piece *first = written->first;

    written->first = first->next;
    if (!written->first)
        written->last = NULL;
    free(first);
}

static void resume(struct written *written)
{
    confab_chat *chat = written->told;

    written->told = NULL;
    if (chat)
        confab_chat_resume_output(chat);
}

/* Adds an empty piece with room for len bytes.  False: out of memory. */
static bool add_piece(struct written *written, size_t len)
{
    size_t room = len > PIECE_ROOM ? len : PIECE_ROOM;
    struct piece *piece = malloc(sizeof *piece + room);

    if (!piece)
        return false;
    *piece = (struct piece){ .room = room };
    if (written->last)
        written->last->next = piece;
    else
        written->first = piece;
    written->last = piece;
    return true;
}

static void append(struct piece *piece, const char *bytes, size_t len)
{
    memcpy(piece->bytes + piece->end, bytes, len);
    piece->end += len;
}

int confab_output_producer_write(void *self, const void *bytes, size_t len)
{
    struct written *written = self;
    struct piece *last = written->last;

    if (written->released)
        return -EPIPE;
    if (written->size > written->limit)
        return -ENOBUFS;
    if (len == 0)
        return 0;
    size_t room = last ? last->room - last->end : 0, joined = room < len ? room : len;
    if (joined < len && !add_piece(written, len - joined))
        return -ENOMEM;
    if (joined > 0)
        append(last, bytes, joined);
    if (joined < len)
        append(written->last, (const char *)bytes + joined, len - joined);
    written->size += len;
    resume(written);
    return 0;
}

size_t confab_output_producer_size(const void *self)
{
    return ((const struct written *)self)->size;
}

void confab_output_producer_end(void *self)
{
    struct written *written = self;

    if (written->released) {
        free(written);
        return;
    }
    written->ended = true;
    resume(written);
}

static ssize_t output_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct written *written = self;

    written->told = NULL;
    /* All of it was asked for, and has left: of those behind it none is empty. */
    if (written->first && written->first->at == written->first->end)
        drop_first(written);
    struct piece *first = written->first;
    if (!first && written->ended)
        return 0;
    if (!first) {
        written->told = chat;
        return -EAGAIN;
    }
    size_t left = first->end - first->at, n = want > 0 && want < left ? want : left;
    *bytes = first->bytes + first->at;
    first->at += n;
    written->size -= n;
    return (ssize_t)n;
}

/* The chat's end.  Its chat may be freed soon. */
static void output_release(void *self)
{
    struct written *written = self;

    while (written->first)
        drop_first(written);
    written->size = 0;
    written->told = NULL;
    written->released = true;
    if (written->ended)
        free(written);
}

const struct confab_producer_ops confab_output_producer_ops = {
    .size = sizeof confab_output_producer_ops,
    .more = output_more,
    .release = output_release,
};
