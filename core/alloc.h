/* alloc.h: where a reactor's memory comes from: one realloc-like function that
 * the embedder may give (confab_reactor_options.alloc). */
#ifndef CONFAB_CORE_ALLOC_H
#define CONFAB_CORE_ALLOC_H

#include <stddef.h>
#include <string.h>

struct alloc {
    void *(*call)(void *data, void *old, size_t n);
    void *data;
};

static inline void *alloc_resize(const struct alloc *alloc, void *old, size_t n)
{
    return alloc->call(alloc->data, old, n);
}

static inline void *alloc_new(const struct alloc *alloc, size_t n)
{
    return alloc->call(alloc->data, NULL, n);
}

static inline void *alloc_zeroed(const struct alloc *alloc, size_t n)
{
    void *p = alloc->call(alloc->data, NULL, n);
    return p ? memset(p, 0, n) : NULL;
}

static inline void alloc_free(const struct alloc *alloc, void *p)
{
    if (p)
        alloc->call(alloc->data, p, 0);
}

#endif
