/* buffer.c: counted bytes.  They come from malloc and not from a reactor's
 * memory, because the last owner may be in any thread. */
#include "core/buffer.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* More than this cannot be had, and would make size computations wrap. */
#define ROOM_MAX (SIZE_MAX / 2)

confab_buffer *buffer_grow(confab_buffer *buffer, size_t room)
{
    confab_buffer *grown;

    assert(!buffer || atomic_load_explicit(&buffer->refs, memory_order_relaxed) == 1);
    if (buffer && room <= buffer->room)
        return buffer;
    if (room > ROOM_MAX)
        return NULL;
    grown = realloc(buffer, sizeof *buffer + room + 1);
    if (!grown)
        return NULL;
    if (!buffer) {
        atomic_init(&grown->refs, 1);
        grown->size = 0;
        grown->bytes[0] = '\0';
    }
    grown->room = room;
    return grown;
}

confab_buffer *buffer_new_room(size_t room)
{
    return buffer_grow(NULL, room);
}

confab_buffer *confab_buffer_new(const void *data, size_t len)
{
    confab_buffer *buffer = buffer_new_room(len);

    if (!buffer)
        return NULL;
    if (data && len > 0)
        memcpy(buffer->bytes, data, len);
    else
        memset(buffer->bytes, 0, len);
    buffer->bytes[len] = '\0';
    buffer->size = len;
    return buffer;
}

confab_buffer *confab_buffer_ref(confab_buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
    return buffer;
}

void confab_buffer_unref(confab_buffer *buffer)
{
    /* What each owner wrote and read comes before the free of the last one. */
    if (buffer && atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) == 1)
        free(buffer);
}

char *confab_buffer_data(confab_buffer *buffer)
{
    return buffer->bytes;
}

size_t confab_buffer_size(const confab_buffer *buffer)
{
    return buffer->size;
}
