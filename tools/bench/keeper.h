/* keeper.h: what keep.c hands to the process that it forks. */
#ifndef CONFAB_TOOLS_BENCH_KEEPER_H
#define CONFAB_TOOLS_BENCH_KEEPER_H

#include "tools/bench/keep.h"

struct keeper {
    const struct keep *keep;
    struct kept *kept;
    char **environment;
    pid_t parent;
    int line[2], output[2], errors[2]; /* [0]: who reads; of the line: ours */
};

/* What the keeper does, to its end.  It calls nothing that another thread could have locked when we forked. */
_Noreturn void keeper_run(struct keeper *keeper);

#endif
