/* bench_report_written.h: reports as they are written, for tests. */
#ifndef CONFAB_TESTS_BENCH_REPORT_WRITTEN_H
#define CONFAB_TESTS_BENCH_REPORT_WRITTEN_H

#include "tests/bench_report_sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is written; to be freed. */
static inline char *report_written(const struct report *report,
                                   void (*write)(const struct report *report, FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert(out);
    write(report, out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static inline char *report_as_text(const struct report *report, int width)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert(out);
    report_text(report, out, width);
    cr_assert_eq(fclose(out), 0);
    return text;
}

/* Fails unless the words are there. */
static inline void report_says(const char *text, const char *words)
{
    cr_expect(strstr(text, words), "expected \"%s\" in:\n%s", words, text);
}

static inline size_t occurrences(const char *text, const char *words)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
        count++;
    return count;
}

/* A report with bare, epoll and poll, of so many rounds, to which nothing has been added. */
static inline void report_of_three(struct report *report, int rounds)
{
    cr_assert_eq(sample_report(report, 3, 1), 0);
    report_free(report);
    report->rounds = rounds;
    report->warning_count = 0;
}

/* Adds a point at which a contender's figure is the same in each round. */
static inline struct result *report_add(struct report *report, const struct scenario *scenario,
                                        const struct point *point)
{
    struct result *result;

    cr_assert_eq(sample_add(report, scenario, point, &result), 0);
    return result;
}

static inline void report_set(struct result *result, size_t contender, enum figure figure, double value)
{
    for (size_t i = 0; i < result->series[contender].count; i++)
        result->series[contender].samples[i].figure[figure] = value;
}

/* The load was the limit of it in each round. */
static inline void report_limit(struct result *result, size_t contender)
{
    for (size_t i = 0; i < result->series[contender].count; i++)
        result->series[contender].samples[i].load_limited = true;
}

static inline void report_finish(struct report *report)
{
    cr_assert_eq(report_estimate(report), 0);
    cr_assert_eq(report_judge(report), 0);
}

#endif
