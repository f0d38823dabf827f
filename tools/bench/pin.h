/* pin.h: what the systems' pin_*.c and pin.c tell each other. */
#ifndef CONFAB_TOOLS_BENCH_PIN_H
#define CONFAB_TOOLS_BENCH_PIN_H

#include <stdbool.h>
#include <stddef.h>

enum { PIN_CPUS = 8192 };

/* Chooses of `count` processors (ascending) those for server and load; -1 each where there are fewer than two.
 * siblings(a, b): whether two are of one core. */
void pin_choose_of(const int *cpus, size_t count, bool (*siblings)(int a, int b), int *server_cpu,
                   int *load_cpu);

#endif
