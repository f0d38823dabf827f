/* peers.h: the programs that do on other libraries what confab does (tools/bench/peers): which there are here. */
#ifndef CONFAB_TOOLS_BENCH_PEERS_H
#define CONFAB_TOOLS_BENCH_PEERS_H

#include "tools/bench/bench.h"

enum { PEERS_MAX = 8 };

struct peers {
    size_t count;
    struct contender contenders[PEERS_MAX]; /* of the kind PEER, by their names */
    struct peer_text {
        char program[4096], name[64], version[64]; /* what contenders point to */
    } texts[PEERS_MAX];
};

/* Looks for programs confab-bench-NAME: in the folder that the environment's CONFAB_BENCH_PEERS names, in `peers` beside the
 * host (a path), where an installed host has them.  Of two with one name the first is taken, of many PEERS_MAX.  Each
 * is asked for its version; one that does not tell it within two seconds has none, and is there all the same: measuring
 * it will tell what is wrong.  The strings are the struct's own: it is not to be copied. */
void peers_find(const char *host, struct peers *peers);

#endif
