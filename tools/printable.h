/* printable.h: text of a plugin or of a file, for a terminal, which would obey what is in it. */
#ifndef CONFAB_TOOLS_PRINTABLE_H
#define CONFAB_TOOLS_PRINTABLE_H

#include <stddef.h>

/* Puts a ? in the place of each byte that is no part of a printable character in UTF-8: controls (a line's end too), and
 * what is no UTF-8.  Returns text. */
char *printable(char *text);

/* The same of a copy, which is cut where it does not fit. */
enum { PRINTABLE_ROOM = 512 };
const char *printable_copy(char to[PRINTABLE_ROOM], const char *text);

/* How long the well-formed UTF-8 sequence at s is; 0 where there is none, or a control of ASCII. */
int utf8_length(const unsigned char *s);

#endif
