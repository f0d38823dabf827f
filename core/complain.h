/* complain.h: the one line of words that functions of host.h give with an error. */
#ifndef CONFAB_CORE_COMPLAIN_H
#define CONFAB_CORE_COMPLAIN_H

#include <confab/base.h>
#include <stdarg.h>

enum { COMPLAINT_SIZE = 1024 }; /* room for the words about one part of what is wrong */

/* Writes the words into error (may be NULL where room is 0), cut to fit and
 * always one line: control characters become '?'.  Returns code. */
int complain(char *error, size_t room, int code, const char *format, ...) CONFAB_PRINTF(4, 5);
int complain_v(char *error, size_t room, int code, const char *format, va_list args) CONFAB_PRINTF(4, 0);

#endif
