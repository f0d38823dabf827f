/* output.h: a file that is written whole, or not at all. */
#ifndef CONFAB_TOOLS_BENCH_OUTPUT_H
#define CONFAB_TOOLS_BENCH_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether the file could be written: 0, or -errno.  It is left as it is, and nothing is left beside it. */
int output_try(const char *path);

/* Has `write` write it: beside it first, under another name, then in its place, so that an old one stays where that
 * fails.  What is no file (a device, a pipe) is written to as it is.  0, or -errno. */
int output_write(const char *path, void (*write)(const void *what, FILE *out), const void *what);

#endif
