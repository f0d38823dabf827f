/* die_with_none.c: the system does not tell a child that its parent has ended. */
#include "tools/bench/launch.h"
#include <signal.h>
#include <unistd.h>

void die_with(pid_t parent)
{
    if (getppid() != parent)
        _exit(128 + SIGKILL);
}
