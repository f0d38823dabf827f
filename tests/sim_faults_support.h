/* sim_faults_support.h: one fault of a simulation by itself. */
#ifndef CONFAB_TESTS_SIM_FAULTS_SUPPORT_H
#define CONFAB_TESTS_SIM_FAULTS_SUPPORT_H

#include "sim_support.h"
#include <string.h>

static struct confab_sim_faults faults;

/* Makes a simulation with `faults`, of which the test has set what it wants. */
static inline void begin(void)
{
    faults.size = sizeof faults;
    simulate(1, &faults, NULL);
}

static inline void end(void)
{
    simulate_end();
    memset(&faults, 0, sizeof faults);
}

/* A plan of who takes bytes as they come. */
static inline int count_bytes(confab_chat *chat)
{
    return confab_chat_set_terminator_none(chat);
}

#endif
