/* plot.h: pictures in SVG: curves and bars.  What is no number, or is not above 0 on a logarithmic axis, is left out;
 * a picture of which nothing is left is not drawn. */
#ifndef CONFAB_TOOLS_BENCH_PLOT_H
#define CONFAB_TOOLS_BENCH_PLOT_H

#include "tools/bench/page.h"
#include "tools/bench/units.h"

enum {
    PLOT_WIDTH = 480, /* in the units of the picture, of which a letter of its text is about 7 wide */
    PLOT_LETTER = 7,
    PLOT_TICKS = 48,
    PLOT_MARKS = BENCH_POINTS
};

/* -- Axes (plot_axis.c) -------------------------------------------------------------------- */

struct axis {
    const char *label, *unit; /* the unit is one of figure_kinds' */
    enum {
        AXIS_LINEAR, /* from 0 on */
        AXIS_LOG,
        AXIS_TAIL /* of shares p, as 1/(1 - p), logarithmic */
    } kind;
    double least, most; /* of what it shows */
    double from, to;    /* where these are, in the picture */
    size_t count;
    struct tick {
        double at;
        char label[UNIT_ROOM]; /* "": a line alone */
    } ticks[PLOT_TICKS];
};

bool axis_shows(const struct axis *axis, double value);

/* Sets least, most and the ticks by what is to be shown: at round numbers, the outer ones at the ends. */
void axis_fit(struct axis *axis, double least, double most);

/* Of an axis that was fitted: its ticks are these values instead, as far as there is room (`from` and `to` are set). */
void axis_mark(struct axis *axis, const double *values, size_t count);

/* Where a value is in the picture; what is beyond an end is at the end. */
double axis_at(const struct axis *axis, double value);

/* -- Curves (plot_curves.c) ---------------------------------------------------------------- */

struct curve {
    size_t contender;
    size_t count;
    struct mark {
        double x, y;
        double low, high; /* the interval of y; NAN: none */
        const char
            *name; /* what is told of it where somebody points at it; NULL: it is a part of the line alone */
    } marks[PLOT_MARKS];
};

struct plot {
    const char *title, *under; /* what it shows, and of what */
    struct axis x, y;
    size_t count;
    struct curve curves[BENCH_CONTENDERS];
};
void plot_curves(struct page *page, struct plot *plot);

/* -- Bars (plot_bars.c) -------------------------------------------------------------------- */

struct bars {
    const char *title, *under;
    const char *unit;
    size_t count;
    struct bar_group {
        const char *name; /* NULL: it is the only one */
        const struct result *result;
        enum figure figure;
    } groups[BENCH_POINTS];
};
void plot_bars(struct page *page, const struct bars *bars);

/* -- What both have (plot_parts.c) --------------------------------------------------------- */

/* Opens <figure> and <svg>; `about` tells in a sentence what is to be seen. */
void plot_open(struct page *page, const char *title, const char *under, double height, const char *about);
void plot_close(struct page *page);

/* A contender's mark. */
void plot_mark(struct page *page, size_t contender, double x, double y);

/* "epoll, 50 connections: 152 k/s (150 k/s to 154 k/s)" */
void plot_tip(struct page *page, size_t contender, const char *name, const char *unit, double value,
              double low, double high);

#endif
