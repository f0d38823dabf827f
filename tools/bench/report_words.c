/* report_words.c: what the forms of a report for people have in common. */
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum aspect figure_aspect(enum figure figure)
{
    switch (figure) {
    case FIGURE_CPU:
    case FIGURE_USER:
    case FIGURE_SYSTEM:
        return ASPECT_PROCESSOR;
    case FIGURE_CALLS:
    case FIGURE_SWITCHES:
        return ASPECT_CALLS;
    case FIGURE_MEMORY:
        return ASPECT_MEMORY;
    default:
        return ASPECT_SPEED;
    }
}

const char *aspect_words(enum aspect aspect, bool better)
{
    static const char *const words[ASPECTS][2] = {
        [ASPECT_SPEED] = { "is slower than", "is faster than" },
        [ASPECT_PROCESSOR] = { "takes more processor time than", "takes less processor time than" },
        [ASPECT_CALLS] = { "asks the kernel more often than", "asks the kernel less often than" },
        [ASPECT_MEMORY] = { "takes more memory than", "takes less memory than" },
    };
    return words[aspect][better];
}

enum outcome verdict_outcome(const struct verdict *verdict)
{
    switch (verdict->comparison.verdict) {
    case BETTER:
        return OUTCOME_BETTER;
    case WORSE:
        return OUTCOME_WORSE;
    case NO_DIFFERENCE:
        break;
    }
    return verdict->comparison.ratio.rounds < STATISTICS_JUDGED ? OUTCOME_UNTOLD : OUTCOME_SAME;
}

bool verdict_has_interval(const struct verdict *verdict)
{
    const struct estimate *ratio = &verdict->comparison.ratio;
    return verdict_outcome(verdict) != OUTCOME_UNTOLD || ratio->low < ratio->high;
}

static struct pair *pair_of(struct pair *pairs, size_t *count, const struct verdict *verdict)
{
    for (size_t i = 0; i < *count; i++)
        if (pairs[i].ours == verdict->ours && pairs[i].theirs == verdict->theirs)
            return &pairs[i];
    pairs[*count] = (struct pair){ .ours = verdict->ours, .theirs = verdict->theirs };
    return &pairs[(*count)++];
}

size_t report_pairs(const struct report *report, struct pair pairs[PAIRS])
{
    size_t count = 0;

    for (size_t i = 0; i < report->verdict_count; i++) {
        struct pair *pair = pair_of(pairs, &count, &report->verdicts[i]);
        pair->count[verdict_outcome(&report->verdicts[i])]++;
    }
    return count;
}

/* -- What the load was the limit of ------------------------------------------------------- */

bool series_limited(const struct series *series)
{
    size_t taken = 0, limited = 0;

    for (size_t i = 0; i < series->count && !series->excluded; i++) {
        taken += series->samples[i].taken;
        limited += series->samples[i].taken && series->samples[i].load_limited;
    }
    return limited > 0 && 2 * limited >= taken;
}

const char *verdict_limited(const struct report *report, const struct verdict *verdict)
{
    const struct series *series = report->results[verdict->result].series;
    bool ours = series_limited(&series[verdict->ours]), theirs = series_limited(&series[verdict->theirs]);

    return ours == theirs ? NULL : report->contenders[ours ? verdict->ours : verdict->theirs].name;
}

void result_limited(const struct report *report, const struct result *result, char who[BENCH_WHY])
{
    size_t last = 0, used = 0, told = 0;

    for (size_t i = 0; i < report->contender_count; i++)
        last = series_limited(&result->series[i]) ? i : last;
    who[0] = '\0';
    for (size_t i = 0; i <= last && used < BENCH_WHY; i++)
        if (i < report->contender_count && series_limited(&result->series[i]))
            used += (size_t)snprintf(who + used, BENCH_WHY - used, "%s%s",
                                     told++ == 0 ? ""
                                     : i == last ? " and "
                                                 : ", ",
                                     report->contenders[i].name);
}

/* -- How many, which ---------------------------------------------------------------------- */

size_t report_family(const struct report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < report->verdict_count; i++)
        count += verdict_outcome(&report->verdicts[i]) != OUTCOME_UNTOLD;
    return count;
}

size_t report_bare(const struct report *report)
{
    size_t i = 0;

    while (i < report->contender_count && report->contenders[i].kind != CONTENDER_BARE)
        i++;
    return i;
}

