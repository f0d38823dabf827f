/* listening.h: where a service listens, and telling it to whoever started us. */
#ifndef CONFAB_TOOLS_LISTENING_H
#define CONFAB_TOOLS_LISTENING_H

#include "hosting.h"

#include <confab/host.h>
#include <stdint.h>

/* Listens on the wish's addresses, or on default_port of loopback where there are
 * none; then logs and prints a `listening` line for each.  Returns the exit
 * status; what went wrong has been printed, and then there is no `listening` line.
 * The service's stop closes the sockets. */
int listening_start(const struct hosting_wish *wish, confab_service *service, uint16_t default_port);

#endif
