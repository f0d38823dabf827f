/* producer_chunked.c: HTTP's chunked coding.  A chunk and its frame stand in one
 * buffer, so that they leave together. */
#include "core/producer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_MAX = 16 << 10,
    HEAD_MAX = sizeof "4000\r\n" - 1, /* CHUNK_MAX and a line end */
    TAIL = sizeof "\r\n" - 1
};

struct chunked {
    struct inner inner;
    const char *piece; /* what of inner's last piece is in no chunk yet */
    size_t left;
    char *buffer; /* NULL while inner has nothing to say: one that waits costs little */
    bool ended;   /* the last chunk was given */
    size_t last_size;
    char last[]; /* the last chunk and the trailers */
};

/* Where a next line may begin behind these trailers: without it the empty line behind
 * them would be the end of the last of them, and none would follow. */
static bool ends_a_line(const char *trailers, size_t size)
{
    return size == 0 || (size >= TAIL && memcmp(trailers + size - TAIL, "\r\n", TAIL) == 0);
}

void *confab_chunked_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                  const char *trailers)
{
    size_t size = trailers ? strlen(trailers) : 0, missing = ends_a_line(trailers, size) ? 0 : TAIL;
    struct inner taken;

    if (!inner_take(&taken, inner_ops, inner))
        return NULL;
    struct chunked *chunked = malloc(sizeof *chunked + 3 + size + missing + TAIL);
    if (!chunked) {
        inner_release(&taken);
        return NULL;
    }
    *chunked = (struct chunked){ .inner = taken, .last_size = 3 + size + missing + TAIL };
    memcpy(chunked->last, "0\r\n", 3);
    if (size > 0)
        memcpy(chunked->last + 3, trailers, size);
    memcpy(chunked->last + 3 + size, "\r\n\r\n", missing + TAIL);
    return chunked;
}

/* Writes a chunk's size before `end`; returns where it begins. */
static char *write_head(char *end, size_t size)
{
    char *at = end;

    *--at = '\n';
    *--at = '\r';
    for (; size > 0; size >>= 4)
        *--at = "0123456789abcdef"[size & 15];
    return at;
}

static ssize_t next_chunk(struct chunked *chunked, const char **bytes)
{
    size_t n = chunked->left < CHUNK_MAX ? chunked->left : CHUNK_MAX;

    if (!chunked->buffer)
        chunked->buffer = malloc(HEAD_MAX + CHUNK_MAX + TAIL);
    if (!chunked->buffer)
        return -ENOMEM;
    char *data = chunked->buffer + HEAD_MAX, *head = write_head(data, n);
    memcpy(data, chunked->piece, n);
    memcpy(data + n, "\r\n", TAIL);
    chunked->piece += n;
    chunked->left -= n;
    *bytes = head;
    return data + n + TAIL - head;
}

static ssize_t chunked_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct chunked *chunked = self;

    if (chunked->left > 0)
        return next_chunk(chunked, bytes);
    if (chunked->ended)
        return 0;
    ssize_t n = inner_more(&chunked->inner, chat, want, &chunked->piece);
    if (n > 0) {
        chunked->left = (size_t)n;
        return next_chunk(chunked, bytes);
    }
    free(chunked->buffer);
    chunked->buffer = NULL;
    if (n < 0)
        return n; /* an error ends without the last chunk: what was sent is known not to be whole */
    chunked->ended = true;
    *bytes = chunked->last;
    return (ssize_t)chunked->last_size;
}

static void chunked_release(void *self)
{
    struct chunked *chunked = self;

    inner_release(&chunked->inner);
    free(chunked->buffer);
    free(chunked);
}

const struct confab_producer_ops confab_chunked_producer_ops = {
    .size = sizeof confab_chunked_producer_ops,
    .more = chunked_more,
    .release = chunked_release,
};
