/* test_bench_report_json.c: a report as JSON, read again. */
#include "tests/bench_report_written.h"
#include "tools/bench/json_read.h"
#include "tools/json.h"

/* -- Numbers ------------------------------------------------------------------------------ */

/* As it is written; in a buffer of the function's own. */
static const char *number(double value)
{
    static char text[128];
    FILE *out = fmemopen(text, sizeof text, "w");
    struct json json = { .out = out };

    cr_assert(out);
    json_number(&json, NULL, value);
    cr_assert_eq(fclose(out), 0);
    return text;
}

Test(bench_report_json, a_number_is_short_and_reads_back_as_the_same)
{
    static const double values[] = {
        1.0 / 3, 0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789, 4503599627370497.5
    };

    cr_expect_str_eq(number(0.1), "0.1");
    cr_expect_str_eq(number(0), "0");
    cr_expect_str_eq(number(-17), "-17");
    cr_expect_str_eq(number(123000), "123000");
    cr_expect_str_eq(number(0.1 + 0.2), "0.30000000000000004");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        cr_expect(
            !(strtod(number(values[i]), NULL) < values[i] || strtod(number(values[i]), NULL) > values[i]),
            "%s", number(values[i]));
}

Test(bench_report_json, what_is_no_number_is_null)
{
    cr_expect_str_eq(number(NAN), "null");
    cr_expect_str_eq(number(INFINITY), "null");
    cr_expect_str_eq(number(-INFINITY), "null");
}

Test(bench_report_json, what_is_flat_stands_in_one_line)
{
    char text[256];
    FILE *out = fmemopen(text, sizeof text, "w");
    struct json json = { .out = out };

    json_open(&json, NULL, '{');
    json_open(&json, "a", '[');
    json.flat = true;
    json_number(&json, NULL, 1);
    json_open(&json, NULL, '[');
    json_integer(&json, NULL, 2);
    json_integer(&json, NULL, 3);
    json_close(&json, ']');
    json_close(&json, ']');
    json.flat = false;
    json_integer(&json, "b", 4);
    json_close(&json, '}');
    cr_assert_eq(fclose(out), 0);
    cr_expect_str_eq(text, "{\n  \"a\": [1, [2, 3]],\n  \"b\": 4\n}\n");
}

/* -- The whole ---------------------------------------------------------------------------- */

static struct json_document *document;
static struct report report;

/* The value at a path of keys; of an array "[N]". */
static const struct json_value *at(const struct json_value *value, const char *path)
{
    char copy[256], *rest = copy;

    snprintf(copy, sizeof copy, "%s", path);
    for (char *word; (word = strtok_r(rest, "/", &rest));) {
        const struct json_value *next;
        if (*word == '[') {
            next = json_read_items(value);
            for (int i = atoi(word + 1); next && i > 0; i--)
                next = next->next;
        } else {
            next = json_read_member(value, word);
        }
        cr_assert(next, "there is no %s of %s", word, path);
        value = next;
    }
    return value;
}

static const char *string_at(const struct json_value *value, const char *path)
{
    const char *text = json_read_string(at(value, path));

    cr_assert(text, "%s is no string", path);
    return text;
}

static double number_at(const struct json_value *value, const char *path)
{
    return json_read_number(at(value, path));
}

static const struct json_value *read_back(void)
{
    char why[256];
    char *text = report_written(&report, report_json);

    cr_assert_eq(json_read(&document, text, strlen(text), why, sizeof why), 0, "%s", why);
    free(text);
    return json_read_root(document);
}

static void make_sample(void)
{
    cr_assert_eq(sample_report(&report, SAMPLE_CONTENDERS, 5), 0);
}

static void make_empty(void)
{
    sample_empty(&report);
}

