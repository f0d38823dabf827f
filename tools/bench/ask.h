/* ask.h: runs a program once, and reads what it says. */
#ifndef CONFAB_TOOLS_BENCH_ASK_H
#define CONFAB_TOOLS_BENCH_ASK_H

#include <stddef.h>

/* Runs argv[0], a path, with those words (NULL ends them).  Its standard output is put into out, cut where there is no
 * room, a NUL behind it; its standard error is dropped.  Its exit status; -EINTR: a signal ended it; -ETIMEDOUT: it did
 * not end within `seconds`, and was ended; -errno of fork(2) and its kin.  127 is also that it cannot be executed.  What
 * it has begun ends with it, and with us. */
int ask(const char *const *argv, int seconds, char *out, size_t room);

#endif
