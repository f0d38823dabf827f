/* worker.h: what those share that measure themselves: `bench --part`'s workers, and the programs in peers/. */
#ifndef CONFAB_TOOLS_BENCH_WORKER_H
#define CONFAB_TOOLS_BENCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

/* A number on a command line, from 1 to most.  false: it is none. */
bool worker_number(const char *text, int64_t most, int64_t *number);

/* ns of processor time that this process has used. */
int64_t worker_clock(void);

/* xorshift64*: the same numbers wherever it begins with the same state, which is not 0. */
uint64_t worker_random(uint64_t *state);

#endif
