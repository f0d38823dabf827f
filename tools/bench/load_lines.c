/* load_lines.c: what the load sends. */
#include "tools/bench/load_engine.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RING = 256 << 10, /* bytes of a ring: it is to stay near the processor */
    STRIDE = 7        /* messages between the beginnings of two connections */
};

/* Prime, so that each connection begins somewhere else until all places are taken. */
static const size_t counts[] = { 1021, 509, 251, 127, 61 };

static uint64_t draw(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Letters without a pattern, then CR LF. */
static void fill(char *at, size_t size, uint64_t *state)
{
    for (size_t i = 0; i + 2 < size; i++)
        at[i] = (char)('0' + draw(state) % 64);
    memcpy(at + size - 2, "\r\n", 2);
}

int lines_make(struct lines *lines, size_t size, size_t extra)
{
    size_t i = 0;
    uint64_t state = 1;

    while (i + 1 < sizeof counts / sizeof counts[0] && counts[i] * size > RING)
        i++;
    *lines = (struct lines){ .size = size, .len = counts[i] * size, .extra = extra };
    lines->at = malloc(lines->len + extra);
    if (!lines->at)
        return -ENOMEM;
    for (size_t at = 0; at < lines->len; at += size)
        fill(lines->at + at, size, &state);
    for (size_t at = 0; at < extra; at++)
        lines->at[lines->len + at] = lines->at[at];
    return 0;
}

void lines_free(struct lines *lines)
{
    free(lines->at);
    lines->at = NULL;
}

size_t lines_begin(const struct lines *lines, uint32_t connection)
{
    size_t count = lines->len / lines->size;

    return (size_t)((uint64_t)connection * STRIDE % count) * lines->size;
}
