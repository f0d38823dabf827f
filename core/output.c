#include "core/output.h"
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

/* small: behind a reference or a producer, and so perhaps between two: such chunks are hardly ever filled. */
static struct segment *chunk_new(confab_reactor *reactor, size_t size, bool small)
{
    struct segment *chunk = size <= OUTPUT_CHUNK && !small ? reactor->chunks : NULL;
    size_t least = small ? OUTPUT_CHUNK_SMALL : OUTPUT_CHUNK;

    if (chunk) {
        reactor->chunks = chunk->next;
        reactor->chunks_kept--;
    } else {
        size = size < least ? least : size;
        chunk = alloc_new(&reactor->alloc, sizeof *chunk + size);
        if (!chunk)
            return NULL;
        chunk->kind = SEGMENT_BYTES;
        chunk->waiting = chunk->spare = false;
        /* A larger one is full of what it was made for.  Those on the free list never have a cost. */
        chunk->cost = size == OUTPUT_CHUNK_SMALL ? OUTPUT_CHUNK_SMALL : 0;
        chunk->u.chunk.size = size;
    }
    chunk->next = NULL;
    chunk->at = chunk->u.chunk.end = chunk->bytes;
    chunk->left = 0;
    return chunk;
}

void output_append(struct output *output, struct segment *segment)
{
    struct segment *first = output->first;

    segment->next = NULL;
    if (first) {
        first->last->next = segment;
    } else {
        output->first = first = segment;
        first->size = 0;
    }
    first->last = segment;
    if (segment->kind != SEGMENT_PRODUCER && segment->kind != SEGMENT_FILE)
        first->size += segment->left;
    first->size += segment->cost;
}

static size_t chunk_room(const struct segment *chunk)
{
    return chunk->u.chunk.size - (size_t)(chunk->u.chunk.end - chunk->bytes);
}

static void chunk_write(struct segment *chunk, const char *bytes, size_t len)
{
    memcpy(chunk->u.chunk.end, bytes, len);
    chunk->u.chunk.end += len;
    chunk->left += len;
}

int output_push(struct output *output, confab_reactor *reactor, const char *bytes, size_t len)
{
    struct segment *last = output->first ? output->first->last : NULL;
    size_t joined = 0;

    if (last && last->kind == SEGMENT_BYTES)
        joined = chunk_room(last) < len ? chunk_room(last) : len;
    if (joined < len) {
        struct segment *chunk = chunk_new(reactor, len - joined, last && last->kind != SEGMENT_BYTES);
        if (!chunk)
            return -ENOMEM;
        chunk_write(chunk, bytes + joined, len - joined);
        output_append(output, chunk);
    }
    if (joined > 0) {
        chunk_write(last, bytes, joined);
        output->first->size += joined;
    }
    return 0;
}

struct segment *segment_new(confab_reactor *reactor, enum segment_kind kind)
{
    struct segment *segment = alloc_new(&reactor->alloc, sizeof *segment);
    bool spare = !segment;

    if (spare) {
        segment = reactor->spare_segments;
        if (!segment)
            return NULL;
        reactor->spare_segments = segment->next;
    }
    *segment = (struct segment){ .kind = (uint8_t)kind, .spare = spare, .cost = sizeof *segment };
    return segment;
}

void segment_release_later(confab_reactor *reactor, struct segment *segment)
{
    segment->next = NULL;
    *reactor->releases_end = segment;
    reactor->releases_end = &segment->next;
}

static void segment_drop(confab_reactor *reactor, struct segment *segment)
{
    if (segment->kind == SEGMENT_BYTES)
        output_free_chunk(reactor, segment);
    else
        segment_release_later(reactor, segment);
}

void output_drop_first(struct output *output, confab_reactor *reactor)
{
    struct segment *first = output->first;

    output->first = first->next;
    if (first->next) {
        size_t own = first->kind != SEGMENT_PRODUCER && first->kind != SEGMENT_FILE ? first->left : 0;
        first->next->last = first->last;
        first->next->size = first->size - own - first->cost;
    }
    segment_drop(reactor, first);
}

void output_drop_all(struct output *output, confab_reactor *reactor)
{
    while (output->first)
        output_drop_first(output, reactor);
}

void output_sent(struct output *output, confab_reactor *reactor, size_t n)
{
    while (n > 0) {
        struct segment *first = output->first;
        size_t part = n < first->left ? n : first->left;

        first->at += part;
        first->left -= part;
        first->size -= part;
        n -= part;
        if (first->left == 0)
            output_drop_first(output, reactor);
    }
}

int output_gather(const struct output *output, struct iovec *iov, size_t *bytes)
{
    int n = 0;

    *bytes = 0;
    for (struct segment *s = output->first; s && n < OUTPUT_IOV && *bytes < OUTPUT_BYTES; s = s->next) {
        if (s->kind == SEGMENT_PRODUCER || s->kind == SEGMENT_FILE)
            break;
        iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)s->at, .iov_len = s->left };
        *bytes += s->left;
    }
    return n;
}

void segment_release_now(const struct segment *segment)
{
    switch ((enum segment_kind)segment->kind) {
    case SEGMENT_REFERENCE:
        if (segment->u.reference.release)
            segment->u.reference.release(segment->u.reference.owner);
        break;
    case SEGMENT_BUFFER:
        confab_buffer_unref(segment->u.buffer);
        break;
    case SEGMENT_PRODUCER:
        if (segment->u.producer.ops->release)
            segment->u.producer.ops->release(segment->u.producer.self);
        break;
    case SEGMENT_FILE:
        close(segment->u.file.fd);
        break;
    case SEGMENT_BYTES:
        break;
    }
}

/* One at a time from the front: a release may push, and so add to the list. */
void outputs_release(confab_reactor *reactor)
{
    struct segment *segment;

    while ((segment = reactor->releases)) {
        reactor->releases = segment->next;
        if (!reactor->releases)
            reactor->releases_end = &reactor->releases;
        segment_release_now(segment);
        if (segment->spare) {
            segment->next = reactor->spare_segments;
            reactor->spare_segments = segment;
        } else {
            alloc_free(&reactor->alloc, segment);
        }
    }
}

int outputs_init(confab_reactor *reactor)
{
    for (int i = 0; i < OUTPUT_SPARES; i++) {
        struct segment *segment = alloc_zeroed(&reactor->alloc, sizeof *segment);
        if (!segment)
            return -ENOMEM;
        segment->next = reactor->spare_segments;
        reactor->spare_segments = segment;
    }
    return 0;
}

static void free_chain(const struct alloc *alloc, struct segment *segment)
{
    for (struct segment *next; segment; segment = next) {
        next = segment->next;
        alloc_free(alloc, segment);
    }
}

void outputs_free(confab_reactor *reactor)
{
    free_chain(&reactor->alloc, reactor->chunks);
    free_chain(&reactor->alloc, reactor->spare_segments);
    reactor->chunks = reactor->spare_segments = NULL;
}
