/* perform.h: what a command line of `confab bench` asked for, done: checked, measured, written. */
#ifndef CONFAB_TOOLS_BENCH_PERFORM_H
#define CONFAB_TOOLS_BENCH_PERFORM_H

#include "tools/bench/contenders.h"
#include "tools/bench/run.h"

struct bench_wish {
    struct bench bench; /* with 0 rounds or 0 seconds they are chosen */
    struct contenders_wish contenders;
    const struct scenario *const *chosen;
    const char *json, *html;       /* files, or "-"; NULL: none */
    const char *compare, *against; /* NULL: none */
    const char *line;              /* the command line */
};

/* Returns the exit status; what went wrong has been printed. */
int bench_perform(struct bench_wish *wish);

#endif
