/* log.h: the library's own lines for the one log of the process (host.h). */
#ifndef CONFAB_CORE_LOG_H
#define CONFAB_CORE_LOG_H

#include <confab/plugin.h>
#include <stdarg.h>

/* Whether a line of this level goes anywhere: look before making one costs. */
bool log_wanted(enum confab_level level);

/* A line about a service (NULL: none) and a chat (id 0 and peer NULL: none).  Escapes what is not printable; at the most
 * 1,024 bytes, a longer one is cut and ends with "...".  Any thread. */
void log_line(enum confab_level level, const char *service, confab_id chat, const char *peer,
              const char *format, ...) CONFAB_PRINTF(5, 6);
void log_line_v(enum confab_level level, const char *service, confab_id chat, const char *peer,
                const char *format, va_list args) CONFAB_PRINTF(5, 0);

#endif
