/* usage_none.c: where the system does not tell what another process has used, in a way that we know. */
#include "tools/bench/launch.h"
#include <errno.h>
#include <math.h>

int usage_read(pid_t pid, struct usage *usage)
{
    (void)pid;
    *usage = (struct usage){ .cpu = NAN, .user = NAN, .system = NAN, .switches = NAN, .memory = NAN };
    return -ENOSYS;
}
