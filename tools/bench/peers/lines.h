/* lines.h: lines for libraries that have only reads and writes: a line ends with LF, or CR LF, its answer is the same line and
 * CR LF.  What one read brought is answered by one write. */
#ifndef CONFAB_TOOLS_BENCH_PEERS_LINES_H
#define CONFAB_TOOLS_BENCH_PEERS_LINES_H

#include <stddef.h>

enum { LINES_READ = 65536 }; /* bytes of a read */

/* The beginning of a line whose end has not come.  Zeroed at first. */
struct lines {
    char *held; /* NULL: there is none */
    size_t len, room;
};

/* Where answers are put: one for all connections.  Zeroed at first. */
struct answers {
    char *bytes;
    size_t len, room;
};

/* Puts the answers to what has come into answers, in the place of what was there.  0, -ENOMEM. */
int lines_answer(struct lines *lines, const char *bytes, size_t len, struct answers *answers);

void lines_free(struct lines *lines);

#endif
