/* load_source_one.c: from which address the load connects: the system has but one for that. */
#include "tools/bench/load_engine.h"

int source_bind(int fd, uint32_t index)
{
    (void)fd;
    (void)index;
    return 0;
}
