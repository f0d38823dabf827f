/* bytes.h: bytes that grow.  A program of tests that has no memory left ends. */
#ifndef CONFAB_TESTS_DIFFERENTIAL_BYTES_H
#define CONFAB_TESTS_DIFFERENTIAL_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All zero: none yet.  A NUL that does not count is behind them. */
struct bytes {
    char *at;
    size_t len, room;
};

static inline void *grown(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (memory)
        return memory;
    fputs("differential: out of memory\n", stderr);
    abort();
}

/* Makes room for `more` bytes behind those that are there, and returns where. */
static inline char *bytes_room(struct bytes *bytes, size_t more)
{
    if (bytes->room < bytes->len + more + 1) {
        bytes->room = 2 * bytes->room + more + 16;
        bytes->at = grown(bytes->at, bytes->room);
    }
    return bytes->at + bytes->len;
}

static inline void bytes_add(struct bytes *bytes, const void *from, size_t len)
{
    char *to = bytes_room(bytes, len);

    if (len > 0)
        memcpy(to, from, len);
    bytes->len += len;
    bytes->at[bytes->len] = '\0';
}

static inline void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

static inline void bytes_cut(struct bytes *bytes, size_t len)
{
    bytes->len = len;
    if (bytes->at)
        bytes->at[len] = '\0';
}

static inline void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){ 0 };
}

/* Adds `len` letters of no pattern, the first of which is the one at `offset` of
 * an endless text: so a piece that is lost, doubled or moved shows. */
static inline void bytes_letters(struct bytes *bytes, char first, size_t offset, size_t len)
{
    char *to = bytes_room(bytes, len);

    for (size_t i = 0; i < len; i++)
        to[i] = (char)(first + (int)(((uint32_t)(offset + i) * UINT32_C(2654435761) >> 20) % 26));
    bytes->len += len;
    bytes->at[bytes->len] = '\0';
}

#endif
