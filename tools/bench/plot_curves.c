/* plot_curves.c: curves: a line a contender, with marks and intervals. */
#include "tools/bench/plot.h"
#include "tools/bench/text.h"
#include "tools/bench/words.h"
#include <math.h>
#include <string.h>

enum { AREA = 230, LEGEND_ROW = 19, BELOW = 44, EDGE = 14, SIGN = 24, BETWEEN = 14 };

static bool shown(const struct plot *plot, const struct mark *mark)
{
    return axis_shows(&plot->x, mark->x) && axis_shows(&plot->y, mark->y);
}

/* The intervals are to be seen whole, as far as the axis has them. */
static void reach(const struct plot *plot, const struct mark *mark, double *least, double *most)
{
    const double values[] = { mark->y, mark->low, mark->high };

    for (size_t i = 0; i < 3; i++)
        if (axis_shows(&plot->y, values[i])) {
            *least = fmin(*least, values[i]);
            *most = fmax(*most, values[i]);
        }
}

/* false: there is nothing to show. */
static bool fit_axes(struct plot *plot)
{
    double x_least = INFINITY, x_most = 0, y_least = INFINITY, y_most = 0;

    for (size_t i = 0; i < plot->count; i++)
        for (size_t k = 0; k < plot->curves[i].count; k++) {
            const struct mark *mark = &plot->curves[i].marks[k];
            if (!shown(plot, mark))
                continue;
            x_least = fmin(x_least, mark->x);
            x_most = fmax(x_most, mark->x);
            reach(plot, mark, &y_least, &y_most);
        }
    if (!isfinite(x_least))
        return false;
    axis_fit(&plot->x, x_least, x_most);
    axis_fit(&plot->y, y_least, y_most);
    if (plot->x.kind == AXIS_LOG && x_most > x_least) { /* from the first value to the last */
        plot->x.least = x_least;
        plot->x.most = x_most;
    }
    return true;
}

/* Where there are few values on the x axis, they are its ticks. */
static void mark_values(struct plot *plot)
{
    double values[PLOT_MARKS];
    size_t count = 0;

    if (plot->x.kind == AXIS_TAIL)
        return;
    for (size_t i = 0; i < plot->count; i++)
        for (size_t k = 0; k < plot->curves[i].count; k++) {
            const struct mark *mark = &plot->curves[i].marks[k];
            size_t at = 0;
            while (at < count && values[at] < mark->x)
                at++;
            if (!shown(plot, mark) || count == PLOT_MARKS || (at < count && !(values[at] > mark->x)))
                continue;
            memmove(values + at + 1, values + at, (count - at) * sizeof *values);
            values[at] = mark->x;
            count++;
        }
    axis_mark(&plot->x, values, count);
}

/* -- The legend ---------------------------------------------------------------------------- */

static double sign_width(const struct report *report, size_t contender)
{
    return SIGN + BETWEEN + (double)text_width(report->contenders[contender].name) * PLOT_LETTER;
}

/* Writes it, or with page NULL only measures it; its height. */
static double write_legend(struct page *page, const struct report *report, const struct plot *plot)
{
    double x = EDGE, y = LEGEND_ROW;

    for (size_t i = 0; i < plot->count; i++) {
        size_t contender = plot->curves[i].contender;
        double width = sign_width(report, contender);
        if (x > EDGE && x + width > PLOT_WIDTH) {
            x = EDGE;
            y += LEGEND_ROW;
        }
        if (page) {
            fprintf(page->out, "<path class=\"l c%u\" d=\"M%.1f %.1fh18\"/>",
                    contender_colour(report, contender), x, y - 7);
            plot_mark(page, contender, x + 9, y - 7);
            fprintf(page->out, "<text class=\"k\" x=\"%.1f\" y=\"%.1f\">", x + SIGN, y - 3);
            html_text(page->out, report->contenders[contender].name);
            fputs("</text>\n", page->out);
        }
        x += width;
    }
    return y;
}

/* -- Axes ---------------------------------------------------------------------------------- */

static void write_y_axis(struct page *page, const struct plot *plot)
{
    const struct axis *x = &plot->x, *y = &plot->y;

    for (size_t i = 0; i < y->count; i++) {
        const struct tick *tick = &y->ticks[i];
        double at = axis_at(y, tick->at);
        fprintf(page->out, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", *tick->label ? "g" : "g n",
                x->from - 6, at, x->to + 6);
        if (!*tick->label)
            continue;
        fprintf(page->out, "<text class=\"e\" x=\"%.1f\" y=\"%.1f\">", x->from - 10, at + 4);
        html_figure(page->out, tick->label);
        fputs("</text>\n", page->out);
    }
}

