/* baseline_text.c: ratios to `bare`, then and now. */
#include "tools/bench/text.h"
#include "tools/bench/units.h"
#include <string.h>

enum { CELL = 3 * UNIT_ROOM };

/* One ratio that both reports have. */
struct both {
    const char *contender;
    enum figure figure;
    const struct estimate *then, *now;
};

struct telling {
    const struct baseline *baseline;
    const struct report *report;
    FILE *out;
    size_t width;
    size_t contender; /* columns that the longest name takes */
    size_t better, worse, same, untold;
};

static const struct estimate *find(const struct baseline *baseline, const struct result *result,
                                   const char *contender, enum figure figure)
{
    for (size_t i = 0; i < baseline->count; i++) {
        const struct baseline_figure *old = &baseline->figures[i];
        if (old->figure == figure && strcmp(old->contender, contender) == 0 &&
            strcmp(old->scenario, result->scenario->name) == 0 && strcmp(old->point, result->point.name) == 0)
            return &old->to_bare;
    }
    return NULL;
}

static const char *estimate_text(char to[CELL], const struct estimate *estimate)
{
    char median[UNIT_ROOM], low[UNIT_ROOM], high[UNIT_ROOM];

    snprintf(to, CELL, "%s (%s to %s)", ratio_text(median, estimate->median), ratio_text(low, estimate->low),
             ratio_text(high, estimate->high));
    return to;
}

/* With so few rounds an interval has no width, or one that may be any. */
static bool too_few(const struct both *both)
{
    return both->now->rounds < STATISTICS_JUDGED || both->then->rounds < STATISTICS_JUDGED;
}

/* What became of it: -1 worse, 1 better, 0: the intervals have something in common, or cannot be told. */
static int change(const struct both *both)
{
    bool more = both->now->low > both->then->high, less = both->now->high < both->then->low;

    if (too_few(both))
        return 0;
    if (!more && !less)
        return 0;
    return more == figure_kinds[both->figure].more_is_better ? 1 : -1;
}

static void tell_row(struct telling *telling, const struct both *both)
{
    static const char *const words[] = { "apart: worse", "", "apart: better" };
    int changed = change(both);
    char then[CELL], now[CELL], row[512];

    *(changed > 0 ? &telling->better : changed < 0 ? &telling->worse : &telling->same) += 1;
    telling->untold += too_few(both);
    estimate_text(then, both->then);
    estimate_text(now, both->now);
    int n = snprintf(row, sizeof row, "  %-*.64s  %-8s  %-22s  %-22s  %s", (int)telling->contender,
                     both->contender, figure_kinds[both->figure].title, then, now,
                     too_few(both) ? "too few rounds" : words[changed + 1]);
    while (n > 0 && row[n - 1] == ' ')
        row[--n] = '\0';
    if (text_width(row) <= telling->width)
        fprintf(telling->out, "%s\n", row);
    else
        text_line(telling->out, telling->width, 2, 6, row);
}

/* What both have of one point, below its name. */
static void tell_result(struct telling *telling, const struct result *result)
{
    const struct report *report = telling->report;
    bool named = false;
    char name[sizeof result->point.name + 64];

    snprintf(name, sizeof name, "%.40s, %s", result->scenario->name, result->point.name);
    for (size_t i = 0; i < report->contender_count; i++) {
        const enum figure *figure = result_judged(result);
        for (; figure && *figure != FIGURES; figure++) {
            struct both both = { report->contenders[i].name, *figure, NULL,
                                 &result->series[i].to_bare[*figure] };
            both.then = find(telling->baseline, result, both.contender, *figure);
            if (!both.then || both.now->rounds == 0)
                continue;
            if (!named)
                text_line(telling->out, telling->width, 0, 4, name);
            named = true;
            tell_row(telling, &both);
        }
    }
}

static void tell_head(const struct telling *telling)
{
    const struct baseline *baseline = telling->baseline;
    char said[512];

    snprintf(said, sizeof said, "Beside the report of %s (confab %s; %s): ratios to bare, then and now.",
             *baseline->date ? baseline->date : "an unknown time",
             *baseline->build ? baseline->build : "of an unknown build",
             *baseline->system ? baseline->system : "an unknown system");
    text_line(telling->out, telling->width, 0, 0, said);
    text_line(
        telling->out, telling->width, 0, 0,
        "This is the weaker evidence: two runs, at two times, of which only the ratios within each can be "
        "compared. What --against shows, whose rounds take turns, is stronger. In brackets is the interval "
        "of "
        "95 %; where the two have nothing in common they are apart, which happens by chance too where "
        "there are many.");
    fputc('\n', telling->out);
}

void baseline_text(const struct baseline *baseline, const struct report *report, FILE *out, int width)
{
    struct telling telling = { .baseline = baseline, .report = report, .out = out };
    char said[256];

    telling.width = width < TEXT_LEAST_WIDTH ? TEXT_LEAST_WIDTH : (size_t)width;
    for (size_t i = 0; i < report->contender_count; i++) {
        size_t columns = text_width(report->contenders[i].name);
        telling.contender = columns > telling.contender ? columns : telling.contender;
    }
    tell_head(&telling);
    for (size_t i = 0; i < report->result_count; i++)
        tell_result(&telling, &report->results[i]);
    size_t count = telling.better + telling.worse + telling.same;
    if (count == 0)
        snprintf(said, sizeof said, "Nothing is in both: no contender at the same point of a scenario.");
    else
        snprintf(said, sizeof said, "Apart are %zu of %zu ratio%s: %zu better, %zu worse.",
                 telling.better + telling.worse, count, count == 1 ? "" : "s", telling.better, telling.worse);
    if (count > 0)
        fputc('\n', out);
    text_line(out, telling.width, 0, 0, said);
    if (telling.untold > 0) {
        snprintf(said, sizeof said, "With fewer than %d rounds nothing can be told.", STATISTICS_JUDGED);
        text_line(out, telling.width, 0, 0, said);
    }
}
