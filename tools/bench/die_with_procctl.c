/* die_with_procctl.c: a child that ends with its parent, by FreeBSD's procctl(2). */
#include "tools/bench/launch.h"
#include <signal.h>
#include <sys/procctl.h>
#include <sys/wait.h>
#include <unistd.h>

void die_with(pid_t parent)
{
    int signo = SIGKILL;
    procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signo);
    if (getppid() != parent)
        _exit(128 + SIGKILL); /* it was gone before we had asked */
}
