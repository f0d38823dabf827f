/* watch_calls_none.c: where the functions that a shared object calls cannot be replaced: its hooks are watched, the
 * data that they collect is guarded, and nothing is known of its memory. */
#include "tools/check/watch.h"

void watch_replace_calls(struct watch *watch, void *handle, const void *inside)
{
    (void)watch, (void)handle, (void)inside;
}

bool watch_replaces_calls(void)
{
    return false;
}
