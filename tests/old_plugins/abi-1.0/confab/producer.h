/* confab/producer.h: something that a chat asks for output piece by piece, so
 * that a reply need never be whole in memory (Medusa's producers, asynchat's
 * simple_producer).  Used with confab_chat_push_with_producer. */
#ifndef CONFAB_PRODUCER_H
#define CONFAB_PRODUCER_H

#include <confab/base.h>
#include <confab/buffer.h>
#include <sys/uio.h>

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

/* -- Ready-made ones ------------------------------------------------------
 *
 * Each constructor returns the producer's self, to be pushed with the ops
 * beside it, or NULL: out of memory.  confab_chat_push_with_producer and the
 * constructors that take another producer treat a self of NULL as out of memory,
 * so calls can be nested without a look in between:
 *
 *     return confab_chat_push_with_producer(chat, &confab_chunked_producer_ops,
 *         confab_chunked_producer_new(&confab_file_producer_ops,
 *             confab_file_producer_new(fd, 0, -1, 0), NULL));
 *
 * A constructor owns what it is given, also where it returns NULL: then it is
 * released before it returns.  What is never pushed is released with
 * ops->release(self).  They belong to the loop's thread and use malloc.
 *
 * A producer inside another one ("inner") may say "not now" and fail: the outer
 * one passes that on.  Where `data` is borrowed it is until release(owner) is
 * called (release may be NULL: then it must outlive the chat). */

/* Sends len bytes of data, buffer_size at a time (0: 512, asynchat's
 * simple_producer).  data is borrowed. */
extern const struct confab_producer_ops confab_simple_producer_ops;
void *confab_simple_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                 void *owner);

/* The same for what is large (Medusa's scanning_producer): buffer_size 0 is as
 * much as the chat wants, so that nothing is cut smaller than it need be. */
extern const struct confab_producer_ops confab_scanning_producer_ops;
void *confab_scanning_producer_new(const void *data, size_t len, size_t buffer_size, void (*release)(void *),
                                   void *owner);

/* Sends each of count texts and CRLF behind it, 50 lines or 4 KiB at a time, or
 * one longer line (Medusa's lines_producer).  lines and the texts are borrowed. */
extern const struct confab_producer_ops confab_lines_producer_ops;
void *confab_lines_producer_new(const char *const *lines, size_t count, void (*release)(void *), void *owner);

/* Sends each of count pieces from where it is; one of no bytes is passed over
 * (Medusa's buffer_list_producer).  iov and the bytes are borrowed. */
extern const struct confab_producer_ops confab_buffer_list_producer_ops;
void *confab_buffer_list_producer_new(const struct iovec *iov, size_t count, void (*release)(void *),
                                      void *owner);

/* Reads len bytes of a file from offset (len < 0: up to its end) and sends them
 * buffer_size at a time (0: 16 KiB).  Owns fd, also when it returns NULL.  A
 * file that ends early closes the chat with HOOK and EIO.  Reading blocks for
 * as long as the disk does; confab_chat_push_file is the faster way. */
extern const struct confab_producer_ops confab_file_producer_ops;
void *confab_file_producer_new(int fd, int64_t offset, int64_t len, size_t buffer_size);

/* A buffer that is written to while it is sent (Medusa's output_producer).
 * There are two ends.  The chat has one, which is released as ever.  The
 * writer has the other and gives it up by _end, exactly once: what was written
 * until then still leaves, then the producer has ended.  Each end is to be given
 * up also where the producer was never pushed or pushing it failed.
 * write copies len bytes; -EPIPE: the chat has released its end, nothing
 * written goes anywhere any more; -ENOBUFS: more than limit bytes wait already
 * (0: 1 MiB; tested before, so that one large piece passes); -ENOMEM.
 * size: bytes written and not yet asked for. */
