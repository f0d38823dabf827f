/* confab/buffer.h: bytes that several owners share, for broadcast and for
 * messages that are kept.  A buffer may be used in any thread; the count of
 * its owners is atomic, its bytes are not guarded. */
#ifndef CONFAB_BUFFER_H
#define CONFAB_BUFFER_H

#include <confab/base.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A new buffer of len bytes with one owner, the caller.  The bytes are copied
 * from data; where data is NULL they are zero.  One NUL stands behind them and
 * is not counted.  NULL: out of memory. */
confab_buffer *confab_buffer_new(const void *data, size_t len);

/* One more owner.  Returns its argument. */
confab_buffer *confab_buffer_ref(confab_buffer *buffer);

/* One owner less; the last one frees the buffer.  NULL is allowed. */
void confab_buffer_unref(confab_buffer *buffer);

/* The bytes, valid while the caller owns the buffer.  Writing to them is for
 * the only owner. */
char *confab_buffer_data(confab_buffer *buffer);

/* How many bytes there are, without the NUL. */
size_t confab_buffer_size(const confab_buffer *buffer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
