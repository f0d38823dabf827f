/* report.h: all that a run of `confab bench` has shown, and its three forms. */
#ifndef CONFAB_TOOLS_BENCH_REPORT_H
#define CONFAB_TOOLS_BENCH_REPORT_H

#include "tools/bench/bench.h"
#include "tools/bench/histogram.h"
#include "tools/bench/statistics.h"

#include <stdio.h>

/* machine*.c, by system: strings are "" and numbers 0 where it is not known. */
struct machine {
    char system[128];    /* "Linux 6.1.0 x86_64" */
    char processor[128]; /* "Intel(R) Xeon(R) ..." */
    int processors;      /* that this process may use */
    int server_cpu, load_cpu;
    uint64_t memory;   /* bytes */
    char governor[32]; /* of frequency: "performance", "powersave" */
    bool virtual_machine;
    double load_average; /* over the last minute, when it began */
    double stolen; /* share of the processors' time that other guests of the host took during the run; NAN */
    double others; /* and that other processes took; NAN */
    int64_t descriptors; /* limit of a process */
    int64_t backlog;     /* limit of a listener's queue */
    char build[128];     /* "0.1.0, gcc 12.2.0, -O2, Release" */
    char date[32];       /* of the beginning, ISO 8601, UTC */
    struct {
        double all, running, stolen, own;
    } began; /* machine.c's own */
};
/* warn: bench_warn of what makes figures doubtful: a busy machine, frequency scaling, one processor, an assert or
 * sanitizer build. */
void machine_begin(struct machine *machine, struct bench *bench);
void machine_end(struct machine *machine, struct bench *bench);

/* One contender at one point. */
struct series {
    const char *excluded;   /* why it is not measured, or what went wrong; NULL */
    char failed[BENCH_WHY]; /* what `excluded` points to then */
    size_t count;           /* rounds */
    struct sample *samples;
    struct estimate estimates[FIGURES];
    struct estimate
        to_bare[FIGURES];      /* ratios to `bare` round by round; rounds = 0 where it was not measured */
    struct histogram *latency; /* of all rounds together; NULL: none */
};

struct result {
    const struct scenario *scenario;
    struct point point;
    struct series series[BENCH_CONTENDERS]; /* as report.contenders */
};

/* Two contenders in one figure at one point. */
struct verdict {
    size_t result, ours, theirs; /* indices */
    enum figure figure;
    struct comparison comparison;
};

enum { REPORT_VERSION = 1 };

struct report {
    struct machine machine;
    struct contender contenders[BENCH_CONTENDERS];
    size_t contender_count;
    size_t subject; /* whom verdicts are about: the first host */
    struct result *results;
    size_t result_count, result_room;
    struct verdict *verdicts;
    size_t verdict_count;
    bool quick;
    int rounds;
    double seconds;      /* of a measurement */
    double took;         /* in all */
    const char *command; /* as it was called, words separated by spaces */
    size_t warning_count;
    char warnings[BENCH_WARNINGS][BENCH_WHY];
};

/* From samples to estimates, ratios, merged latencies (report.c). -ENOMEM. */
int report_estimate(struct report *report);

/* The figures that verdicts are about at a point, as in struct scenario; NULL: none. */
const enum figure *result_judged(const struct result *result);

/* The verdicts: subject against each other contender, in the judged figures of each judged point; Holm over all
 * of them.  With an old build among the contenders: each host against its old self, and no other. */
int report_judge(struct report *report);

void report_free(struct report *report);

/* For people: tables and verdicts, no wider than `width` columns. */
void report_text(const struct report *report, FILE *out, int width);

/* For programs: report.version is REPORT_VERSION; confab-bench(1) documents it. */
void report_json(const struct report *report, FILE *out);

/* One page, without anything from elsewhere: tables, verdicts, plots in SVG; for light and dark. */
void report_html(const struct report *report, FILE *out);

/* -- Beside an older report (baseline.c) ----------------------------------------------- */

/* Of a report that was written as JSON, the ratios to `bare`. */
struct baseline {
    char date[32], build[128], system[128];
    size_t count;
    struct baseline_figure {
        char scenario[32], point[64], contender[32];
        enum figure figure;
        struct estimate to_bare;
    } * figures;
};

/* Reads it.  0, or -errno with a line in why: not to be read, no JSON (then no report, and where), no report of `confab bench`, a newer
 * version than REPORT_VERSION, nothing to compare. */
int baseline_read(const char *path, struct baseline *baseline, char why[BENCH_WHY]);
void baseline_free(struct baseline *baseline);

/* What is in both, as text: the ratio then, the ratio now, and whether their intervals are apart; says first that
 * two runs at two times are the weaker evidence. */
void baseline_text(const struct baseline *baseline, const struct report *report, FILE *out, int width);

#endif
