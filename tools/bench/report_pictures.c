/* report_pictures.c: which pictures a scenario has. */
#include "tools/bench/plot.h"
#include "tools/bench/words.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What of a point is looked at: a picture's x axis, and what its points have in common. */
enum { CONNECTIONS = 1, DEPTH = 2, SIZE = 4, DESCRIPTORS = 8, ACTIVE = 16, TERMINATOR = 32 };

static const struct picture {
    const char *scenario;
    enum figure figure;
    unsigned x, same;
    const char *x_label;
} pictures[] = {
    { "echo", FIGURE_RATE, CONNECTIONS, DEPTH | SIZE, "connections" },
    { "echo", FIGURE_CPU, CONNECTIONS, DEPTH | SIZE, "connections" },
    { "echo", FIGURE_P50, CONNECTIONS, DEPTH | SIZE, "connections" },
    { "echo", FIGURE_P99, CONNECTIONS, DEPTH | SIZE, "connections" },
    { "terminator", FIGURE_BYTES, SIZE, TERMINATOR, "bytes of a message" },
    { "terminator", FIGURE_CPU, SIZE, TERMINATOR, "bytes of a message" },
    { "dispatch", FIGURE_EVENT, DESCRIPTORS, ACTIVE, "descriptors" },
    { "session", FIGURE_RATE, CONNECTIONS, 0, "connections" },
    { "session", FIGURE_CPU, CONNECTIONS, 0, "connections" },
    { "session", FIGURE_P50, CONNECTIONS, 0, "connections" },
    { "session", FIGURE_P99, CONNECTIONS, 0, "connections" },
};
enum { PICTURES = sizeof pictures / sizeof *pictures };

enum { TITLE = 64, UNDER = 128 };

/* "Messages a second" */
static void title_of(const struct scenario *scenario, enum figure figure, char title[TITLE])
{
    static const char *const titles[FIGURES] = {
        [FIGURE_BYTES] = "Bytes a second", [FIGURE_CPU] = "Server\xE2\x80\x99s processor time",
        [FIGURE_MEMORY] = "Memory",        [FIGURE_EVENT] = "Cost of an event",
        [FIGURE_P50] = "Latency, median",  [FIGURE_P99] = "Latency, 99th percentile",
    };

    if (figure == FIGURE_RATE)
        snprintf(title, TITLE, "%ss a second", scenario->per);
    else
        snprintf(title, TITLE, "%s", titles[figure] ? titles[figure] : figure_kinds[figure].title);
    if (title[0] >= 'a' && title[0] <= 'z')
        title[0] = (char)(title[0] - 'a' + 'A');
}

/* -- Points of one curve -------------------------------------------------------------------- */

static double parameter(const struct point *point, unsigned field)
{
    switch (field) {
    case CONNECTIONS:
        return (double)point->connections;
    case DEPTH:
        return (double)point->depth;
    case SIZE:
        return (double)point->size;
    case DESCRIPTORS:
        return (double)point->descriptors;
    case ACTIVE:
        return (double)point->active;
    default:
        return (double)point->terminator;
    }
}

/* A = N is a curve of its own, though each of its points has another A; the first of them may be on both, as N = A = 100
 * is, and is looked at as one of A = 100. */
static bool all_active(const struct point *point)
{
    return point->descriptors > 0 && point->active == point->descriptors;
}

static bool names_all_active(const struct report *report, const struct result *result)
{
    if (!all_active(&result->point))
        return false;
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].scenario == result->scenario &&
            report->results[i].point.active == result->point.active &&
            report->results[i].point.descriptors != result->point.descriptors)
            return false;
    return true;
}

/* Whether other is on the curve that is named after `of`. */
static bool on_curve(const struct report *report, const struct picture *picture, const struct result *of,
                     const struct result *other)
{
    const struct point *a = &of->point, *b = &other->point;

    if (of->scenario != other->scenario ||
        strcmp(a->variant ? a->variant : "", b->variant ? b->variant : "") || a->share < b->share ||
        a->share > b->share)
        return false;
    if (picture->same == ACTIVE && names_all_active(report, of))
        return all_active(b);
    for (unsigned field = 1; field <= TERMINATOR; field *= 2)
        if ((picture->same & field) &&
            (parameter(a, field) < parameter(b, field) || parameter(a, field) > parameter(b, field)))
            return false;
    return true;
}

