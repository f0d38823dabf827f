/* page.h: the parts of a report as a page of HTML.  The page is XML too: whoever has a parser can look into it. */
#ifndef CONFAB_TOOLS_BENCH_PAGE_H
#define CONFAB_TOOLS_BENCH_PAGE_H

#include "tools/bench/report.h"

struct page {
    FILE *out;
    const struct report *report;
    unsigned ids; /* that have been given out */
    enum { ROW_NONE, ROW_BEGUN, ROW_OPEN } row;
};

/* Text of somewhere else, for between tags and for the value of an attribute: nothing in it is markup. */
void html_text(FILE *out, const char *text);
void html_format(FILE *out, const char *format, ...) CONFAB_PRINTF(2, 3); /* the same of up to 511 bytes */

/* A figure as units.h has it, with the letters that a page has and a terminal may not have. */
void html_figure(FILE *out, const char *text);
void html_unit(FILE *out, const char *unit, double value);

/* The class that gives a contender its colour: `bare` has the one of its own. */
unsigned contender_colour(const struct report *report, size_t contender);

/* Pictures between the two stand beside each other, as many as there is room for. */
void page_row(struct page *page);
void page_row_end(struct page *page);

void page_style(FILE *out);
void page_verdicts(struct page *page);
void page_table(struct page *page, const struct scenario *scenario);
void page_pictures(struct page *page, const struct scenario *scenario);

#endif
