/* watched.h: what tests of `confab check` need of the system. */
#ifndef CONFAB_TESTS_WATCHED_H
#define CONFAB_TESTS_WATCHED_H

#include "tools/check/watch.h"
#include <criterion/criterion.h>

/* Skips the test where nothing is known of a plugin's memory, nor of other calls of its. */
static inline void watched_calls_needed(void)
{
    if (!watch_replaces_calls())
        cr_skip_test("functions that a plugin calls are not replaced on this system");
}

#endif
