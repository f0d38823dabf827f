/* timers.h: what bench_timers.c measures: the same five operations for each library. */
#ifndef CONFAB_TESTS_BENCH_TIMERS_H
#define CONFAB_TESTS_BENCH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* What is done with the timers, the same for all. */
struct plan {
    size_t count;
    const int64_t *first, *second;       /* how long each is to run, in ns: at first, and after its restart */
    const uint32_t *order, *other_order; /* all of them, each once, in random order */
};

struct subject {
    const char *name;
    const char *how; /* the functions that are called */

    /* Makes what all the rest takes first; NULL: it cannot be had. */
    void *(*open)(const struct plan *plan);
    /* Calls work(data) as the loop calls what timers are for; NULL: that makes no difference. */
    void (*inside)(void *, void (*work)(void *data), void *data);
    void (*start)(void *, const struct plan *plan); /* all, one after the other */
    /* Is told, and not measured, in which order (NULL: one after the other) all of them come next: what they
     * are known by is then at hand, as it is to the owner of one. */
    void (*line_up)(void *, const struct plan *plan, const uint32_t *order);
    void (*restart)(void *, const struct plan *plan);
    void (*stop)(void *, const struct plan *plan);
    void (*close)(void *);
};

/* Those that there are depends on what CMake has found. */
extern const struct subject confab_subject, outside_subject, wheel_subject, libev_subject, libevent_subject;

#endif
