/* units.h: figures as people read them: three digits and a unit of fitting size. */
#ifndef CONFAB_TOOLS_BENCH_UNITS_H
#define CONFAB_TOOLS_BENCH_UNITS_H

#include <stdint.h>

enum { UNIT_ROOM = 32 };

/* Each writes into `to` and returns it; what is no number (NAN, infinite) is "-".  Nothing but ASCII. */

/* A value whose unit is one of figure_kinds': "1.23 M/s", "4.20 us", "224 B", "812 MiB/s", "1.02". */
const char *unit_text(char to[UNIT_ROOM], const char *unit, double value);

/* Two digits behind the point, or more where it is so small that they would say nothing: "1.02", "34.1", "0.038". */
const char *ratio_text(char to[UNIT_ROOM], double ratio);

/* How far an interval reaches from its middle, on its wider side: "1.2%". */
const char *spread_text(char to[UNIT_ROOM], double middle, double low, double high);

/* How long something took: "0.25 s", "47 s", "8 min 12 s". */
const char *seconds_text(char to[UNIT_ROOM], double seconds);

/* A number with its thousands apart: "15,000". */
const char *count_text(char to[UNIT_ROOM], int64_t count);

#endif
