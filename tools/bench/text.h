/* text.h: the parts of a report as text. */
#ifndef CONFAB_TOOLS_BENCH_TEXT_H
#define CONFAB_TOOLS_BENCH_TEXT_H

#include "tools/bench/report.h"

enum { TEXT_LEAST_WIDTH = 60 };

/* Columns that a text takes: its characters in UTF-8. */
size_t text_width(const char *text);

/* Words one after the other, in lines of `width` columns. */
struct flow {
    FILE *out;
    size_t width, indent, hang; /* before the first line, and before the others */
    size_t column;              /* now; 0: at the beginning of a line */
    bool follows;               /* a line has been broken */
};
void flow_piece(struct flow *flow, const char *piece); /* which is not broken */
void flow_text(struct flow *flow, const char *text); /* of somewhere else: made printable, broken at blanks */
void flow_end(struct flow *flow);

/* A text that is a paragraph. */
void text_line(FILE *out, size_t width, size_t indent, size_t hang, const char *text);

void text_scenario(const struct report *report, const struct scenario *scenario, FILE *out, size_t width);
void text_verdicts(const struct report *report, FILE *out, size_t width);

#endif
