/* alloc_support.h: a reactor's memory, of which the test says when there is none. */
#ifndef CONFAB_TESTS_ALLOC_SUPPORT_H
#define CONFAB_TESTS_ALLOC_SUPPORT_H

#include <stdbool.h>
#include <stdlib.h>

/* Fails one allocation, or all from one on. */
struct meter {
    long calls, fail_at; /* fail_at < 0: none */
    bool for_ever;
    long failed, out; /* blocks that are not freed yet */
};

/* A reactor's alloc, whose data is a meter. */
static inline void *metered(void *data, void *old, size_t n)
{
    struct meter *meter = data;

    if (n == 0) {
        meter->out -= old != NULL;
        free(old);
        return NULL;
    }
    long call = meter->calls++;
    if (call == meter->fail_at || (meter->for_ever && call > meter->fail_at)) {
        meter->failed++;
        return NULL;
    }
    meter->out += old == NULL;
    return realloc(old, n);
}

#endif