/* How many points the curve has that is named after this one, and whether an earlier one has named it already. */
static size_t curve_length(const struct report *report, const struct picture *picture, size_t index,
                           bool *named)
{
    const struct result *at = &report->results[index];
    size_t count = 0;

    *named = false;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct result *other = &report->results[i];
        if (!on_curve(report, picture, at, other))
            continue;
        *named = *named || (i < index && on_curve(report, picture, other, at) &&
                            names_all_active(report, at) == names_all_active(report, other));
        count++;
    }
    return count;
}

/* Whether the result is in a curve of its scenario, and so needs no bars. */
static bool in_curve(const struct report *report, size_t index)
{
    bool named;

    for (size_t i = 0; i < PICTURES; i++)
        if (!strcmp(pictures[i].scenario, report->results[index].scenario->name) &&
            curve_length(report, &pictures[i], index, &named) > 1)
            return true;
    return false;
}

/* -- Curves by a parameter ------------------------------------------------------------------ */

static void add_curve(const struct report *report, const struct picture *picture, size_t index,
                      size_t contender, struct plot *plot)
{
    struct curve *curve = &plot->curves[plot->count];

    curve->contender = contender;
    curve->count = 0;
    for (size_t i = 0; i < report->result_count && curve->count < PLOT_MARKS; i++) {
        const struct result *at = &report->results[i];
        const struct estimate *estimate = &at->series[contender].estimates[picture->figure];
        if (!on_curve(report, picture, &report->results[index], at) ||
            !series_has(&at->series[contender], picture->figure))
            continue;
        size_t k = curve->count++;
        double x = parameter(&at->point, picture->x);
        for (; k > 0 && curve->marks[k - 1].x > x; k--)
            curve->marks[k] = curve->marks[k - 1];
        curve->marks[k] = (struct mark){ x, estimate->median, estimate->low, estimate->high, at->point.name };
    }
    plot->count += curve->count > 0;
}

static void describe(const struct picture *picture, const struct point *point, bool all, char under[UNDER])
{
    if (picture->same == 0)
        snprintf(under, UNDER, "by connections");
    else if (all)
        snprintf(under, UNDER, "by descriptors, all of them active");
    else if (picture->same == ACTIVE)
        snprintf(under, UNDER, "by descriptors, %" PRId64 " of them active", point->active);
    else if (picture->same == TERMINATOR)
        snprintf(under, UNDER, "by length of a message, terminator of %" PRId64 " byte%s", point->terminator,
                 point->terminator == 1 ? "" : "s");
    else
        snprintf(under, UNDER, "by connections, %" PRId64 " byte%s, %" PRId64 " at once on each", point->size,
                 point->size == 1 ? "" : "s", point->depth);
}

static void show_curves(struct page *page, const struct picture *picture, size_t index)
{
    const struct report *report = page->report;
    bool rate =
        figure_kinds[picture->figure].more_is_better || figure_aspect(picture->figure) == ASPECT_PROCESSOR;
    char title[TITLE], under[UNDER];
    struct plot plot = { .title = title,
                         .under = under,
                         .x = { .kind = AXIS_LOG, .label = picture->x_label, .unit = "" },
                         .y = { .kind = rate ? AXIS_LINEAR : AXIS_LOG,
                                .label = title,
                                .unit = figure_kinds[picture->figure].unit } };

    title_of(report->results[index].scenario, picture->figure, title);
    describe(picture, &report->results[index].point, names_all_active(report, &report->results[index]),
             under);
    for (size_t k = 0; k < report->contender_count; k++)
        add_curve(report, picture, index, k, &plot);
    plot_curves(page, &plot);
}

/* -- Latency by percentile ------------------------------------------------------------------- */

/* The shares whose intervals are known, by 1/(1 - p). */
static enum figure figure_at(int tenth, int decade)
{
    static const enum figure figures[] = { FIGURES, FIGURE_P90, FIGURE_P99, FIGURE_P999, FIGURE_P9999 };

    if (decade == 0 && tenth == 3)
        return FIGURE_P50;
    return tenth == 0 ? figures[decade] : FIGURES;
}

/* As far as there are latencies beyond a share. */
static void add_tail(const struct result *result, size_t contender, struct plot *plot)
{
    const struct series *series = &result->series[contender];
    struct curve *curve = &plot->curves[plot->count];

    if (!series->latency || series->latency->total == 0)
        return;
    curve->contender = contender;
    curve->count = 0;
    for (int step = 0; step <= 40; step++) {
        enum figure figure = figure_at(step % 10, step / 10);
        double x = step == 3 ? 2 : pow(10, step / 10.0);
        struct mark mark = { .x = x, .low = NAN, .high = NAN };
        if (x > (double)series->latency->total)
            break;
        mark.y = (double)histogram_value(series->latency, 1 - 1 / x);
        if (figure != FIGURES && series_has(series, figure)) {
            mark.low = series->estimates[figure].low;
            mark.high = series->estimates[figure].high;
            mark.name = figure_kinds[figure].title;
        }
        curve->marks[curve->count++] = mark;
    }
    plot->count++;
}

