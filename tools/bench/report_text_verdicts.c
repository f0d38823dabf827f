/* report_text_verdicts.c: who is faster than whom, in what, and by how much. */
#include "tools/bench/text.h"
#include "tools/bench/units.h"
#include "tools/bench/words.h"
#include <string.h>

/* Verdicts of one pair that are told in one sentence. */
struct group {
    const struct report *report;
    size_t ours, theirs;
    enum outcome outcome;
    enum aspect aspect; /* where there is no difference, it does not matter */
};

static bool belongs(const struct group *group, const struct verdict *verdict)
{
    return verdict->ours == group->ours && verdict->theirs == group->theirs &&
           verdict_outcome(verdict) == group->outcome &&
           (group->outcome >= OUTCOME_SAME || figure_aspect(verdict->figure) == group->aspect);
}

/* The next result behind `from` that has a verdict of the group; result_count where there is none. */
static size_t next_result(const struct group *group, size_t from)
{
    size_t next = group->report->result_count;

    for (size_t i = 0; i < group->report->verdict_count; i++) {
        const struct verdict *verdict = &group->report->verdicts[i];
        if (belongs(group, verdict) && verdict->result >= from && verdict->result < next)
            next = verdict->result;
    }
    return next;
}

/* "echo, 50 connections: rate 1.10x (1.08 to 1.12), ..." */
static void tell_result(const struct group *group, struct flow *flow, size_t result)
{
    const struct report *report = group->report;
    char name[sizeof report->results->point.name + 64], piece[8 * UNIT_ROOM] = "";
    char ratio[UNIT_ROOM], low[UNIT_ROOM], high[UNIT_ROOM], limit[BENCH_WHY];
    const char *limited = NULL;

    snprintf(name, sizeof name, "%.40s, %s:", report->results[result].scenario->name,
             report->results[result].point.name);
    flow_text(flow, name);
    for (size_t i = 0; i < report->verdict_count; i++) {
        const struct verdict *verdict = &report->verdicts[i];
        const struct estimate *estimate = &verdict->comparison.ratio;
        if (verdict->result != result || !belongs(group, verdict))
            continue;
        limited = verdict_limited(report, verdict); /* all that are told here are of the same two */
        if (*piece) {                               /* another one follows it, in this line or the next */
            strcat(piece, ",");
            flow_piece(flow, piece);
        }
        if (!verdict_has_interval(verdict)) {
            snprintf(piece, sizeof piece - 1, "%s %sx", figure_kinds[verdict->figure].title,
                     ratio_text(ratio, estimate->median));
            continue;
        }
        snprintf(piece, sizeof piece - 1, "%s %sx (%s to %s)", figure_kinds[verdict->figure].title,
                 ratio_text(ratio, estimate->median), ratio_text(low, estimate->low),
                 ratio_text(high, estimate->high));
    }
    if (limited)
        strcat(piece, ";");
    flow_piece(flow, piece);
    if (limited) {
        snprintf(limit, sizeof limit, "the load was the limit of %.64s alone", limited);
        flow_text(flow, limit);
    }
    flow_end(flow);
}

static void tell_group(const struct group *group, FILE *out, size_t width)
{
    const struct report *report = group->report;
    const char *ours = report->contenders[group->ours].name, *theirs = report->contenders[group->theirs].name;
    struct flow flow = { .out = out, .width = width, .hang = 4 };
    size_t end = report->result_count, result = next_result(group, 0);
    char said[256];

    if (result == end)
        return;
    bool alone = next_result(group, result + 1) == end;
    if (group->outcome == OUTCOME_UNTOLD)
        snprintf(said, sizeof said, "too few rounds to tell %.64s from %.64s", ours, theirs);
    else if (group->outcome == OUTCOME_SAME)
        snprintf(said, sizeof said, "no difference shown between %.64s and %.64s", ours, theirs);
    else
        snprintf(said, sizeof said, "%.64s %s %.64s", ours,
                 aspect_words(group->aspect, group->outcome == OUTCOME_BETTER), theirs);
    if (!alone)
        strcat(said, ":");
    flow_text(&flow, said);
    if (!alone) {
        flow_end(&flow);
        flow.indent = 2;
        flow.hang = 6;
    }
    for (; result < end; result = next_result(group, result + 1)) {
        flow_piece(&flow, "in");
        tell_result(group, &flow, result);
    }
}

static void tell_pair(const struct report *report, const struct pair *pair, FILE *out, size_t width)
{
    struct group group = { .report = report, .ours = pair->ours, .theirs = pair->theirs };

    for (int outcome = 0; outcome < OUTCOMES; outcome++)
        for (int aspect = 0; aspect < (outcome < OUTCOME_SAME ? ASPECTS : 1); aspect++) {
            group.outcome = (enum outcome)outcome;
            group.aspect = (enum aspect)aspect;
            tell_group(&group, out, width);
        }
}

/* How often which: what a reader looks at first. */
static void tell_sum(const struct report *report, const struct pair *pairs, size_t count, FILE *out,
                     size_t width)
{
    size_t name = 0, room = width - 50, untold = 0;
    char both[128];

    for (size_t i = 0; i < count; i++) {
        size_t each = strlen(report->contenders[pairs[i].ours].name) +
                      strlen(report->contenders[pairs[i].theirs].name) + strlen(" beside ");
        name = each > name ? each : name;
        untold += pairs[i].count[OUTCOME_UNTOLD];
    }
    name = name > room ? room : name;
    fprintf(out, "  %-*s  better  worse  no difference%s\n", (int)name, "", untold ? "  too few rounds" : "");
    for (size_t i = 0; i < count; i++) {
        snprintf(both, sizeof both, "%.50s beside %.50s", report->contenders[pairs[i].ours].name,
                 report->contenders[pairs[i].theirs].name);
        fprintf(out, "  %-*.*s  %6zu  %5zu  %13zu", (int)name, (int)name, both,
                pairs[i].count[OUTCOME_BETTER], pairs[i].count[OUTCOME_WORSE], pairs[i].count[OUTCOME_SAME]);
        if (untold)
            fprintf(out, "  %14zu", pairs[i].count[OUTCOME_UNTOLD]);
        fputc('\n', out);
    }
}

void text_verdicts(const struct report *report, FILE *out, size_t width)
{
    struct pair pairs[PAIRS];
    size_t count = report_pairs(report, pairs), family = report_family(report);
    char said[512];

    fputs("verdicts\n", out);
    tell_sum(report, pairs, count, out, width);
    fputc('\n', out);
    int used = snprintf(said, sizeof said, "Ratios are ours to theirs, in brackets the interval of 95 %%.");
    if (family > 0)
        snprintf(said + used, sizeof said - (size_t)used,
                 " A difference is one that is not chance (%.0f %% over all %zu comparisons together, by "
                 "Holm) and is %.0f %% or more. An interval is of its one ratio, so it may leave out 1 "
                 "where no difference is shown.",
                 100 * STATISTICS_LEVEL, family, 100 * STATISTICS_LEAST);
    text_line(out, width, 0, 0, said);
    if (family < report->verdict_count) {
        snprintf(said, sizeof said, "With fewer than %d rounds nothing can be told.", STATISTICS_JUDGED);
        text_line(out, width, 0, 0, said);
    }
    for (size_t i = 0; i < count; i++) {
        fputc('\n', out);
        tell_pair(report, &pairs[i], out, width);
    }
}
