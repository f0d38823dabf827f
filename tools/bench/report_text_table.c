/* report_text_table.c: what was measured in one scenario, as a table.
 *
 * Mostly a row is a contender at a point and a column a figure.  A scenario with one figure, and so with many points, is
 * turned: a row is a point, and a contender has a column.  What is too wide goes on below. */
#include "tools/bench/text.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include "tools/printable.h"
#include <math.h>
#include <string.h>

enum { COLUMNS = 3 * FIGURES, NAME_ROOM = 32, CELL = UNIT_ROOM };

struct column {
    enum { VALUE, SPREAD, RATIO } kind;
    enum figure figure;
    size_t contender; /* of a turned table */
    size_t width;
};

struct sheet {
    const struct report *report;
    const struct scenario *scenario;
    bool turned;
    size_t name; /* the first column's width */
    struct column columns[COLUMNS];
    size_t count;
};

static bool ours(const struct sheet *sheet, size_t result)
{
    return sheet->report->results[result].scenario == sheet->scenario;
}

/* -- Cells -------------------------------------------------------------------------------- */

static const char *head(const struct sheet *sheet, const struct column *column)
{
    switch (column->kind) {
    case SPREAD:
        return "+-";
    case RATIO:
        return "x bare";
    case VALUE:
        break;
    }
    return sheet->turned ? sheet->report->contenders[column->contender].name
                         : figure_kinds[column->figure].title;
}

static const char *cell(const struct sheet *sheet, size_t result, size_t contender,
                        const struct column *column, char to[CELL])
{
    const struct series *series =
        &sheet->report->results[result].series[sheet->turned ? column->contender : contender];
    const struct estimate *estimate = &series->estimates[column->figure];
    const struct estimate *ratio = &series->to_bare[column->figure];

    if (!series_has(series, column->figure))
        return memcpy(to, "-", 2);
    switch (column->kind) {
    case VALUE:
        return unit_text(to, figure_kinds[column->figure].unit, estimate->median);
    case SPREAD:
        return estimate->rounds < STATISTICS_INTERVAL
                   ? memcpy(to, "-", 2)
                   : spread_text(to, estimate->median, estimate->low, estimate->high);
    case RATIO:
        break;
    }
    if (!sheet->turned && contender == report_bare(sheet->report))
        return memcpy(to, "1", 2);
    return ratio_text(to, ratio->rounds > 0 ? ratio->median : NAN);
}

/* -- Columns ------------------------------------------------------------------------------ */

/* As wide as what is in it; nothing in it: it is left out.  false: so it was. */
static bool add_column(struct sheet *sheet, struct column column)
{
    const struct report *report = sheet->report;
    size_t bare = report_bare(report);
    bool any = false;
    char text[CELL];

    column.width = text_width(head(sheet, &column));
    for (size_t i = 0; i < report->result_count; i++)
        for (size_t k = 0; ours(sheet, i) && k < report->contender_count; k++) {
            size_t width = text_width(cell(sheet, i, k, &column, text));
            column.width = width > column.width ? width : column.width;
            any = any || (strcmp(text, "-") && (column.kind != RATIO || k != bare));
        }
    if (any && sheet->count < COLUMNS)
        sheet->columns[sheet->count++] = column;
    return any;
}

static void add_figure(struct sheet *sheet, enum figure figure, size_t contender, bool spread, bool ratio)
{
    struct column column = { .kind = VALUE, .figure = figure, .contender = contender };

    if (!add_column(sheet, column))
        return;
    column.kind = SPREAD;
    if (spread)
        add_column(sheet, column);
    column.kind = RATIO;
    if (ratio)
        add_column(sheet, column);
}

static size_t longest_point(const struct sheet *sheet)
{
    size_t longest = 0;

    for (size_t i = 0; i < sheet->report->result_count; i++) {
        size_t width = text_width(sheet->report->results[i].point.name);
        if (ours(sheet, i) && width > longest)
            longest = width;
    }
    return longest;
}

static size_t sheet_width(const struct sheet *sheet)
{
    size_t width = sheet->name;

    for (size_t i = 0; i < sheet->count; i++)
        width += 2 + sheet->columns[i].width;
    return width;
}

/* Contenders are to stand beside each other: where that is too wide, how far intervals reach is left out. */
static void make_turned(struct sheet *sheet, enum figure figure, size_t width)
{
    for (int spread = 1; spread >= 0; spread--) {
        sheet->count = 0;
        for (size_t k = 0; k < sheet->report->contender_count; k++)
            add_figure(sheet, figure, k, spread, true);
        if (sheet_width(sheet) <= width)
            return;
    }
}

static void make_sheet(struct sheet *sheet, size_t width)
{
    const struct report *report = sheet->report;
    enum figure figures[FIGURES];
    size_t count = scenario_figures(report, sheet->scenario, figures), longest = longest_point(sheet);

    sheet->turned = count == 1 && longest <= NAME_ROOM;
    if (sheet->turned) {
        sheet->name = longest;
        make_turned(sheet, figures[0], width);
        return;
    }
    for (size_t k = 0; k < report->contender_count; k++) {
        size_t name = 2 + text_width(report->contenders[k].name);
        sheet->name = name > sheet->name ? name : sheet->name;
    }
    for (size_t i = 0; i < count; i++) {
        bool judged = scenario_judges(report, sheet->scenario, figures[i]);
        add_figure(sheet, figures[i], 0, judged, judged);
    }
}

