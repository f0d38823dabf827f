/* child.h: a load's process: forked from us, and gone when it has done what it is to do. */
#ifndef CONFAB_TOOLS_BENCH_CHILD_H
#define CONFAB_TOOLS_BENCH_CHILD_H

#include "tools/bench/launch.h"

/* Runs it in a process pinned to bench->load_cpu, which is ended after so many seconds, or when bench->stop says so.  What it
 * finds out it writes to memory that is shared.  false: it did not come to its end: why, in the sample. */
bool bench_child_run(struct bench *bench, double seconds, void (*run)(void *data), void *data,
                     struct sample *sample);

/* Memory that a child shares with us, zeroed; NULL: there is none.  To be freed by munmap(2). */
void *child_memory(size_t size);

int64_t child_clock(void); /* monotonic, ns */

#endif
