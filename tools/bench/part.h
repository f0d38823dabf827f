/* part.h: what `confab bench --part` runs: each is in the table of part.c, and takes the words behind its name. */
#ifndef CONFAB_TOOLS_BENCH_PART_H
#define CONFAB_TOOLS_BENCH_PART_H

/* Servers, until SIGTERM. */
int part_bare_bulk(int argc, char **argv);
int part_bare_line(int argc, char **argv);
int part_bare_sink(int argc, char **argv);

/* Workers. */
int part_bare_dispatch(int argc, char **argv);
int part_host_dispatch(int argc, char **argv);
int part_host_timers(int argc, char **argv);

#endif
