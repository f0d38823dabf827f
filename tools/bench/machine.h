/* machine.h: what machine.c asks the system's own file. */
#ifndef CONFAB_TOOLS_BENCH_MACHINE_H
#define CONFAB_TOOLS_BENCH_MACHINE_H

#include "tools/bench/report.h"

/* Fills processor, processors, memory, governor, virtual_machine and backlog, as far as it knows them. */
void machine_system(struct machine *machine);

/* What all processors have done since the machine was started, ns; NAN: not known. */
struct machine_times {
    double all;     /* idle too */
    double running; /* processes, in the kernel too; not interrupts */
    double stolen;  /* by other guests of the host */
};
struct machine_times machine_times(void);

/* Whether the processor may run faster for a while than it can for long; false: not known, too. */
bool machine_boosts(void);

/* Warnings of what machine_begin has found, where so many processors are online; and shares of the time since, with
 * warnings of them. */
void machine_warn(const struct machine *machine, double online, bool boosts, struct bench *bench);
void machine_account(struct machine *machine, const struct machine_times *now, double own,
                     struct bench *bench);

/* How this program was built: "0.1.0, gcc 12.2.0, -O2, Release"; and warnings of what makes it slow. */
extern const char machine_build[];
void machine_warn_of_build(struct bench *bench);

#endif
