/* against.h: `--against`: another build of confab. */
#ifndef CONFAB_TOOLS_BENCH_AGAINST_H
#define CONFAB_TOOLS_BENCH_AGAINST_H

#include "tools/bench/bench.h"

struct against {
    char *program; /* a path without links in it; NULL: there is no other build */
    char version[64];
    char backends[1024]; /* what it says to `backends` */
    unsigned lacks;      /* of NEEDS_ */
};

/* Asks the program what it is.  0; -errno with a line in why: it is not there, cannot be executed, is no confab. */
int against_ask(struct against *against, const char *path, char why[BENCH_WHY]);
void against_free(struct against *against);

/* Whether that build has the backend, and it works here. */
bool against_has(const struct against *against, const char *backend);

#endif
