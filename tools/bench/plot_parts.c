/* plot_parts.c: what pictures have in common. */
#include "tools/bench/plot.h"
#include "tools/bench/words.h"
#include <math.h>

void plot_open(struct page *page, const char *title, const char *under, double height, const char *about)
{
    unsigned id = ++page->ids;

    if (page->row == ROW_BEGUN) {
        fputs("<div class=\"pictures\">\n", page->out);
        page->row = ROW_OPEN;
    }
    fputs("<figure><figcaption><b>", page->out);
    html_text(page->out, title);
    fputs("</b> <span>", page->out);
    html_text(page->out, under);
    fprintf(page->out,
            "</span></figcaption>\n"
            "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-labelledby=\"t%u d%u\"><title id=\"t%u\">",
            PLOT_WIDTH, height, id, id, id);
    html_format(page->out, "%s, %s", title, under);
    fprintf(page->out, "</title><desc id=\"d%u\">", id);
    html_text(page->out, about);
    fputs("</desc>\n", page->out);
}

void page_row(struct page *page)
{
    page->row = ROW_BEGUN;
}

void page_row_end(struct page *page)
{
    if (page->row == ROW_OPEN)
        fputs("</div>\n", page->out);
    page->row = ROW_NONE;
}

void plot_close(struct page *page)
{
    fputs("</svg></figure>\n", page->out);
}

/* Unlike one another in outline, for those who see no colours. */
static const char *const marks[] = {
    "M-3.5-3.5h7v7h-7z",                                                              /* a square */
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",                                             /* a disc */
    "M0-4.8L4.6 3.4h-9.2z",                                                           /* a triangle */
    "M0-5L5 0L0 5L-5 0z",                                                             /* on its point */
    "M0 4.8L4.6-3.4h-9.2z",                                                           /* upside down */
    "M-4.5-1.6h2.9v-2.9h3.2v2.9h2.9v3.2h-2.9v2.9h-3.2v-2.9h-2.9z",                    /* a cross */
    "M-4.6-3L-3-4.6L0-1.6L3-4.6L4.6-3L1.6 0L4.6 3L3 4.6L0 1.6L-3 4.6L-4.6 3L-1.6 0z", /* the same, turned */
    "M-4.8-2h9.6v4h-9.6z",                                                            /* a brick */
    "M-2-4.8h4v9.6h-4z"                                                               /* on its end */
};

void plot_mark(struct page *page, size_t contender, double x, double y)
{
    fprintf(page->out, "<path class=\"m c%u\" transform=\"translate(%.1f %.1f)\" d=\"%s\"",
            contender_colour(page->report, contender), x, y,
            marks[contender % (sizeof marks / sizeof *marks)]);
    fputs("/>", page->out);
}

void plot_tip(struct page *page, size_t contender, const char *name, const char *unit, double value,
              double low, double high)
{
    FILE *out = page->out;

    fputs("<title>", out);
    html_format(out, "%s, %s: ", page->report->contenders[contender].name, name);
    html_unit(out, unit, value);
    if (isfinite(low) && isfinite(high)) {
        fputs(" (", out);
        html_unit(out, unit, low);
        fputs(" to ", out);
        html_unit(out, unit, high);
        fputs(")", out);
    }
    fputs("</title>", out);
}
