/* plot_bars.c: bars from the left to the right, a group a point. */
#include "tools/bench/plot.h"
#include "tools/bench/text.h"
#include "tools/bench/words.h"
#include <math.h>

enum { ROW = 19, THICK = 12, NAME_ROW = 24, TOP = 6, BELOW = 28, LABEL = 74, SPACE = 10 };

struct layout {
    const struct bars *bars;
    struct axis axis;
    double names; /* width of the names before the bars */
    double bottom;
};

static const struct series *series_of(const struct bar_group *group, size_t contender)
{
    const struct series *series = &group->result->series[contender];
    double value = series->estimates[group->figure].median;

    return series_has(series, group->figure) && value >= 0 ? series : NULL;
}

static bool has_any(const struct page *page, const struct bar_group *group)
{
    for (size_t k = 0; k < page->report->contender_count; k++)
        if (series_of(group, k))
            return true;
    return false;
}

/* false: nothing is to be shown. */
static bool lay_out(const struct page *page, struct layout *layout)
{
    const struct bars *bars = layout->bars;
    size_t widest = 0, rows = 0;
    double most = 0, names = 0;

    for (size_t i = 0; i < bars->count; i++) {
        if (!has_any(page, &bars->groups[i]))
            continue;
        names += bars->groups[i].name ? NAME_ROW : names > 0 ? SPACE : 0;
        for (size_t k = 0; k < page->report->contender_count; k++) {
            const struct series *series = series_of(&bars->groups[i], k);
            size_t width = text_width(page->report->contenders[k].name);
            if (!series)
                continue;
            rows++;
            widest = width > widest ? width : widest;
            most = fmax(most, series->estimates[bars->groups[i].figure].median);
            if (isfinite(series->estimates[bars->groups[i].figure].high))
                most = fmax(most, series->estimates[bars->groups[i].figure].high);
        }
    }
    layout->names = fmin((double)widest * PLOT_LETTER + 12, PLOT_WIDTH / 2);
    layout->bottom = TOP + names + (double)rows * ROW + 4;
    layout->axis.unit = bars->unit;
    axis_fit(&layout->axis, 0, most);
    layout->axis.from = layout->names;
    layout->axis.to = PLOT_WIDTH - LABEL;
    return rows > 0;
}

static void write_axis(struct page *page, const struct layout *layout)
{
    for (size_t i = 0; i < layout->axis.count; i++) {
        double at = axis_at(&layout->axis, layout->axis.ticks[i].at);
        fprintf(page->out, "<path class=\"g\" d=\"M%.1f %dV%.1f\"/><text class=\"m\" x=\"%.1f\" y=\"%.1f\">",
                at, TOP, layout->bottom, at, layout->bottom + 16);
        html_figure(page->out, layout->axis.ticks[i].label);
        fputs("</text>\n", page->out);
    }
}

static void write_bar(struct page *page, const struct layout *layout, const struct bar_group *group,
                      size_t contender, double y)
{
    const struct series *series = series_of(group, contender);
    const struct estimate *estimate = &series->estimates[group->figure];
    double from = layout->names, to = axis_at(&layout->axis, estimate->median), end = to;
    unsigned colour = contender_colour(page->report, contender);
    FILE *out = page->out;

    fputs("<g>", out);
    plot_tip(page, contender, group->name ? group->name : layout->bars->under, layout->bars->unit,
             estimate->median, estimate->low, estimate->high);
    fprintf(out, "<text class=\"e k\" x=\"%.1f\" y=\"%.1f\">", from - 7, y + 10);
    html_text(out, page->report->contenders[contender].name);
    fprintf(out, "</text><path class=\"b c%u\" d=\"M%.1f %.1fH%.1fv%dH%.1fz\"/>", colour, from, y, to, THICK,
            from);
    if (isfinite(estimate->low) && isfinite(estimate->high)) {
        double low = axis_at(&layout->axis, estimate->low), high = axis_at(&layout->axis, estimate->high);
        end = fmax(end, high);
        fprintf(out, "<path class=\"i o\" d=\"M%.1f %.1fv6m0-3H%.1fm0-3v6\"/>", low, y + 3, high);
    }
    fprintf(out, "<text class=\"k\" x=\"%.1f\" y=\"%.1f\">", end + 7, y + 10);
    html_unit(out, layout->bars->unit, estimate->median);
    fputs("</text></g>\n", out);
}

void plot_bars(struct page *page, const struct bars *bars)
{
    struct layout layout = { .bars = bars };
    double y = TOP;
    char about[512];

    if (!lay_out(page, &layout))
        return;
    snprintf(about, sizeof about, "%s, a bar for each contender; the figures are in the table below.",
             bars->title);
    plot_open(page, bars->title, bars->under, layout.bottom + BELOW, about);
    write_axis(page, &layout);
    for (size_t i = 0; i < bars->count; i++) {
        if (!has_any(page, &bars->groups[i]))
            continue;
        if (bars->groups[i].name) {
            fprintf(page->out, "<text class=\"h\" x=\"0\" y=\"%.1f\">", y + 16);
            html_text(page->out, bars->groups[i].name);
            fputs("</text>\n", page->out);
            y += NAME_ROW;
        } else if (y > TOP) {
            y += SPACE;
        }
        for (size_t k = 0; k < page->report->contender_count; k++) {
            if (!series_of(&bars->groups[i], k))
                continue;
            write_bar(page, &layout, &bars->groups[i], k, y);
            y += ROW;
        }
    }
    plot_close(page);
}
