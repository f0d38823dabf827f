/* report_html_table.c: what was measured in one scenario, as a table of HTML: a row a contender at a point, a column a
 * figure.  A scenario with one figure is turned: a row a point, a column a contender. */
#include "tools/bench/page.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include <math.h>
#include <string.h>

struct table {
    struct page *page;
    const struct report *report;
    const struct scenario *scenario;
    enum figure figures[FIGURES];
    bool ratios[FIGURES]; /* a figure has a column of them */
    size_t count;
    const char *lacks[BENCH_CONTENDERS]; /* why a contender is in no row; NULL: it is in some */
};

/* -- Cells -------------------------------------------------------------------------------- */

static void write_value(FILE *out, const struct series *series, enum figure figure)
{
    html_unit(out, figure_kinds[figure].unit,
              series_has(series, figure) ? series->estimates[figure].median : NAN);
}

/* Whether its interval says more than its median does. */
static bool spreads(const struct estimate *estimate)
{
    return isfinite(estimate->low) && isfinite(estimate->high) && estimate->high > estimate->low &&
           estimate->median > 0;
}

static void write_spread(FILE *out, const struct estimate *estimate)
{
    char text[UNIT_ROOM];

    fputs("\xC2\xB1", out);
    html_figure(out, spread_text(text, estimate->median, estimate->low, estimate->high));
}

static void write_interval(FILE *out, const struct estimate *ratio)
{
    char text[UNIT_ROOM];

    html_figure(out, ratio_text(text, ratio->low));
    fputs("\xE2\x80\x93", out);
    html_figure(out, ratio_text(text, ratio->high));
}

static void write_ratio(FILE *out, double ratio)
{
    char text[UNIT_ROOM];

    html_figure(out, ratio_text(text, ratio));
    fputs("\xC3\x97", out);
}

/* A figure and how far its interval reaches; the ratio to bare in a cell of its own. */
static void write_cells(const struct table *table, const struct series *series, size_t index, bool bare)
{
    enum figure figure = table->figures[index];
    const struct estimate *to_bare = &series->to_bare[figure];
    FILE *out = table->page->out;

    fputs("<td>", out);
    write_value(out, series, figure);
    if (series_has(series, figure) && spreads(&series->estimates[figure])) {
        fputs("<small>", out);
        write_spread(out, &series->estimates[figure]);
        fputs("</small>", out);
    }
    fputs("</td>", out);
    if (!table->ratios[index])
        return;
    fputs("<td class=\"r\">", out);
    if (bare && series_has(series, figure)) {
        write_ratio(out, 1);
    } else if (to_bare->rounds > 0) {
        write_ratio(out, to_bare->median);
        if (spreads(to_bare)) {
            fputs("<small>", out);
            write_interval(out, to_bare);
            fputs("</small>", out);
        }
    }
    fputs("</td>", out);
}

/* Of a turned table: all in one cell; the intervals where somebody points at it. */
static void write_turned_cell(const struct table *table, const struct series *series)
{
    enum figure figure = table->figures[0];
    const struct estimate *estimate = &series->estimates[figure], *to_bare = &series->to_bare[figure];
    FILE *out = table->page->out;

    fputs("<td", out);
    if (series_has(series, figure) && spreads(estimate)) {
        fputs(" title=\"", out);
        write_spread(out, estimate);
        if (to_bare->rounds > 0) {
            fputs(", ratio ", out);
            write_interval(out, to_bare);
        }
        fputs("\"", out);
    }
    fputs(">", out);
    write_value(out, series, figure);
    if (to_bare->rounds > 0) {
        fputs("<small>", out);
        write_ratio(out, to_bare->median);
        fputs("</small>", out);
    }
    fputs("</td>", out);
}

static void write_name(const struct table *table, size_t contender)
{
    fprintf(table->page->out, "<i class=\"c%u\"></i>", contender_colour(table->report, contender));
    html_text(table->page->out, table->report->contenders[contender].name);
}

/* -- Rows --------------------------------------------------------------------------------- */