extern const struct confab_producer_ops confab_output_producer_ops;
void *confab_output_producer_new(size_t limit);
int confab_output_producer_write(void *output, const void *bytes, size_t len);
size_t confab_output_producer_size(const void *output);
void confab_output_producer_end(void *output);

/* Holds a place in the output for what is not known yet: says "not now" until
 * set gives it the producer that stands there (Medusa's deferring producers).
 * Whoever made it calls set exactly once, also after the chat has released its
 * end: then set releases inner and returns -EPIPE.  inner_ops NULL: there is
 * nothing to send.  -ENOMEM (inner is NULL), -EINVAL (ops without more): what
 * stands there cannot be sent, and that errno closes the chat when it gets there. */
extern const struct confab_producer_ops confab_deferred_producer_ops;
void *confab_deferred_producer_new(void);
int confab_deferred_producer_set(void *deferred, const struct confab_producer_ops *inner_ops, void *inner);

/* One producer after the other; each is released as soon as it has ended.  add owns
 * inner in any case, to be called before the composite is pushed.  -ENOMEM (also where
 * composite or inner is NULL), -EINVAL (ops without more): inner is not added, the rest
 * is as it was. */
extern const struct confab_producer_ops confab_composite_producer_ops;
void *confab_composite_producer_new(void);
int confab_composite_producer_add(void *composite, const struct confab_producer_ops *inner_ops, void *inner);

/* Joins small pieces of inner until there are buffer_size bytes (0: 64 KiB) or
 * inner has ended or says "not now"; then inner is asked again once these have
 * left, whether or not it was resumed. */
extern const struct confab_producer_ops confab_globbing_producer_ops;
void *confab_globbing_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                   size_t buffer_size);

/* Calls done(data, bytes, whole) exactly once, on the loop: when inner has ended,
 * with its bytes, all of which have been handed to the system (whole); else
 * when it is released, with those of the pieces that certainly were.  inner has been
 * released by then.  Where NULL is returned done is called before that, with 0 bytes.
 * done may push to a chat.  Inside a producer that asks before its last piece has left
 * (globbing), "handed to the system" is "taken by that one": put it around it. */
extern const struct confab_producer_ops confab_hooked_producer_ops;
void *confab_hooked_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                 void (*done)(void *data, uint64_t bytes, bool whole), void *data);

/* HTTP's chunked coding (RFC 9112, 7.1): inner's bytes in chunks of 16 KiB at the most,
 * then the last chunk and the trailers: NULL, or lines, copied, with each line's CRLF; the last
 * one's is added where it is missing. */
extern const struct confab_producer_ops confab_chunked_producer_ops;
void *confab_chunked_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                  const char *trailers);

/* Sends `to` for each `from` in inner's bytes, wherever the pieces are cut; from left to
 * right, what was sent is not looked at again.  seen counts the first bytes of
 * from as sent just before (as confab_chat_set_terminator_after).  from NULL is
 * dot-stuffing (RFC 5321, 4.5.2): CRLF "." becomes CRLF "..", with a seen of 2,
 * so that a dot at the very start is doubled too.  Both are copied; from has 1
 * to CONFAB_ESCAPE_MAX bytes, seen is less than that, and `to`, which may be
 * empty, begins with the bytes that were seen; else nothing is sent, and the chat
 * closes with HOOK and EINVAL when it gets there. */
#define CONFAB_ESCAPE_MAX 255
extern const struct confab_producer_ops confab_escaping_producer_ops;
void *confab_escaping_producer_new(const struct confab_producer_ops *inner_ops, void *inner, const char *from,
                                   const char *to, size_t seen);

/* Sends no more than rate bytes a second of inner (0: no limit), by "not now" and a timer;
 * at first, and after a rest, up to a quarter of a second's worth at once.
 * confab_chat_options.rate_out limits a whole chat. */
extern const struct confab_producer_ops confab_throttled_producer_ops;
void *confab_throttled_producer_new(const struct confab_producer_ops *inner_ops, void *inner, uint64_t rate);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
