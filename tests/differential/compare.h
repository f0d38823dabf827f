/* compare.h: two plays of one scenario. */
#ifndef CONFAB_TESTS_DIFFERENTIAL_COMPARE_H
#define CONFAB_TESTS_DIFFERENTIAL_COMPARE_H

#include "play.h"

/* Whether they agree; what differs is printed side by side. */
bool compare(const struct play *left, const char *left_name, const struct play *right,
             const char *right_name);

/* Prints what happened. */
void show(const struct play *play, const char *name);

#endif
