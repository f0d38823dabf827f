/* report.c: from samples to estimates, ratios and verdicts. */
#include "tools/bench/report.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)BENCH_ROUNDS <= (int)STATISTICS_ROUNDS, "each round is a value");

/* -- Estimates ------------------------------------------------------------------------- */

/* A figure in each round; NAN where there is none. */
static void values_of(const struct series *series, enum figure figure, size_t count, double *values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = series->samples[i].taken ? series->samples[i].figure[figure] : NAN;
    /* What was counted once belongs to no round: it stands in the first that was measured, which may be another one of
     * another contender. */
    for (size_t i = 1; i < count && figure == FIGURE_CALLS && isnan(values[0]); i++) {
        values[0] = values[i];
        values[i] = NAN;
    }
}

static size_t rounds_of(const struct series *series)
{
    if (!series->samples || series->excluded)
        return 0;
    return series->count < BENCH_ROUNDS ? series->count : BENCH_ROUNDS;
}

/* How many rounds both have: of a run that was stopped, one may be ahead. */
static size_t rounds_of_both(const struct series *a, const struct series *b)
{
    size_t first = rounds_of(a), second = rounds_of(b);
    return first < second ? first : second;
}

static struct comparison compare_series(const struct series *ours, const struct series *theirs,
                                        enum figure figure)
{
    double of_ours[BENCH_ROUNDS], of_theirs[BENCH_ROUNDS];
    size_t count = rounds_of_both(ours, theirs);

    values_of(ours, figure, count, of_ours);
    values_of(theirs, figure, count, of_theirs);
    return compare(of_ours, of_theirs, count);
}

static void estimate_figures(struct series *series, const struct series *bare)
{
    double values[BENCH_ROUNDS];

    for (enum figure figure = 0; figure < FIGURES; figure++) {
        values_of(series, figure, rounds_of(series), values);
        series->estimates[figure] = estimate_of(values, rounds_of(series));
        series->to_bare[figure] =
            bare && bare != series ? compare_series(series, bare, figure).ratio : estimate_of(NULL, 0);
    }
}

static int merge_latency(struct series *series)
{
    free(series->latency);
    series->latency = NULL;
    for (size_t i = 0; i < rounds_of(series); i++) {
        const struct sample *sample = &series->samples[i];
        if (!sample->taken || !sample->latency || sample->latency->total == 0)
            continue;
        if (!series->latency) {
            series->latency = malloc(sizeof *series->latency);
            if (!series->latency)
                return -ENOMEM;
            histogram_clear(series->latency);
        }
        histogram_merge(series->latency, sample->latency);
    }
    return 0;
}

int report_estimate(struct report *report)
{
    size_t bare = 0;

    while (bare < report->contender_count && report->contenders[bare].kind != CONTENDER_BARE)
        bare++;
    for (size_t i = 0; i < report->result_count; i++) {
        struct series *series = report->results[i].series;
        for (size_t k = 0; k < report->contender_count; k++) {
            estimate_figures(&series[k], bare < report->contender_count ? &series[bare] : NULL);
            if (merge_latency(&series[k]))
                return -ENOMEM;
        }
    }
    return 0;
}

/* -- Verdicts -------------------------------------------------------------------------- */

const enum figure *result_judged(const struct result *result)
{
    return result->point.judges ? result->point.judges : result->scenario->judged;
}

static bool has_old(const struct report *report)
{
    for (size_t i = 0; i < report->contender_count; i++)
        if (report->contenders[i].old)
            return true;
    return false;
}

static bool same_backend(const struct contender *a, const struct contender *b)
{
    return a->backend && b->backend ? strcmp(a->backend, b->backend) == 0 : a->backend == b->backend;
}

/* Whether verdicts are about these two. */
static bool opponents(const struct report *report, size_t ours, size_t theirs, bool against)
{
    const struct contender *a = &report->contenders[ours], *b = &report->contenders[theirs];

    if (!against)
        return ours == report->subject && theirs != ours;
    return a->kind == CONTENDER_HOST && b->kind == CONTENDER_HOST && !a->old && b->old && same_backend(a, b);
}

static int add_verdict(struct report *report, const struct verdict *verdict)
{
    size_t count = report->verdict_count;

    if ((count & (count - 1)) == 0) { /* there is room for a power of two */
        struct verdict *more = realloc(report->verdicts, (count ? 2 * count : 1) * sizeof *more);
        if (!more)
            return -ENOMEM;
        report->verdicts = more;
    }
    report->verdicts[report->verdict_count++] = *verdict;
    return 0;
}

/* The verdicts of two at one point: in the judged figures that both have. */
static int add_pair(struct report *report, size_t result, size_t ours, size_t theirs)
{
    const struct result *at = &report->results[result];
    const enum figure *figure = result_judged(at);
    int error = 0;

    for (; !error && figure && *figure != FIGURES; figure++) {
        struct verdict verdict = { result, ours, theirs, *figure,
                                   compare_series(&at->series[ours], &at->series[theirs], *figure) };
        if (verdict.comparison.ratio.rounds > 0)
            error = add_verdict(report, &verdict);
    }
    return error;
}

/* The family is those of enough rounds to be asked at all: one that could never be shown would only make it harder
 * for the others. */
static int judge(struct report *report)
{
    size_t count = 0, room = report->verdict_count;
    struct comparison **family = calloc(room ? room : 1, sizeof *family);
    bool *more_is_better = calloc(room ? room : 1, sizeof *more_is_better);

    if (family && more_is_better) {
        for (size_t i = 0; i < room; i++) {
            struct verdict *verdict = &report->verdicts[i];
            if (verdict->comparison.ratio.rounds < STATISTICS_JUDGED)
                continue;
            more_is_better[count] = figure_kinds[verdict->figure].more_is_better;
            family[count++] = &verdict->comparison;
        }
        comparisons_judge(family, more_is_better, count);
    }
    int error = family && more_is_better ? 0 : -ENOMEM;
    free(family);
    free(more_is_better);
    return error;
}

int report_judge(struct report *report)
{
    bool against = has_old(report);

    free(report->verdicts);
    report->verdicts = NULL;
    report->verdict_count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        if (!report->results[i].point.judged)
            continue;
        for (size_t ours = 0; ours < report->contender_count; ours++)
            for (size_t theirs = 0; theirs < report->contender_count; theirs++)
                if (opponents(report, ours, theirs, against) && add_pair(report, i, ours, theirs))
                    return -ENOMEM;
    }
    return judge(report);
}

/* -- The end --------------------------------------------------------------------------- */

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->result_count; i++)
        for (size_t k = 0; k < BENCH_CONTENDERS; k++) {
            struct series *series = &report->results[i].series[k];
            for (size_t n = 0; series->samples && n < series->count; n++)
                free(series->samples[n].latency);
            free(series->samples);
            free(series->latency);
        }
    free(report->results);
    free(report->verdicts);
    report->results = NULL;
    report->verdicts = NULL;
    report->result_count = report->result_room = report->verdict_count = 0;
}