static void write_head(const struct table *table)
{
    FILE *out = table->page->out;

    fputs("<thead><tr><th class=\"point\" scope=\"col\">point</th><th class=\"left\" "
          "scope=\"col\">contender</th>",
          out);
    for (size_t i = 0; i < table->count; i++) {
        fputs("<th scope=\"col\">", out);
        html_text(out, figure_kinds[table->figures[i]].title);
        fputs("</th>", out);
        if (table->ratios[i])
            fputs("<th scope=\"col\" class=\"r\">to bare</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

static void write_turned_head(const struct table *table)
{
    FILE *out = table->page->out;

    fputs("<thead><tr><th class=\"point\" scope=\"col\">", out);
    html_text(out, figure_kinds[table->figures[0]].title);
    fputs("</th>", out);
    for (size_t k = 0; k < table->report->contender_count; k++) {
        if (table->lacks[k])
            continue;
        fputs("<th scope=\"col\">", out);
        write_name(table, k);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

static void write_result(const struct table *table, const struct result *result)
{
    const struct report *report = table->report;
    size_t rows = 0, row = 0, columns = table->count, bare = report_bare(report);
    FILE *out = table->page->out;

    for (size_t k = 0; k < report->contender_count; k++)
        rows += !table->lacks[k];
    for (size_t i = 0; i < table->count; i++)
        columns += table->ratios[i];
    for (size_t k = 0; k < report->contender_count; k++) {
        const char *missing = series_missing(&result->series[k]);
        if (table->lacks[k])
            continue;
        fputs(row == 0 ? "<tr class=\"first\">" : "<tr>", out);
        if (row++ == 0) {
            fprintf(out, "<th class=\"point\" scope=\"rowgroup\" rowspan=\"%zu\">", rows);
            html_text(out, result->point.name);
            fputs("</th>", out);
        }
        fputs("<th scope=\"row\">", out);
        write_name(table, k);
        fputs("</th>", out);
        if (missing) {
            fprintf(out, "<td class=\"none\" colspan=\"%zu\">", columns);
            html_text(out, missing);
            fputs("</td>", out);
        }
        for (size_t i = 0; i < table->count && !missing; i++)
            write_cells(table, &result->series[k], i, k == bare);
        fputs("</tr>\n", out);
    }
}

static void write_turned_result(const struct table *table, const struct result *result)
{
    FILE *out = table->page->out;

    fputs("<tr class=\"first\"><th class=\"point\" scope=\"row\">", out);
    html_text(out, result->point.name);
    fputs("</th>", out);
    for (size_t k = 0; k < table->report->contender_count; k++)
        if (!table->lacks[k])
            write_turned_cell(table, &result->series[k]);
    fputs("</tr>\n", out);
}

/* -- The table ---------------------------------------------------------------------------- */

/* Whether any contender has a ratio to bare in this figure. */
static bool has_ratios(const struct table *table, enum figure figure)
{
    const struct report *report = table->report;

    for (size_t i = 0; i < report->result_count; i++)
        for (size_t k = 0; k < report->contender_count; k++)
            if (report->results[i].scenario == table->scenario &&
                report->results[i].series[k].to_bare[figure].rounds > 0)
                return true;
    return false;
}

/* Why it is nowhere in the scenario; the first reason will do. */
static const char *lacking(const struct table *table, size_t contender)
{
    const char *why = NULL;

    for (size_t i = 0; i < table->report->result_count; i++) {
        const char *missing = series_missing(&table->report->results[i].series[contender]);
        if (table->report->results[i].scenario != table->scenario)
            continue;
        if (!missing)
            return NULL;
        why = why ? why : missing;
    }
    return why;
}

static void write_lacking(const struct table *table)
{
    FILE *out = table->page->out;

    for (size_t k = 0; k < table->report->contender_count; k++) {
        if (!table->lacks[k])
            continue;
        fputs("<p class=\"note\">", out);
        write_name(table, k);
        fputs(": ", out);
        html_text(out, table->lacks[k]);
        fputs("</p>\n", out);
    }
}

void page_table(struct page *page, const struct scenario *scenario)
{
    struct table table = { .page = page, .report = page->report, .scenario = scenario };
    const struct report *report = page->report;

    table.count = scenario_figures(report, scenario, table.figures);
    for (size_t i = 0; i < table.count; i++)
        table.ratios[i] =
            scenario_judges(report, scenario, table.figures[i]) && has_ratios(&table, table.figures[i]);
    for (size_t k = 0; k < report->contender_count; k++)
        table.lacks[k] = lacking(&table, k);
    if (table.count > 0) {
        bool turned = table.count == 1;
        fputs("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"", page->out);
        html_format(page->out, "figures of %s", scenario->name);
        fputs("\"><table>\n", page->out);
        (turned ? write_turned_head : write_head)(&table);
        for (size_t i = 0; i < report->result_count; i++)
            if (report->results[i].scenario == scenario)
                (turned ? write_turned_result : write_result)(&table, &report->results[i]);
        fputs("</tbody></table></div>\n", page->out);
    }
    write_lacking(&table);
}
