/* report_json.c: a report for programs.  confab-bench(1) documents the form; baseline.c reads it again. */
#include "tools/bench/report.h"
#include "tools/bench/words.h"
#include "tools/json.h"
#include <math.h>

static const char *kind_name(enum contender_kind kind)
{
    switch (kind) {
    case CONTENDER_BARE:
        return "bare";
    case CONTENDER_HOST:
        return "host";
    case CONTENDER_PEER:
        return "peer";
    }
    return NULL;
}

/* "" and 0 are: not known. */
static void write_known(struct json *json, const char *key, const char *text)
{
    json_string(json, key, *text ? text : NULL);
}

static void write_positive(struct json *json, const char *key, int64_t value)
{
    if (value > 0)
        json_integer(json, key, value);
}

static void write_machine(struct json *json, const struct machine *machine)
{
    json_open(json, "machine", '{');
    write_known(json, "system", machine->system);
    write_known(json, "processor", machine->processor);
    json_integer(json, "processors", machine->processors);
    json_integer(json, "server_cpu", machine->server_cpu);
    json_integer(json, "load_cpu", machine->load_cpu);
    json_number(json, "memory", (double)machine->memory);
    write_known(json, "governor", machine->governor);
    json_boolean(json, "virtual_machine", machine->virtual_machine);
    json_number(json, "load_average", machine->load_average);
    json_number(json, "stolen", machine->stolen);
    json_number(json, "others", machine->others);
    json_integer(json, "descriptors", machine->descriptors);
    json_integer(json, "backlog", machine->backlog);
    write_known(json, "build", machine->build);
    json_close(json, '}');
}

static void write_contender(struct json *json, const struct contender *contender)
{
    json_open(json, NULL, '{');
    json_string(json, "name", contender->name);
    json_string(json, "kind", kind_name(contender->kind));
    json_string(json, "program", contender->program);
    json_string(json, "backend", contender->backend);
    json_string(json, "version", contender->version);
    json_boolean(json, "old", contender->old);
    json_close(json, '}');
}

static void write_parameters(struct json *json, const struct point *point)
{
    json_open(json, "parameters", '{');
    write_positive(json, "connections", point->connections);
    write_positive(json, "depth", point->depth);
    write_positive(json, "size", point->size);
    if (point->share > 0)
        json_number(json, "share", point->share);
    write_positive(json, "descriptors", point->descriptors);
    write_positive(json, "active", point->active);
    write_positive(json, "writes", point->writes);
    write_positive(json, "count", point->count);
    write_positive(json, "terminator", point->terminator);
    json_close(json, '}');
}

static void write_estimate(struct json *json, const struct estimate *estimate)
{
    json_number(json, "median", estimate->median);
    json_number(json, "low", estimate->low);
    json_number(json, "high", estimate->high);
}

/* A value a round, in one line. */
static void write_rounds(struct json *json, const char *key, const struct series *series,
                         double (*value)(const struct sample *sample, enum figure figure), enum figure figure)
{
    json_open(json, key, '[');
    json->flat = true;
    for (size_t i = 0; i < series->count; i++)
        json_number(json, NULL, value(&series->samples[i], figure));
    json_close(json, ']');
    json->flat = false;
}

static double value_figure(const struct sample *sample, enum figure figure)
{
    return sample->taken ? sample->figure[figure] : NAN;
}

static double value_seconds(const struct sample *sample, enum figure figure)
{
    (void)figure;
    return sample->taken ? sample->seconds : NAN;
}

static double value_server_busy(const struct sample *sample, enum figure figure)
{
    (void)figure;
    return sample->taken ? sample->server_busy : NAN;
}

static double value_load_busy(const struct sample *sample, enum figure figure)
{
    (void)figure;
    return sample->taken ? sample->load_busy : NAN;
}

static double value_late(const struct sample *sample, enum figure figure)
{
    (void)figure;
    return sample->taken ? (double)sample->late : NAN;
}

