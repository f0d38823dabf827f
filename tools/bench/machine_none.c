/* machine_none.c: what sysconf(3) tells of the machine. */
#include "tools/bench/machine.h"
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

void machine_system(struct machine *machine)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES),
         size = sysconf(_SC_PAGESIZE);

    machine->processors = processors > 0 ? (int)processors : 0;
    machine->memory = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    machine->backlog = SOMAXCONN;
}

struct machine_times machine_times(void)
{
    return (struct machine_times){ NAN, NAN, NAN };
}

bool machine_boosts(void)
{
    return false;
}