bool series_has(const struct series *series, enum figure figure)
{
    return series->estimates[figure].rounds > 0 && isfinite(series->estimates[figure].median);
}

const char *series_missing(const struct series *series)
{
    for (int i = 0; i < FIGURES; i++)
        if (series_has(series, (enum figure)i))
            return NULL;
    return series->excluded ? series->excluded : "not measured";
}

size_t scenario_figures(const struct report *report, const struct scenario *scenario,
                        enum figure figures[FIGURES])
{
    size_t count = 0;

    for (const enum figure *figure = scenario->figures; figure && *figure != FIGURES && count < FIGURES;
         figure++) {
        bool any = false;
        for (size_t i = 0; i < report->result_count && !any; i++)
            for (size_t k = 0; k < report->contender_count && !any; k++)
                any = report->results[i].scenario == scenario &&
                      series_has(&report->results[i].series[k], *figure);
        if (any)
            figures[count++] = *figure;
    }
    return count;
}

bool scenario_judges(const struct report *report, const struct scenario *scenario, enum figure figure)
{
    for (const enum figure *judged = scenario->judged; judged && *judged != FIGURES; judged++)
        if (*judged == figure)
            return true;
    for (size_t i = 0; i < report->verdict_count; i++)
        if (report->verdicts[i].figure == figure &&
            report->results[report->verdicts[i].result].scenario == scenario)
            return true;
    return false;
}

/* -- The machine ------------------------------------------------------------------------ */

/* Puts it behind what is there, with a comma between. */
static void add(char line[MACHINE_LINE], const char *format, ...) CONFAB_PRINTF(2, 3);
static void add(char line[MACHINE_LINE], const char *format, ...)
{
    size_t used = strlen(line);
    va_list list;

    if (used > 0 && used < MACHINE_LINE - 2) {
        memcpy(line + used, ", ", 3);
        used += 2;
    }
    va_start(list, format);
    vsnprintf(line + used, MACHINE_LINE - used, format, list);
    va_end(list);
}

static void add_share(char line[MACHINE_LINE], const char *what, double share)
{
    if (isfinite(share))
        add(line, "%s %.*f %%", what, share < 0.0995 && share > 0 ? 1 : 0, 100 * share);
}

void machine_lines(const struct report *report, char lines[MACHINE_LINES][MACHINE_LINE])
{
    const struct machine *machine = &report->machine;
    char number[UNIT_ROOM];

    memset(lines, 0, MACHINE_LINES * sizeof *lines);
    add(lines[0], "confab %s", *machine->build ? machine->build : "(of an unknown build)");
    if (*machine->date)
        add(lines[0], "%s", machine->date);

    if (*machine->processor)
        add(lines[1], "%s", machine->processor);
    if (machine->processors > 0)
        add(lines[1], "%d processor%s", machine->processors, machine->processors == 1 ? "" : "s");
    if (machine->server_cpu >= 0 && machine->load_cpu >= 0)
        add(lines[1], "server on %d and load on %d", machine->server_cpu, machine->load_cpu);
    else
        add(lines[1], "not pinned");
    if (machine->memory > 0)
        add(lines[1], "%s", unit_text(number, "B", (double)machine->memory));
    if (*machine->governor)
        add(lines[1], "governor %s", machine->governor);
    if (machine->virtual_machine)
        add(lines[1], "virtual");

    add(lines[2], "%s", *machine->system ? machine->system : "unknown system");
    if (machine->descriptors > 0)
        add(lines[2], "%s descriptors", count_text(number, machine->descriptors));
    if (machine->backlog > 0)
        add(lines[2], "backlog %s", count_text(number, machine->backlog));
    add(lines[2], "load %.2f", machine->load_average);
    add_share(lines[2], "others", machine->others);
    add_share(lines[2], "stolen", machine->stolen);
}

void method_line(const struct report *report, char line[MACHINE_LINE])
{
    char each[UNIT_ROOM], all[UNIT_ROOM];

    snprintf(line, MACHINE_LINE, "%d round%s of %s each, contenders in turn; %s in all%s", report->rounds,
             report->rounds == 1 ? "" : "s", seconds_text(each, report->seconds),
             seconds_text(all, report->took), report->quick ? " (quick: fewer points and rounds)" : "");
}
