/* words.h: what the forms of a report for people have in common: who is compared with whom, and in which words. */
#ifndef CONFAB_TOOLS_BENCH_WORDS_H
#define CONFAB_TOOLS_BENCH_WORDS_H

#include "tools/bench/report.h"

/* What kind of difference a figure shows, and how to say it of ours. */
enum aspect { ASPECT_SPEED, ASPECT_PROCESSOR, ASPECT_CALLS, ASPECT_MEMORY, ASPECTS };
enum aspect figure_aspect(enum figure figure);
const char *aspect_words(enum aspect aspect, bool better); /* "is faster than" */

/* How a verdict is told: where rounds were too few to ask, it would be false to say that there is no difference. */
enum outcome { OUTCOME_BETTER, OUTCOME_WORSE, OUTCOME_SAME, OUTCOME_UNTOLD, OUTCOMES };
enum outcome verdict_outcome(const struct verdict *verdict);

/* Whether its ratio has an interval: of too few rounds there may be none. */
bool verdict_has_interval(const struct verdict *verdict);

/* Two that verdicts are about, and how many of each outcome. */
struct pair {
    size_t ours, theirs;
    size_t count[OUTCOMES];
};
enum { PAIRS = BENCH_CONTENDERS * BENCH_CONTENDERS };

/* In the order of their first verdicts; how many. */
size_t report_pairs(const struct report *report, struct pair pairs[PAIRS]);

/* Which of the two it was of which alone the load, and not the server, was the limit there, so that the ratio is of unlike
 * things; NULL: of neither, or of both. */
const char *verdict_limited(const struct report *report, const struct verdict *verdict);

/* Whether the load was the limit in half of the rounds or more: figures are medians. */
bool series_limited(const struct series *series);

/* Of whom it was: "bare, epoll and poll"; "": of nobody. */
void result_limited(const struct report *report, const struct result *result, char who[BENCH_WHY]);

/* How many verdicts Holm was over. */
size_t report_family(const struct report *report);

/* The contender that ratios are to; contender_count where there is none. */
size_t report_bare(const struct report *report);

/* The figures in a scenario's table that any contender has; how many.  And whether verdicts are about one, at any point. */
size_t scenario_figures(const struct report *report, const struct scenario *scenario,
                        enum figure figures[FIGURES]);
bool scenario_judges(const struct report *report, const struct scenario *scenario, enum figure figure);

/* Whether it has a value there. */
bool series_has(const struct series *series, enum figure figure);

/* Why a contender was not measured at a point, if others were; NULL: it was. */
const char *series_missing(const struct series *series);

/* The machine in a few lines, and how it was measured: each without a line's end. */
enum { MACHINE_LINES = 3, MACHINE_LINE = 512 };
void machine_lines(const struct report *report, char lines[MACHINE_LINES][MACHINE_LINE]);
void method_line(const struct report *report, char line[MACHINE_LINE]);

#endif
