/* report_html_verdicts.c: the verdicts of a report as a table: a row is a figure at a point, a column a pair. */
#include "tools/bench/page.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include <math.h>
#include <string.h>

enum { PICTURE = 56, MIDDLE = PICTURE / 2 };

/* How many times better ours is: a ratio, or its inverse. */
static double advantage(const struct verdict *verdict, double ratio)
{
    return figure_kinds[verdict->figure].more_is_better ? ratio : 1 / ratio;
}

/* Where that is: in the middle there is no difference, at the ends it is twice or more. */
static double place(double times)
{
    double at = MIDDLE + log(times) / log(2) * (MIDDLE - 4);

    return isfinite(at) ? fmin(fmax(at, 4), PICTURE - 4) : MIDDLE;
}

static void write_interval(FILE *out, const struct verdict *verdict)
{
    const struct estimate *ratio = &verdict->comparison.ratio;
    double low = place(advantage(verdict, ratio->low)), high = place(advantage(verdict, ratio->high));

    fprintf(out,
            "<svg viewBox=\"0 0 %d 12\" aria-hidden=\"true\"><path class=\"g\" d=\"M%d 0v12\"/>"
            "<path class=\"i\" d=\"M%.1f 6H%.1f\"/><path class=\"m\" d=\"M%.1f 2v8\"/></svg>",
            PICTURE, MIDDLE, fmin(low, high), fmax(low, high), place(advantage(verdict, ratio->median)));
}

static void write_cell(struct page *page, const struct verdict *verdict)
{
    static const struct {
        const char *class, *sign, *word;
    } outcomes[] = {
        [OUTCOME_SAME] = { "same", "=", "no difference shown" },
        [OUTCOME_UNTOLD] = { "same", "?", "too few rounds" },
        [OUTCOME_BETTER] = { "better", "\xE2\x96\xB2", "better" },
        [OUTCOME_WORSE] = { "worse", "\xE2\x96\xBC", "worse" },
    };
    const struct comparison *comparison = &verdict->comparison;
    enum outcome outcome = verdict_outcome(verdict);
    const char *limited = verdict_limited(page->report, verdict);
    char text[UNIT_ROOM];
    FILE *out = page->out;

    fprintf(out, "<td class=\"v %s\" title=\"%s; p ", outcomes[outcome].class, outcomes[outcome].word);
    html_format(out, "%.2g, by Holm %.2g, %zu rounds", comparison->p, comparison->adjusted,
                comparison->ratio.rounds);
    fprintf(out, "\"><b>%s</b> <em>", outcomes[outcome].sign);
    html_figure(out, ratio_text(text, comparison->ratio.median));
    fputs("\xC3\x97</em> <small>", out);
    if (verdict_has_interval(verdict)) {
        html_figure(out, ratio_text(text, comparison->ratio.low));
        fputs("\xE2\x80\x93", out);
        html_figure(out, ratio_text(text, comparison->ratio.high));
    }
    fprintf(out, "</small><span class=\"sr\"> %s</span>", outcomes[outcome].word);
    write_interval(out, verdict);
    if (limited) {
        fputs("<i>the load was the limit of ", out);
        html_text(out, limited);
        fputs(" alone</i>", out);
    }
    fputs("</td>", out);
}

static const struct verdict *find(const struct report *report, size_t result, enum figure figure,
                                  const struct pair *pair)
{
    for (size_t i = 0; i < report->verdict_count; i++) {
        const struct verdict *verdict = &report->verdicts[i];
        if (verdict->result == result && verdict->figure == figure && verdict->ours == pair->ours &&
            verdict->theirs == pair->theirs)
            return verdict;
    }
    return NULL;
}

static bool judged(const struct report *report, size_t result, enum figure figure)
{
    for (size_t i = 0; i < report->verdict_count; i++)
        if (report->verdicts[i].result == result && report->verdicts[i].figure == figure)
            return true;
    return false;
}

