/* contenders.h: who is measured. */
#ifndef CONFAB_TOOLS_BENCH_CONTENDERS_H
#define CONFAB_TOOLS_BENCH_CONTENDERS_H

#include "tools/bench/against.h"
#include "tools/bench/peers.h"
#include "tools/bench/report.h"

struct contenders_wish {
    const char *program;                    /* this one */
    const char *backends[BENCH_CONTENDERS]; /* none: all that work here, the default first */
    const char *peers[BENCH_CONTENDERS];    /* none: all that were built; "none": none of them */
    size_t backend_count, peer_count;
    bool hosts_only;                      /* what others cannot serve */
    struct against against;               /* program NULL: none */
    char old_names[BENCH_CONTENDERS][64]; /* contenders_choose's own */
    struct peers built;                   /* likewise */
};

/* Fills the report's contenders, whose strings live in wish: `bare`, the hosts, each with its old self behind it, then
 * peers.  0; -errno with a line in why: what was asked for is not there. */
int contenders_choose(struct contenders_wish *wish, struct report *report, char why[BENCH_WHY]);

#endif
