/* output.h: what waits to be sent: a FIFO of segments.
 *
 * BYTES are copied into chunks that the reactor keeps on a free list, small
 * ones joined; REFERENCE, BUFFER, PRODUCER and FILE are sent from where they
 * are.  Releasing is put off to the loop: a segment that is dropped goes onto
 * the reactor's list of releases, which outputs_release runs. */
#ifndef CONFAB_CORE_OUTPUT_H
#define CONFAB_CORE_OUTPUT_H

#include "core/reactor.h"
#include <confab/buffer.h>
#include <confab/producer.h>

enum segment_kind { SEGMENT_BYTES, SEGMENT_REFERENCE, SEGMENT_BUFFER, SEGMENT_PRODUCER, SEGMENT_FILE };

struct segment {
    struct segment *next;
    const char *at; /* the first byte not sent yet; of a PRODUCER: of its present piece */
    size_t left;    /* bytes from there */
    uint8_t kind;
    bool waiting; /* a PRODUCER that said "not now" */
    bool spare;   /* of the reactor's reserve: not to be freed */
    bool corked;  /* a FILE larger than one flush: small packets are held back meanwhile, where that can be */
    uint16_t
        cost; /* bytes of memory beside those that are sent, where they may be many: counted in output.size */
    union {
        struct {
            size_t size; /* of bytes[] */
            char *end;   /* of what was written into it */
        } chunk;
        struct {
            void (*release)(void *);
            void *owner;
        } reference;
        confab_buffer *buffer;
        struct {
            const struct confab_producer_ops *ops;
            void *self;
        } producer;
        struct {
            int fd;
            int64_t offset;
            int64_t left;
        } file;
    } u;
    /* Of the first of a queue, about all of it: an idle queue is a pointer of a chat and no more. */
    struct segment *last;
    size_t size; /* bytes in memory: BYTES, REFERENCE, BUFFER; and what keeping small pieces apart costs */
    char bytes[];
};

enum {
    OUTPUT_CHUNK = 32768 - sizeof(struct segment),     /* bytes of a chunk */
    OUTPUT_CHUNK_SMALL = 512 - sizeof(struct segment), /* of one behind what is no chunk */
    OUTPUT_CHUNKS_KEPT = 64,                           /* chunks on the free list at the most */
    OUTPUT_IOV = 64,                                   /* segments of one sendmsg at the most */
    OUTPUT_ROUNDS = 16,                                /* system calls of one flush at the most */
    OUTPUT_BYTES = 1 << 20,                            /* bytes of one flush at the most */
    OUTPUT_SPARES = 8 /* segments kept so that what has a release can be taken on without memory */
};

struct output {
    struct segment *first; /* NULL: nothing waits */
};

static inline size_t output_size(const struct output *output)
{
    return output->first ? output->first->size : 0;
}

/* Whether all that waits is in one chunk. */
static inline bool output_is_chunk(const struct output *output)
{
    const struct segment *first = output->first;

    return first && first->last == first && first->kind == SEGMENT_BYTES;
}

/* Appends a copy; the slow way behind chat_push's fast one.  -ENOMEM: nothing was appended. */
int output_push(struct output *output, confab_reactor *reactor, const char *bytes, size_t len);

/* The first chunk of an empty output, if one is on the free list; NULL otherwise. */
static inline struct segment *output_first_chunk(struct output *output, confab_reactor *reactor)
{
    struct segment *chunk = reactor->chunks;

    if (!chunk)
        return NULL;
    reactor->chunks = chunk->next;
    reactor->chunks_kept--;
    chunk->next = NULL;
    chunk->at = chunk->u.chunk.end = chunk->bytes;
    chunk->left = chunk->size = 0;
    output->first = chunk->last = chunk;
    return chunk;
}

/* Back to the free list, where it is of the size that this is for and there is room. */
static inline void output_free_chunk(confab_reactor *reactor, struct segment *chunk)
{
    if (chunk->u.chunk.size != OUTPUT_CHUNK || reactor->chunks_kept >= OUTPUT_CHUNKS_KEPT) {
        alloc_free(&reactor->alloc, chunk);
        return;
    }
    chunk->next = reactor->chunks;
    reactor->chunks = chunk;
    reactor->chunks_kept++;
}

/* The only segment, a chunk, was sent whole: the output is empty. */
static inline void output_sent_only(struct output *output, confab_reactor *reactor)
{
    struct segment *chunk = output->first;

    output->first = NULL;
    output_free_chunk(reactor, chunk);
}

/* A segment for what has a release: never fails while the reserve lasts; NULL otherwise. */
struct segment *segment_new(confab_reactor *reactor, enum segment_kind kind);
void output_append(struct output *output, struct segment *segment);

/* Counts n bytes as sent from the front of the queue's memory segments, and drops those that are done. */
void output_sent(struct output *output, confab_reactor *reactor, size_t n);

/* Drops the first segment, or all; what has a release is released by outputs_release. */
void output_drop_first(struct output *output, confab_reactor *reactor);
void output_drop_all(struct output *output, confab_reactor *reactor);

/* Has a segment that is on no queue released by the loop. */
void segment_release_later(confab_reactor *reactor, struct segment *segment);

/* Runs the release of what never became a segment, for want of memory. */
void segment_release_now(const struct segment *segment);

/* Runs the releases that are due: called by the turn, never by a public function. */
void outputs_release(confab_reactor *reactor);

/* Fills iov from the front with memory segments (OUTPUT_IOV, OUTPUT_BYTES); returns how many. */
struct iovec;
int output_gather(const struct output *output, struct iovec *iov, size_t *bytes);

/* The reserve and the free list. */
int outputs_init(confab_reactor *reactor);
void outputs_free(confab_reactor *reactor);

#endif
