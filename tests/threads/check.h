/* check.h: what the programs about threads share.  They are no suites of
 * Criterion, which does not start under ThreadSanitizer. */
#ifndef CONFAB_TESTS_THREADS_CHECK_H
#define CONFAB_TESTS_THREADS_CHECK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where something that must hold does not. */
static inline void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "FAILED: %s\n", what);
    abort();
}

static inline pthread_t thread_start(void *(*body)(void *), void *data)
{
    pthread_t thread;

    check(pthread_create(&thread, NULL, body, data) == 0, "a thread starts");
    return thread;
}

static inline void thread_join(pthread_t thread)
{
    check(pthread_join(thread, NULL) == 0, "a thread ends");
}

#endif