static void write_figures(struct json *json, const struct series *series)
{
    json_open(json, "figures", '{');
    for (int i = 0; i < FIGURES; i++) {
        const struct estimate *estimate = &series->estimates[i], *to_bare = &series->to_bare[i];
        if (estimate->rounds == 0)
            continue;
        json_open(json, figure_kinds[i].name, '{');
        json_string(json, "unit", figure_kinds[i].unit);
        write_estimate(json, estimate);
        write_rounds(json, "values", series, value_figure, (enum figure)i);
        if (to_bare->rounds > 0) {
            json_open(json, "to_bare", '{');
            write_estimate(json, to_bare);
            json_integer(json, "rounds", (int64_t)to_bare->rounds);
            json_close(json, '}');
        } else {
            json_string(json, "to_bare", NULL);
        }
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void write_latency(struct json *json, const struct histogram *latency)
{
    if (!latency) {
        json_string(json, "latency", NULL);
        return;
    }
    json_open(json, "latency", '{');
    json_integer(json, "total", (int64_t)latency->total);
    json_integer(json, "least", (int64_t)latency->least);
    json_integer(json, "most", (int64_t)latency->most);
    json_open(json, "buckets", '[');
    json->flat = true;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (latency->count[i] == 0)
            continue;
        json_open(json, NULL, '[');
        json_integer(json, NULL, (int64_t)histogram_bucket_least(i));
        json_integer(json, NULL, (int64_t)latency->count[i]);
        json_close(json, ']');
    }
    json_close(json, ']');
    json->flat = false;
    json_close(json, '}');
}

static void write_series(struct json *json, const struct contender *contender, const struct series *series)
{
    json_open(json, NULL, '{');
    json_string(json, "contender", contender->name);
    json_integer(json, "rounds", (int64_t)series->count);
    json_string(json, "excluded", series->excluded);
    json_boolean(json, "load_limited", series_limited(series));
    json_open(json, "failures", '[');
    for (size_t i = 0; i < series->count; i++)
        if (!series->samples[i].taken)
            json_string(json, NULL, series->samples[i].why);
    json_close(json, ']');
    write_rounds(json, "seconds", series, value_seconds, FIGURES);
    write_rounds(json, "server_busy", series, value_server_busy, FIGURES);
    write_rounds(json, "load_busy", series, value_load_busy, FIGURES);
    write_rounds(json, "late", series, value_late, FIGURES);
    write_figures(json, series);
    write_latency(json, series->latency);
    json_close(json, '}');
}

static void write_result(struct json *json, const struct report *report, const struct result *result)
{
    json_open(json, NULL, '{');
    json_string(json, "scenario", result->scenario->name);
    json_string(json, "point", result->point.name);
    json_string(json, "variant", result->point.variant);
    write_parameters(json, &result->point);
    json_string(json, "per", result->scenario->per);
    json_boolean(json, "judged", result->point.judged);
    json_open(json, "series", '[');
    for (size_t i = 0; i < report->contender_count; i++)
        write_series(json, &report->contenders[i], &result->series[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static const char *const outcomes[OUTCOMES] = { [OUTCOME_BETTER] = "better",
                                                [OUTCOME_WORSE] = "worse",
                                                [OUTCOME_SAME] = "no difference",
                                                [OUTCOME_UNTOLD] = "too few rounds" };

static void write_verdict(struct json *json, const struct report *report, const struct verdict *verdict)
{
    const struct result *result = &report->results[verdict->result];

    json_open(json, NULL, '{');
    json_string(json, "scenario", result->scenario->name);
    json_string(json, "point", result->point.name);
    json_string(json, "figure", figure_kinds[verdict->figure].name);
    json_string(json, "ours", report->contenders[verdict->ours].name);
    json_string(json, "theirs", report->contenders[verdict->theirs].name);
    json_number(json, "ratio", verdict->comparison.ratio.median);
    json_number(json, "low", verdict->comparison.ratio.low);
    json_number(json, "high", verdict->comparison.ratio.high);
    json_integer(json, "rounds", (int64_t)verdict->comparison.ratio.rounds);
    json_number(json, "p", verdict->comparison.p);
    json_number(json, "adjusted", verdict->comparison.adjusted);
    json_string(json, "verdict", outcomes[verdict_outcome(verdict)]);
    json_string(json, "load_limited", verdict_limited(report, verdict));
    json_close(json, '}');
}

void report_json(const struct report *report, FILE *out)
{
    struct json json = { .out = out };

    json_open(&json, NULL, '{');
    json_integer(&json, "confab_bench", REPORT_VERSION);
    write_known(&json, "date", report->machine.date);
    json_string(&json, "command", report->command);
    write_machine(&json, &report->machine);
    json_boolean(&json, "quick", report->quick);
    json_integer(&json, "rounds", report->rounds);
    json_number(&json, "seconds", report->seconds);
    json_number(&json, "took", report->took);
    json_open(&json, "contenders", '[');
    for (size_t i = 0; i < report->contender_count; i++)
        write_contender(&json, &report->contenders[i]);
    json_close(&json, ']');
    json_string(&json, "subject",
                report->subject < report->contender_count ? report->contenders[report->subject].name : NULL);
    json_open(&json, "results", '[');
    for (size_t i = 0; i < report->result_count; i++)
        write_result(&json, report, &report->results[i]);
    json_close(&json, ']');
    json_open(&json, "verdicts", '[');
    for (size_t i = 0; i < report->verdict_count; i++)
        write_verdict(&json, report, &report->verdicts[i]);
    json_close(&json, ']');
    json_open(&json, "warnings", '[');
    for (size_t i = 0; i < report->warning_count; i++)
        json_string(&json, NULL, report->warnings[i]);
    json_close(&json, ']');
    json_close(&json, '}');
}
