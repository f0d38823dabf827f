/* die_with_prctl.c: a child that ends with its parent, by Linux's prctl(2). */
#include "tools/bench/launch.h"
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(128 + SIGKILL); /* it was gone before we had asked */
}