/* The rows of a point: one for each figure that has a verdict. */
static void write_rows(struct page *page, size_t result, const struct pair *pairs, size_t count)
{
    const struct report *report = page->report;
    size_t rows = 0, row = 0;

    for (int figure = 0; figure < FIGURES; figure++)
        rows += judged(report, result, (enum figure)figure);
    for (int figure = 0; figure < FIGURES; figure++) {
        if (!judged(report, result, (enum figure)figure))
            continue;
        fputs(row == 0 ? "<tr class=\"first\">" : "<tr>", page->out);
        if (row++ == 0) {
            fprintf(page->out, "<th class=\"point\" scope=\"rowgroup\" rowspan=\"%zu\"><b>", rows);
            html_text(page->out, report->results[result].scenario->name);
            fputs("</b> ", page->out);
            html_text(page->out, report->results[result].point.name);
            fputs("</th>", page->out);
        }
        fputs("<th scope=\"row\">", page->out);
        html_text(page->out, figure_kinds[figure].title);
        fputs("</th>", page->out);
        for (size_t i = 0; i < count; i++) {
            const struct verdict *verdict = find(report, result, (enum figure)figure, &pairs[i]);
            if (verdict)
                write_cell(page, verdict);
            else
                fputs("<td class=\"none\">\xE2\x80\x93</td>", page->out);
        }
        fputs("</tr>\n", page->out);
    }
}

/* What is to be seen in a second: a card a pair. */
static void write_cards(struct page *page, const struct pair *pairs, size_t count)
{
    const struct report *report = page->report;
    FILE *out = page->out;

    fputs("<ul class=\"cards\">\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("<li><h3>", out);
        html_text(out, report->contenders[pairs[i].ours].name);
        fputs(" <span>beside</span> ", out);
        html_text(out, report->contenders[pairs[i].theirs].name);
        fprintf(out,
                "</h3><p><b class=\"better\">\xE2\x96\xB2 %zu better</b> <b class=\"worse\">\xE2\x96\xBC %zu "
                "worse</b> <b class=\"same\">= %zu no difference shown</b>",
                pairs[i].count[OUTCOME_BETTER], pairs[i].count[OUTCOME_WORSE], pairs[i].count[OUTCOME_SAME]);
        if (pairs[i].count[OUTCOME_UNTOLD])
            fprintf(out, " <b class=\"same\">? %zu of too few rounds</b>", pairs[i].count[OUTCOME_UNTOLD]);
        fputs("</p></li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void write_head(struct page *page, const struct pair *pairs, size_t count)
{
    const struct report *report = page->report;

    fputs("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"verdicts\"><table "
          "class=\"verdicts\">\n<thead><tr><th class=\"point\" scope=\"col\">at</th><th "
          "scope=\"col\">figure</th>",
          page->out);
    for (size_t i = 0; i < count; i++) {
        fputs("<th scope=\"col\">", page->out);
        html_text(page->out, report->contenders[pairs[i].ours].name);
        fputs(" beside ", page->out);
        html_text(page->out, report->contenders[pairs[i].theirs].name);
        fputs("</th>", page->out);
    }
    fputs("</tr></thead>\n<tbody>\n", page->out);
}

void page_verdicts(struct page *page)
{
    const struct report *report = page->report;
    struct pair pairs[PAIRS];
    size_t count = report_pairs(report, pairs), family = report_family(report);

    if (count == 0)
        return;
    fputs("<section id=\"verdicts\"><h2>Verdicts</h2>\n", page->out);
    write_cards(page, pairs, count);
    fputs("<p>", page->out);
    html_format(page->out,
                "Ratios are of the first to the second, with the interval of 95\xC2\xA0%%; to the right of "
                "the line the first does better.");
    if (family > 0)
        html_format(page->out,
                    " A difference is one that is not chance (%.0f\xC2\xA0%% over all %zu comparisons "
                    "together, by Holm) and is %.0f\xC2\xA0%% or more. An interval is of its one ratio, so "
                    "it may leave out 1 where no difference is shown.",
                    100 * STATISTICS_LEVEL, family, 100 * STATISTICS_LEAST);
    if (family < report->verdict_count)
        html_format(page->out, " With fewer than %d rounds nothing can be told.", STATISTICS_JUDGED);
    fputs("</p>\n", page->out);
    write_head(page, pairs, count);
    for (size_t i = 0; i < report->result_count; i++)
        write_rows(page, i, pairs, count);
    fputs("</tbody></table></div></section>\n", page->out);
}