static void clean_up(void)
{
    json_read_free(document);
    report_free(&report);
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

Test(bench_report_json, tells_its_version_the_command_and_the_machine, .init = make_empty, .fini = clean_up)
{
    const struct json_value *root = read_back();

    cr_expect_eq(number_at(root, "confab_bench"), 1);
    cr_expect_str_eq(string_at(root, "date"), "2024-05-05T12:00:00Z");
    cr_expect_str_eq(string_at(root, "command"), "confab bench --html report.html");
    cr_expect_str_eq(string_at(root, "machine/processor"), "Example <R> \"One\" & Only CPU @ 3.00GHz");
    cr_expect_str_eq(string_at(root, "machine/build"), "0.1.0, gcc 12.2.0, -O2, Release");
    cr_expect_eq(number_at(root, "machine/memory"), 4294967296.0);
    cr_expect_eq(at(root, "machine/others")->type, JSON_NULL);
    cr_expect(same(number_at(root, "machine/stolen"), 0.002));
    cr_expect_eq(number_at(root, "rounds"), 10);
    cr_expect(same(number_at(root, "took"), 512.3));
    cr_expect_eq(at(root, "subject")->type, JSON_NULL);
    cr_expect_null(json_read_items(at(root, "results")));
}

Test(bench_report_json, tells_the_contenders_and_the_subject, .init = make_sample, .fini = clean_up)
{
    const struct json_value *root = read_back();

    cr_expect_str_eq(string_at(root, "subject"), "epoll");
    cr_expect_str_eq(string_at(root, "contenders/[0]/kind"), "bare");
    cr_expect_str_eq(string_at(root, "contenders/[1]/kind"), "host");
    cr_expect_str_eq(string_at(root, "contenders/[1]/backend"), "epoll");
    cr_expect_str_eq(string_at(root, "contenders/[3]/kind"), "peer");
    cr_expect_str_eq(string_at(root, "contenders/[3]/version"), "2.1.12-stable");
    cr_expect_eq(at(root, "contenders/[3]/backend")->type, JSON_NULL);
    cr_expect_str_eq(string_at(root, "warnings/[1]"), report.warnings[1]);
}

static void expect_estimate(const struct json_value *figure, const struct estimate *estimate)
{
    cr_expect(same(number_at(figure, "median"), estimate->median));
    cr_expect(same(number_at(figure, "low"), estimate->low));
    cr_expect(same(number_at(figure, "high"), estimate->high));
}

Test(bench_report_json, each_figure_reads_back_as_it_was, .init = make_sample, .fini = clean_up)
{
    const struct json_value *result = json_read_items(at(read_back(), "results"));
    size_t figures = 0;

    for (size_t i = 0; i < report.result_count; i++, result = result->next) {
        const struct json_value *one = json_read_items(at(result, "series"));
        cr_expect_str_eq(string_at(result, "scenario"), report.results[i].scenario->name);
        cr_expect_str_eq(string_at(result, "point"), report.results[i].point.name);
        for (size_t k = 0; k < report.contender_count; k++, one = one->next) {
            const struct series *series = &report.results[i].series[k];
            cr_expect_str_eq(string_at(one, "contender"), report.contenders[k].name);
            cr_expect_eq(number_at(one, "rounds"), (double)series->count);
            for (int f = 0; f < FIGURES; f++) {
                const struct json_value *figure = json_read_member(at(one, "figures"), figure_kinds[f].name);
                cr_assert_eq(figure != NULL, series->estimates[f].rounds > 0);
                if (!figure)
                    continue;
                figures++;
                expect_estimate(figure, &series->estimates[f]);
                cr_expect_str_eq(string_at(figure, "unit"), figure_kinds[f].unit);
                cr_expect(same(number_at(figure, "values/[2]"), series->samples[2].figure[f]));
                if (series->to_bare[f].rounds > 0)
                    expect_estimate(at(figure, "to_bare"), &series->to_bare[f]);
                else
                    cr_expect_eq(at(figure, "to_bare")->type, JSON_NULL);
            }
        }
    }
    cr_expect_null(result);
    cr_expect_gt(figures, 500);
}

Test(bench_report_json, a_point_tells_what_it_has_and_nothing_else, .init = make_sample, .fini = clean_up)
{
    const struct json_value *result = at(read_back(), "results/[0]");

    cr_expect_str_eq(string_at(result, "variant"), "closed");
    cr_expect_str_eq(string_at(result, "per"), "message");
    cr_expect_eq(number_at(result, "parameters/connections"), 1);
    cr_expect_eq(number_at(result, "parameters/size"), 64);
    cr_expect_null(json_read_member(at(result, "parameters"), "terminator"));
    cr_expect_null(json_read_member(at(result, "parameters"), "share"));
    cr_expect(same(number_at(at(json_read_root(document), "results/[10]"), "parameters/share"), 0.5));
}

Test(bench_report_json, latencies_are_there_bucket_for_bucket, .init = make_sample, .fini = clean_up)
{
    const struct json_value *latency = at(read_back(), "results/[0]/series/[1]/latency");
    const struct histogram *histogram = report.results[0].series[1].latency;
    double total = 0;
    size_t bucket = 0;

    cr_expect_eq(number_at(latency, "total"), (double)histogram->total);
    cr_expect_eq(number_at(latency, "least"), (double)histogram->least);
    cr_expect_eq(number_at(latency, "most"), (double)histogram->most);
    for (const struct json_value *one = json_read_items(at(latency, "buckets")); one; one = one->next) {
        while (bucket < HISTOGRAM_BUCKETS && histogram->count[bucket] == 0)
            bucket++;
        cr_assert_lt(bucket, (size_t)HISTOGRAM_BUCKETS);
        cr_expect_eq(number_at(one, "[0]"), (double)histogram_bucket_least(bucket));
        cr_expect_eq(number_at(one, "[1]"), (double)histogram->count[bucket]);
        total += number_at(one, "[1]");
        bucket++;
    }
    cr_expect_eq(total, (double)histogram->total);
}

Test(bench_report_json, verdicts_name_who_where_and_what, .init = make_sample, .fini = clean_up)
{
    const struct json_value *verdict = json_read_items(at(read_back(), "verdicts"));
    static const char *const names[] = {
        [NO_DIFFERENCE] = "no difference", [BETTER] = "better", [WORSE] = "worse"
    };

    for (size_t i = 0; i < report.verdict_count; i++, verdict = verdict->next) {
        const struct verdict *ours = &report.verdicts[i];
        cr_assert(verdict);
        cr_expect_str_eq(string_at(verdict, "scenario"), report.results[ours->result].scenario->name);
        cr_expect_str_eq(string_at(verdict, "point"), report.results[ours->result].point.name);
        cr_expect_str_eq(string_at(verdict, "figure"), figure_kinds[ours->figure].name);
        cr_expect_str_eq(string_at(verdict, "ours"), "epoll");
        cr_expect_str_eq(string_at(verdict, "theirs"), report.contenders[ours->theirs].name);
        cr_expect_str_eq(string_at(verdict, "verdict"), names[ours->comparison.verdict]);
        cr_expect(same(number_at(verdict, "ratio"), ours->comparison.ratio.median));
        cr_expect(same(number_at(verdict, "low"), ours->comparison.ratio.low));
        cr_expect(same(number_at(verdict, "high"), ours->comparison.ratio.high));
        cr_expect(same(number_at(verdict, "p"), ours->comparison.p));
        cr_expect(same(number_at(verdict, "adjusted"), ours->comparison.adjusted));
    }
    cr_expect_null(verdict);
}

Test(bench_report_json, tells_of_whom_the_load_was_the_limit, .init = make_sample, .fini = clean_up)
{
    const struct verdict *first = &report.verdicts[0];
    struct series *theirs = &report.results[first->result].series[first->theirs];
    char path[64];

    for (size_t i = 0; i < theirs->count; i++)
        theirs->samples[i].load_limited = true;
    const struct json_value *root = read_back();
    cr_expect_str_eq(string_at(root, "verdicts/[0]/load_limited"), report.contenders[first->theirs].name);
    snprintf(path, sizeof path, "results/[%zu]/series/[%zu]/load_limited", first->result, first->theirs);
    cr_expect_eq(at(root, path)->type, JSON_BOOLEAN);
    cr_expect_eq(at(root, path)->number, 1);
    snprintf(path, sizeof path, "results/[%zu]/series/[%zu]/load_limited", first->result, first->ours);
    cr_expect_eq(at(root, path)->number, 0);
    for (size_t i = 0; i < report.verdict_count; i++) {
        if (report.verdicts[i].result == first->result && report.verdicts[i].theirs == first->theirs)
            continue;
        snprintf(path, sizeof path, "verdicts/[%zu]/load_limited", i);
        cr_expect_eq(at(root, path)->type, JSON_NULL);
    }
}

Test(bench_report_json, of_too_few_rounds_there_is_no_verdict, .init = make_sample, .fini = clean_up)
{
    struct comparison *first = &report.verdicts[0].comparison;

    first->verdict = NO_DIFFERENCE;
    first->ratio.rounds = 3;
    cr_expect_str_eq(string_at(read_back(), "verdicts/[0]/verdict"), "too few rounds");
}

Test(bench_report_json, a_round_that_failed_is_null_and_says_why, .init = make_sample, .fini = clean_up)
{
    sample_fail(&report.results[0].series[1].samples[3], "the server \"ended\"\n\x01");
    report.results[0].series[2].excluded = "has no poller";
    cr_assert_eq(report_estimate(&report), 0);
    const struct json_value *series = at(read_back(), "results/[0]/series");

    cr_expect_str_eq(string_at(series, "[1]/failures/[0]"), "the server \"ended\"\n\x01");
    cr_expect_eq(at(series, "[1]/figures/rate/values/[3]")->type, JSON_NULL);
    cr_expect_eq(at(series, "[1]/figures/rate/values/[2]")->type, JSON_NUMBER);
    cr_expect_eq(at(series, "[1]/excluded")->type, JSON_NULL);
    cr_expect_str_eq(string_at(series, "[2]/excluded"), "has no poller");
}