static void write_x_axis(struct page *page, const struct plot *plot)
{
    const struct axis *x = &plot->x, *y = &plot->y;

    for (size_t i = 0; i < x->count; i++) {
        const struct tick *tick = &x->ticks[i];
        double at = axis_at(x, tick->at);
        fprintf(page->out, "<path class=\"g\" d=\"M%.1f %.1fv%d\"/>", at, y->from, *tick->label ? 5 : 3);
        if (!*tick->label)
            continue;
        fprintf(page->out, "<text class=\"m\" x=\"%.1f\" y=\"%.1f\">", at, y->from + 18);
        html_text(page->out, tick->label);
        fputs("</text>\n", page->out);
    }
    fprintf(page->out, "<text class=\"m a\" x=\"%.1f\" y=\"%.1f\">", (x->from + x->to) / 2, y->from + 36);
    html_text(page->out, x->label);
    fputs("</text>\n", page->out);
}

/* -- Curves -------------------------------------------------------------------------------- */

/* How far a curve is moved aside, so that intervals at the same place do not lie on each other. */
static double aside(const struct plot *plot, size_t curve)
{
    return plot->x.kind == AXIS_TAIL ? 0 : 2.2 * ((double)curve - (double)(plot->count - 1) / 2);
}

static void write_line(struct page *page, const struct plot *plot, size_t index)
{
    const struct curve *curve = &plot->curves[index];
    const char *step = "M";

    fprintf(page->out, "<path class=\"l c%u\" d=\"", contender_colour(page->report, curve->contender));
    for (size_t i = 0; i < curve->count; i++) {
        const struct mark *mark = &curve->marks[i];
        if (!shown(plot, mark)) {
            step = "M"; /* a gap is not bridged */
            continue;
        }
        fprintf(page->out, "%s%.1f %.1f", step, axis_at(&plot->x, mark->x) + aside(plot, index),
                axis_at(&plot->y, mark->y));
        step = "L";
    }
    fputs("\"/>\n", page->out);
}

static void write_marks(struct page *page, const struct plot *plot, size_t index)
{
    const struct curve *curve = &plot->curves[index];

    for (size_t i = 0; i < curve->count; i++) {
        const struct mark *mark = &curve->marks[i];
        if (!shown(plot, mark) || !mark->name)
            continue;
        double x = axis_at(&plot->x, mark->x) + aside(plot, index), y = axis_at(&plot->y, mark->y);
        fputs("<g>", page->out);
        plot_tip(page, curve->contender, mark->name, plot->y.unit, mark->y, mark->low, mark->high);
        if (axis_shows(&plot->y, mark->low) && axis_shows(&plot->y, mark->high)) {
            double low = axis_at(&plot->y, mark->low), high = axis_at(&plot->y, mark->high);
            fprintf(page->out, "<path class=\"i c%u\" d=\"M%.1f %.1fh6m-3 0V%.1fm-3 0h6\"/>",
                    contender_colour(page->report, curve->contender), x - 3, low, high);
        }
        plot_mark(page, curve->contender, x, y);
        fputs("</g>\n", page->out);
    }
}

/* The widest name of a tick. */
static double names_width(const struct axis *axis)
{
    size_t widest = 0;

    for (size_t i = 0; i < axis->count; i++) {
        size_t width = text_width(axis->ticks[i].label);
        widest = width > widest ? width : widest;
    }
    return (double)widest * PLOT_LETTER;
}

void plot_curves(struct page *page, struct plot *plot)
{
    char about[512];

    if (!fit_axes(plot))
        return;
    double top = write_legend(NULL, page->report, plot) + EDGE + 4;
    plot->y.from = top + AREA;
    plot->y.to = top;
    plot->x.from = names_width(&plot->y) + 18;
    plot->x.to = PLOT_WIDTH - 2 * EDGE;
    mark_values(plot);
    snprintf(about, sizeof about,
             "%s by %s, a line for each of %zu contenders; the figures are in the table below.",
             plot->y.label, plot->x.label, plot->count);
    plot_open(page, plot->title, plot->under, top + AREA + BELOW, about);
    write_legend(page, page->report, plot);
    write_y_axis(page, plot);
    write_x_axis(page, plot);
    for (size_t i = 0; i < plot->count; i++)
        write_line(page, plot, i);
    for (size_t i = 0; i < plot->count; i++)
        write_marks(page, plot, i);
    plot_close(page);
}
