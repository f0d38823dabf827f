/* logger.h: the host's log: lines on standard error. */
#ifndef CONFAB_TOOLS_LOGGER_H
#define CONFAB_TOOLS_LOGGER_H

#include <confab/host.h>

/* Reads "debug", "info", "warning" or "error"; -EINVAL. */
int logger_level(const char *name, enum confab_level *level);

/* Has the library's log written to standard error from now on, from this level up. */
void logger_start(enum confab_level level);

#endif