static void show_tail(struct page *page, const struct result *result)
{
    struct plot plot = {
        .title = "Latency by percentile",
        .under = result->point.name,
        .x = { .kind = AXIS_TAIL, .label = "share of all at or under it; bars: between rounds", .unit = "" },
        .y = { .kind = AXIS_LOG, .label = "Latency", .unit = "ns" }
    };

    for (size_t k = 0; k < page->report->contender_count; k++)
        add_tail(result, k, &plot);
    plot_curves(page, &plot);
}

/* Of a closed loop they say little: a server that stalls is asked nothing meanwhile. */
static bool wants_tail(const struct report *report, size_t index)
{
    const struct result *result = &report->results[index];

    return result->point.share > 0 || (strcmp(result->scenario->name, "echo") && !in_curve(report, index));
}

/* -- Bars ------------------------------------------------------------------------------------ */

static bool is_latency(enum figure figure)
{
    return figure >= FIGURE_P50 && figure <= FIGURE_MAX;
}

/* Figures of one kind stand in one picture: a timer's start, stop and expiry. */
static void show_together(struct page *page, const struct scenario *scenario, size_t index)
{
    const struct result *result = &page->report->results[index];
    char title[TITLE];
    struct bars bars = { .title = title, .under = result->point.name, .unit = "ns" };

    snprintf(title, sizeof title, "Cost of a %s", scenario->per);
    for (int figure = FIGURE_START; figure <= FIGURE_EXPIRE; figure++)
        bars.groups[bars.count++] =
            (struct bar_group){ figure_kinds[figure].title, result, (enum figure)figure };
    plot_bars(page, &bars);
}

static void show_bars(struct page *page, const struct scenario *scenario, enum figure figure)
{
    const struct report *report = page->report;
    char title[TITLE], per[48], under[UNDER];
    struct bars bars = { .title = title, .under = under, .unit = figure_kinds[figure].unit };

    title_of(scenario, figure, title);
    snprintf(per, sizeof per, figure_kinds[figure].more_is_better ? "more is better" : "for each %s",
             scenario->per);
    for (size_t i = 0; i < report->result_count && bars.count < BENCH_POINTS; i++)
        if (report->results[i].scenario == scenario && !in_curve(report, i) &&
            !(report->results[i].point.share > 0))
            bars.groups[bars.count++] =
                (struct bar_group){ report->results[i].point.name, &report->results[i], figure };
    if (bars.count == 1) {
        snprintf(under, sizeof under, "%s; %s", bars.groups[0].name, per);
        bars.groups[0].name = NULL;
    } else {
        snprintf(under, sizeof under, "%s", per);
    }
    plot_bars(page, &bars);
}

/* -- A scenario's pictures ------------------------------------------------------------------- */

static void each_curve(struct page *page, const struct scenario *scenario)
{
    const struct report *report = page->report;
    bool named;

    for (size_t i = 0; i < PICTURES; i++)
        for (size_t k = 0; k < report->result_count && !strcmp(pictures[i].scenario, scenario->name); k++)
            if (report->results[k].scenario == scenario &&
                curve_length(report, &pictures[i], k, &named) > 1 && !named)
                show_curves(page, &pictures[i], k);
}

void page_pictures(struct page *page, const struct scenario *scenario)
{
    const struct report *report = page->report;
    enum figure figures[FIGURES];
    size_t count = scenario_figures(report, scenario, figures);

    page_row(page);
    each_curve(page, scenario);
    page_row_end(page);
    page_row(page);
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].scenario == scenario && wants_tail(report, i))
            show_tail(page, &report->results[i]);
    page_row_end(page);
    page_row(page);
    for (size_t i = 0; i < count; i++)
        if ((scenario_judges(report, scenario, figures[i]) || figures[i] == FIGURE_BYTES) &&
            !is_latency(figures[i]) && (figures[i] < FIGURE_START || figures[i] > FIGURE_EXPIRE))
            show_bars(page, scenario, figures[i]);
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].scenario == scenario)
            show_together(page, scenario, i);
    page_row_end(page);
}
