/* handle_support.h: the same tests in the simulated network.
 *
 * Where CONFAB_BACKEND is sim, the reactors of a test share one network, and
 * what test_pair, test_connect and the like make are handles of it, on both
 * sides: the functions of support.h take them as they take descriptors. */
#ifndef CONFAB_TESTS_HANDLE_SUPPORT_H
#define CONFAB_TESTS_HANDLE_SUPPORT_H

#include "backends/sim.h"

/* The test's network, made when it is first asked for. */
struct sim_network *test_network(void);

/* The socket of a handle; NULL: it is a descriptor (or closed). */
struct sim_socket *test_handle(int fd);

/* Each fails the test, or does what its namesake in support.h does. */
void handle_pair(int domain, int pair[2]);
int handle_connect(const char *address);

#endif
