/* core/buffer.h: a buffer from the inside, for the collector, which lets one
 * grow while a message arrives and then hands it out as it is. */
#ifndef CONFAB_CORE_BUFFER_H
#define CONFAB_CORE_BUFFER_H

#include <confab/buffer.h>
#include <stdatomic.h>

struct confab_buffer {
    atomic_uint refs;
    size_t size; /* bytes there are */
    size_t room; /* bytes there may be; there is one more for the NUL */
    char bytes[];
};

/* An empty buffer with room for that many bytes, and one owner.  NULL: out of memory. */
confab_buffer *buffer_new_room(size_t room);

/* Makes room for at least that many bytes, those of the buffer included, and
 * returns it, perhaps elsewhere.  For the only owner.  buffer NULL: a new one.
 * NULL: out of memory; the buffer is as it was and still the caller's.  Whoever
 * adds bytes puts the NUL behind them. */
confab_buffer *buffer_grow(confab_buffer *buffer, size_t room);

#endif
