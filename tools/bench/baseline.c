/* baseline.c: the ratios to `bare` of a report that was written as JSON. */
#include "tools/bench/json_read.h"
#include "tools/bench/report.h"
#include "tools/printable.h"
#include "tools/session/session.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 65536 };

static int fail(char why[BENCH_WHY], int result, const char *format, ...) CONFAB_PRINTF(3, 4);
static int fail(char why[BENCH_WHY], int result, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, BENCH_WHY, format, list);
    va_end(list);
    return result;
}

/* -- The file -------------------------------------------------------------------------- */

static int unreadable(const char *path, int error, char why[BENCH_WHY])
{
    return fail(why, -error, "%s: cannot be read: %s", path, strerror(error));
}

static int read_file(const char *path, struct bytes *bytes, char why[BENCH_WHY])
{
    char piece[PIECE];
    size_t n = 1;
    FILE *file = fopen(path, "r");
    int error = file ? 0 : unreadable(path, errno, why);

    /* One byte too many is enough to be refused. */
    while (!error && n > 0 && bytes->len <= JSON_SIZE_MAX) {
        n = fread(piece, 1, sizeof piece, file);
        if (ferror(file))
            error = unreadable(path, errno, why);
        else if (bytes_add(bytes, piece, n))
            error = unreadable(path, ENOMEM, why);
    }
    if (file)
        fclose(file);
    return error;
}

static int read_document(const char *path, struct json_document **document, char why[BENCH_WHY])
{
    struct bytes bytes = { .at = NULL };
    char wrong[BENCH_WHY];
    int error = read_file(path, &bytes, why);

    if (!error) {
        error = json_read(document, bytes.at, bytes.len, wrong, sizeof wrong);
        if (error == -EINVAL)
            fail(why, error, "no report of `confab bench --json`: %s:%s", path, wrong);
        else if (error)
            fail(why, error, "%s:%s", path, wrong);
    }
    bytes_free(&bytes);
    return error;
}

/* -- What is in it --------------------------------------------------------------------- */

/* false: it does not fit, so that no report has it. */
static bool copy_name(char *to, size_t room, const struct json_value *from)
{
    const char *name = json_read_string(from);

    if (!name || strlen(name) >= room)
        return false;
    memcpy(to, name, strlen(name) + 1);
    return true;
}

/* For people: cut where it is too long. */
static void copy_text(char *to, size_t room, const struct json_value *from)
{
    const char *text = json_read_string(from);

    snprintf(to, room, "%s", text ? text : "");
    printable(to);
}

static bool read_estimate(const struct json_value *from, struct estimate *estimate)
{
    double rounds = json_read_number(json_read_member(from, "rounds"));

    estimate->median = json_read_number(json_read_member(from, "median"));
    estimate->low = json_read_number(json_read_member(from, "low"));
    estimate->high = json_read_number(json_read_member(from, "high"));
    if (!(rounds >= 1 && rounds <= STATISTICS_ROUNDS))
        return false;
    estimate->rounds = (size_t)rounds;
    return estimate->low > 0 && estimate->low <= estimate->median && estimate->median <= estimate->high;
}

static int add(struct baseline *baseline, const struct baseline_figure *figure)
{
    size_t count = baseline->count;

    if ((count & (count - 1)) == 0) { /* there is room for a power of two */
        struct baseline_figure *more = realloc(baseline->figures, (count ? 2 * count : 1) * sizeof *more);
        if (!more)
            return -ENOMEM;
        baseline->figures = more;
    }
    baseline->figures[baseline->count++] = *figure;
    return 0;
}

/* What is not as it should be is left out: a later report may have more than this one knows. */
static int read_series(struct baseline *baseline, const struct json_value *series, struct baseline_figure one)
{
    const struct json_value *figures = json_read_member(series, "figures");
    int error = 0;

    if (!copy_name(one.contender, sizeof one.contender, json_read_member(series, "contender")))
        return 0;
    for (int i = 0; i < FIGURES && !error; i++) {
        const struct json_value *figure = json_read_member(figures, figure_kinds[i].name);
        one.figure = (enum figure)i;
        if (read_estimate(json_read_member(figure, "to_bare"), &one.to_bare))
            error = add(baseline, &one);
    }
    return error;
}

static int read_results(struct baseline *baseline, const struct json_value *root)
{
    const struct json_value *result = json_read_items(json_read_member(root, "results"));
    int error = 0;

    for (; result && !error; result = result->next) {
        struct baseline_figure one = { .scenario = "" };
        const struct json_value *series = json_read_items(json_read_member(result, "series"));
        if (!copy_name(one.scenario, sizeof one.scenario, json_read_member(result, "scenario")) ||
            !copy_name(one.point, sizeof one.point, json_read_member(result, "point")))
            continue;
        for (; series && !error; series = series->next)
            error = read_series(baseline, series, one);
    }
    return error;
}

static int read_report(struct baseline *baseline, const struct json_value *root, const char *path,
                       char why[BENCH_WHY])
{
    const struct json_value *machine = json_read_member(root, "machine");
    double version = json_read_number(json_read_member(root, "confab_bench"));

    if (!(version >= 1) || version > floor(version))
        return fail(why, -EINVAL, "%s: no report, expected what `confab bench --json` has written", path);
    if (version > REPORT_VERSION)
        return fail(why, -ENOTSUP, "%s: a report of version %.0f, expected at the most %d", path, version,
                    REPORT_VERSION);
    copy_text(baseline->date, sizeof baseline->date, json_read_member(root, "date"));
    copy_text(baseline->build, sizeof baseline->build, json_read_member(machine, "build"));
    copy_text(baseline->system, sizeof baseline->system, json_read_member(machine, "system"));
    if (read_results(baseline, root))
        return unreadable(path, ENOMEM, why);
    if (baseline->count == 0)
        return fail(why, -ENOMSG, "%s: nothing to compare, expected ratios to `bare`", path);
    return 0;
}

int baseline_read(const char *path, struct baseline *baseline, char why[BENCH_WHY])
{
    struct json_document *document = NULL;
    int error;

    *baseline = (struct baseline){ .count = 0 };
    why[0] = '\0';
    error = read_document(path, &document, why);
    if (!error)
        error = read_report(baseline, json_read_root(document), path, why);
    json_read_free(document);
    if (error)
        baseline_free(baseline);
    return error;
}

void baseline_free(struct baseline *baseline)
{
    free(baseline->figures);
    *baseline = (struct baseline){ .count = 0 };
}