/* How many columns from `first` on fit; a value, its spread and its ratio stay together. */
static size_t fit(const struct sheet *sheet, size_t first, size_t width)
{
    size_t used = sheet->name, end = first, taken = first;

    while (end < sheet->count) {
        do
            used += 2 + sheet->columns[end++].width;
        while (end < sheet->count && sheet->columns[end].kind != VALUE);
        if (used > width && taken > first)
            break;
        taken = end;
    }
    return taken;
}

/* -- Rows --------------------------------------------------------------------------------- */

static void write_row(const struct sheet *sheet, size_t first, size_t end, const char *name, size_t result,
                      size_t contender, FILE *out)
{
    char text[CELL];
    int room = (int)(sheet->name - text_width(name) < sheet->name ? sheet->name - text_width(name) : 0);

    fprintf(out, "%s%*s", name, room, "");
    for (size_t i = first; i < end; i++)
        fprintf(out, "  %*s", (int)sheet->columns[i].width,
                cell(sheet, result, contender, &sheet->columns[i], text));
    fputc('\n', out);
}

static void write_point(const struct sheet *sheet, size_t first, size_t end, size_t result, FILE *out,
                        size_t width)
{
    const struct report *report = sheet->report;
    const struct result *at = &report->results[result];
    char name[NAME_ROOM + 8];

    if (sheet->turned) {
        write_row(sheet, first, end, at->point.name, result, 0, out);
        return;
    }
    text_line(out, width, 0, 4, at->point.name);
    for (size_t k = 0; k < report->contender_count; k++) {
        if (series_missing(&at->series[k]))
            continue;
        snprintf(name, sizeof name, "  %.*s", NAME_ROOM, report->contenders[k].name);
        write_row(sheet, first, end, name, result, k, out);
    }
}

static void write_block(const struct sheet *sheet, size_t first, size_t end, FILE *out, size_t width)
{
    fprintf(out, "%*s", (int)sheet->name, "");
    for (size_t i = first; i < end; i++)
        fprintf(out, "  %*s", (int)sheet->columns[i].width, head(sheet, &sheet->columns[i]));
    fputc('\n', out);
    for (size_t i = 0; i < sheet->report->result_count; i++)
        if (ours(sheet, i))
            write_point(sheet, first, end, i, out, width);
}

/* -- Who is not in it ---------------------------------------------------------------------- */

/* At how many points it is missing for this reason; *first is the first of them. */
static size_t count_missing(const struct sheet *sheet, size_t contender, const char *why, size_t *first)
{
    const struct report *report = sheet->report;
    size_t count = 0;

    for (size_t i = 0; i < report->result_count; i++) {
        const char *other = ours(sheet, i) ? series_missing(&report->results[i].series[contender]) : NULL;
        if (other && !strcmp(other, why) && count++ == 0)
            *first = i;
    }
    return count;
}

static void tell_missing(const struct sheet *sheet, size_t contender, FILE *out, size_t width)
{
    const struct report *report = sheet->report;
    const char *name = report->contenders[contender].name;
    size_t points = 0;
    char said[PRINTABLE_ROOM];

    for (size_t i = 0; i < report->result_count; i++)
        points += ours(sheet, i);
    for (size_t i = 0; i < report->result_count; i++) {
        const char *why = ours(sheet, i) ? series_missing(&report->results[i].series[contender]) : NULL;
        size_t first = 0, count = why ? count_missing(sheet, contender, why, &first) : 0;
        if (!why || first != i)
            continue;
        if (count == points)
            snprintf(said, sizeof said, "%.50s: %s", name, why);
        else if (count == 1)
            snprintf(said, sizeof said, "%.50s, %s: %s", name, report->results[i].point.name, why);
        else
            snprintf(said, sizeof said, "%.50s, %s and %zu more: %s", name, report->results[i].point.name,
                     count - 1, why);
        text_line(out, width, 0, 4, said);
    }
}

void text_scenario(const struct report *report, const struct scenario *scenario, FILE *out, size_t width)
{
    struct sheet sheet = { .report = report, .scenario = scenario };
    char said[PRINTABLE_ROOM];

    make_sheet(&sheet, width);
    if (sheet.turned)
        snprintf(said, sizeof said, "%s: %s; %s, per %s", scenario->name, scenario->summary,
                 figure_kinds[sheet.columns[0].figure].title, scenario->per);
    else
        snprintf(said, sizeof said, "%s: %s; per %s", scenario->name, scenario->summary, scenario->per);
    text_line(out, width, 0, 4, said);
    for (size_t first = 0, end; first < sheet.count; first = end) {
        end = fit(&sheet, first, width);
        if (first > 0)
            fputc('\n', out);
        write_block(&sheet, first, end, out, width);
    }
    for (size_t k = 0; k < report->contender_count; k++)
        tell_missing(&sheet, k, out, width);
}
