/* confab/producer.h: something that a chat asks for output piece by piece, so
 * that a reply need never be whole in memory (Medusa's producers, asynchat's
 * simple_producer).  Used with confab_chat_push_with_producer. */
#ifndef CONFAB_PRODUCER_H
#define CONFAB_PRODUCER_H

#include <confab/base.h>
#include <confab/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct confab_producer_ops {
    size_t size; /* sizeof(struct confab_producer_ops) */

    /* The next piece.  Asked only at the head of the chat's queue, when the
     * bytes can leave.  Stores where they are and returns how many; want is
     * what suits the chat (its out_buffer_size), more or less is allowed.  The
     * bytes must live until it is asked again or released.
     * 0: the end.  -EAGAIN: not now; it is asked again after
     * confab_chat_resume_output.  Another -errno closes the chat with reason
     * HOOK, and confab_chat_error tells that errno. */
    ssize_t (*more)(void *self, confab_chat *chat, size_t want, const char **bytes);

    /* Called exactly once, on the loop: at its end, or when the chat closes. */
    void (*release)(void *self);
};

/* Ready-made ones.  Each constructor returns the producer's self, to be pushed
 * with the ops beside it, or NULL: out of memory.  What is never pushed is
 * released with ops->release(self). */

/* Sends len bytes of data, buffer_size at a time (0: 512, asynchat's
 * simple_producer).  data is borrowed until release(data_owner) is called
 * (release may be NULL: then it must outlive the chat). */
extern const struct confab_producer_ops confab_simple_producer_ops;
void *confab_simple_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                 void *data_owner);

/* Reads len bytes of a file from offset (len < 0: up to its end) and sends them
 * buffer_size at a time (0: 16 KiB).  Owns fd, also when it returns NULL.  A
 * file that ends early closes the chat with HOOK and EIO.  Reading blocks for
 * as long as the disk does; confab_chat_push_file is the faster way. */
extern const struct confab_producer_ops confab_file_producer_ops;
void *confab_file_producer_new(int fd, int64_t offset, int64_t len, size_t buffer_size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
