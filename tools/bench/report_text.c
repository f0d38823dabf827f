/* report_text.c: a report for people, on a terminal or in a file: the machine, tables, verdicts, warnings. */
#include "tools/bench/text.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include "tools/printable.h"
#include <string.h>

/* -- Lines that are broken --------------------------------------------------------------- */

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void flow_piece(struct flow *flow, const char *piece)
{
    size_t width = text_width(piece);

    if (flow->column > 0 && flow->column + 1 + width > flow->width) {
        fputc('\n', flow->out);
        flow->column = 0;
        flow->follows = true;
    }
    if (flow->column == 0) {
        size_t indent = flow->follows ? flow->hang : flow->indent;
        fprintf(flow->out, "%*s", (int)indent, "");
        flow->column = indent;
    } else {
        fputc(' ', flow->out);
        flow->column++;
    }
    fputs(piece, flow->out);
    flow->column += width;
}

void flow_text(struct flow *flow, const char *text)
{
    char copy[PRINTABLE_ROOM], *rest = copy;

    printable_copy(copy, text);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        flow_piece(flow, word);
}

void flow_end(struct flow *flow)
{
    if (flow->column > 0)
        fputc('\n', flow->out);
    flow->column = 0;
    flow->follows = false;
}

void text_line(FILE *out, size_t width, size_t indent, size_t hang, const char *text)
{
    struct flow flow = { .out = out, .width = width, .indent = indent, .hang = hang };

    flow_text(&flow, text);
    flow_end(&flow);
}

/* -- The whole ---------------------------------------------------------------------------- */

static void write_head(const struct report *report, FILE *out, size_t width)
{
    char lines[MACHINE_LINES][MACHINE_LINE], method[MACHINE_LINE];

    machine_lines(report, lines);
    for (size_t i = 0; i < MACHINE_LINES; i++)
        text_line(out, width, 0, 4, lines[i]);
    method_line(report, method);
    fputc('\n', out);
    text_line(out, width, 0, 4, method);
    text_line(
        out, width, 0, 4,
        "Figures are medians over the rounds; \"+-\": how far the interval of 95 % reaches; \"x bare\": "
        "the ratio to bare, which is written straight on the system's poller and is the floor: the "
        "median of the ratios round by round, not the ratio of the medians; cpu, calls and switches are "
        "the server's; p50 to max are latency; start, stop, expire and event are processor time.");
}

static void write_warnings(const struct report *report, FILE *out, size_t width)
{
    for (size_t i = 0; i < report->warning_count; i++) {
        struct flow flow = { .out = out, .width = width, .hang = 4 };
        flow_piece(&flow, "warning:");
        flow_text(&flow, report->warnings[i]);
        flow_end(&flow);
    }
}

void report_text(const struct report *report, FILE *out, int width)
{
    size_t columns = width < TEXT_LEAST_WIDTH ? TEXT_LEAST_WIDTH : (size_t)width;
    const struct scenario *last = NULL;

    write_head(report, out, columns);
    for (size_t i = 0; i < report->result_count; i++) {
        if (report->results[i].scenario == last)
            continue;
        last = report->results[i].scenario;
        fputc('\n', out);
        text_scenario(report, last, out, columns);
    }
    if (report->verdict_count > 0) {
        fputc('\n', out);
        text_verdicts(report, out, columns);
    }
    if (report->warning_count > 0) {
        fputc('\n', out);
        write_warnings(report, out, columns);
    }
}
