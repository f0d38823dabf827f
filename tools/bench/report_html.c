/* report_html.c: a report as one page, without anything from elsewhere. */
#include "tools/bench/page.h"
#include "tools/bench/words.h"
#include <string.h>

static void write_head(struct page *page)
{
    /* What would be loaded from anywhere is refused: so there is proof that nothing is. */
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\"/>\n<title>",
          page->out);
    html_format(page->out, "confab bench, %s", page->report->machine.date);
    fputs("</title>\n", page->out);
    page_style(page->out);
    fputs("</head>\n<body>\n", page->out);
}

static void write_contender(struct page *page, const struct contender *contender, size_t index)
{
    FILE *out = page->out;

    fprintf(out, "<li><i class=\"c%u\"></i><b>", contender_colour(page->report, index));
    html_text(out, contender->name);
    fputs("</b> ", out);
    switch (contender->kind) {
    case CONTENDER_BARE:
        fputs("written straight on the system\xE2\x80\x99s poller: the floor", out);
        break;
    case CONTENDER_HOST:
        html_format(out, "confab%s%s, backend %s", contender->version ? " " : "",
                    contender->version ? contender->version : "",
                    contender->backend ? contender->backend : "?");
        break;
    case CONTENDER_PEER:
        html_format(out, "the same on %s%s%s", contender->name, contender->version ? " " : "",
                    contender->version ? contender->version : "");
        break;
    }
    fputs("</li>\n", out);
}

static void write_intro(struct page *page)
{
    const struct report *report = page->report;
    char lines[MACHINE_LINES][MACHINE_LINE], method[MACHINE_LINE];
    FILE *out = page->out;

    machine_lines(report, lines);
    method_line(report, method);
    fputs("<header><h1>confab bench</h1>\n<p class=\"machine\">", out);
    for (size_t i = 0; i < MACHINE_LINES; i++) {
        html_text(out, lines[i]);
        if (i + 1 < MACHINE_LINES)
            fputs("<br/>\n", out);
    }
    fputs("</p>\n<p>", out);
    html_text(out, method);
    fputs(". Figures are medians over the rounds; \xC2\xB1 is how far the interval of 95\xC2\xA0% reaches; "
          "\xE2\x80\x9Cto bare\xE2\x80\x9D is the median of the ratios round by round, not the ratio of the "
          "medians. "
          "\xE2\x80\x9C"
          "cpu\xE2\x80\x9D, \xE2\x80\x9C"
          "calls\xE2\x80\x9D and \xE2\x80\x9Cswitches\xE2\x80\x9D are the "
          "server\xE2\x80\x99s; \xE2\x80\x9Cp50\xE2\x80\x9D to \xE2\x80\x9Cmax\xE2\x80\x9D are latency; "
          "\xE2\x80\x9Cstart\xE2\x80\x9D, "
          "\xE2\x80\x9Cstop\xE2\x80\x9D, \xE2\x80\x9C"
          "expire\xE2\x80\x9D and \xE2\x80\x9C"
          "event\xE2\x80\x9D are processor time.</p>\n",
          out);
    if (report->command) {
        fputs("<p><code>", out);
        html_text(out, report->command);
        fputs("</code></p>\n", out);
    }
    fputs("<ul class=\"contenders\">\n", out);
    for (size_t i = 0; i < report->contender_count; i++)
        write_contender(page, &report->contenders[i], i);
    fputs("</ul></header>\n", out);
}

static void write_warnings(struct page *page)
{
    if (page->report->warning_count == 0)
        return;
    fputs("<section class=\"warnings\"><h2>Warnings</h2>\n<ul>\n", page->out);
    for (size_t i = 0; i < page->report->warning_count; i++) {
        fputs("<li>", page->out);
        html_text(page->out, page->report->warnings[i]);
        fputs("</li>\n", page->out);
    }
    fputs("</ul></section>\n", page->out);
}

static void write_scenario(struct page *page, const struct scenario *scenario)
{
    fputs("<section><h2>", page->out);
    html_text(page->out, scenario->name);
    fputs(" <span>", page->out);
    html_format(page->out, "%s; per %s", scenario->summary, scenario->per);
    fputs("</span></h2>\n", page->out);
    page_pictures(page, scenario);
    page_table(page, scenario);
    fputs("</section>\n", page->out);
}

void report_html(const struct report *report, FILE *out)
{
    struct page page = { .out = out, .report = report };
    const struct scenario *last = NULL;

    write_head(&page);
    write_intro(&page);
    write_warnings(&page);
    page_verdicts(&page);
    for (size_t i = 0; i < report->result_count; i++) {
        if (report->results[i].scenario == last)
            continue;
        last = report->results[i].scenario;
        write_scenario(&page, last);
    }
    fputs("</body>\n</html>\n", out);
}
