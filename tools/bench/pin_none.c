/* pin_none.c: where a process cannot be tied to a processor. */
#include "tools/bench/launch.h"
#include <errno.h>

void pin_choose(int *server_cpu, int *load_cpu)
{
    *server_cpu = *load_cpu = -1;
}

int pin_self(int cpu)
{
    return cpu < 0 ? 0 : -ENOSYS;
}
