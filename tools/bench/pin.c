/* pin.c: which processors are taken, of those there are. */
#include "tools/bench/pin.h"

/* The first of a machine is the last that we take: there, most of all, interrupts are handled. */
void pin_choose_of(const int *cpus, size_t count, bool (*siblings)(int a, int b), int *server_cpu,
                   int *load_cpu)
{
    *server_cpu = *load_cpu = -1;
    if (count < 2)
        return;
    size_t first = cpus[0] == 0;
    int server = cpus[first];
    int load = cpus[(first + 1) % count]; /* where all are its siblings */
    for (size_t i = 1; i < count; i++) {
        int cpu = cpus[(first + i) % count];
        if (!siblings(server, cpu)) {
            load = cpu;
            break;
        }
    }
    *server_cpu = server;
    *load_cpu = load;
}
