/* core/sim.h: what a simulation is made of: sim.c makes and runs it, sim_far.c is its other side. */
#ifndef CONFAB_CORE_SIM_H
#define CONFAB_CORE_SIM_H

#include "backends/sim.h"
#include "core/address.h"
#include "core/reactor.h"
#include <confab/sim.h>

struct confab_sim_end {
    confab_sim *sim;
    struct sim_socket *socket;
    confab_sim_end *next, *previous;
};

struct confab_sim_listener {
    confab_sim *sim;
    struct sim_socket *socket;
    confab_sim_listener *next, *previous;
    char address[ADDRESS_TEXT];
};

struct confab_sim {
    struct sim_network *network;
    confab_reactor *reactor;
    confab_sim_end *ends;
    confab_sim_listener *listeners;
};

#endif
