/* scenario_terminator.c: what it costs to find where messages end: by length of the terminator, by length of the line, and
 * where nearly all that comes looks like the terminator and is not. */
#include "tools/bench/stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KIB = 1024,
    LONGEST = 64, /* bytes of a terminator */
    WORD = 32 + 4 * LONGEST
};

static const double seconds_most = 0.5; /* what is counted is exact: more shows nothing more */

static const struct {
    int64_t terminator, line;
    bool worst, quick, judged;
} kinds[] = {
    { .terminator = 1, .line = 64, .quick = true, .judged = true },
    { .terminator = 2, .line = 64, .quick = true, .judged = true },
    { .terminator = 4, .line = 64 },
    { .terminator = 64, .line = 64, .judged = true },
    { .terminator = 2, .line = 16, .judged = true },
    { .terminator = 2, .line = 1024 },
    { .terminator = 2, .line = 65536 },
    { .terminator = 64, .line = 65536, .worst = true, .quick = true, .judged = true },
};

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    const size_t count = sizeof kinds / sizeof kinds[0];

    (void)bench;
    for (size_t i = 0; i < count; i++) {
        struct point *point = &points[i];
        *point = (struct point){ .variant = kinds[i].worst ? "worst" : "usual",
                                 .connections = 1,
                                 .size = kinds[i].line + kinds[i].terminator,
                                 .terminator = kinds[i].terminator,
                                 .quick = kinds[i].quick,
                                 .judged = kinds[i].judged };
        snprintf(point->name, sizeof point->name, "%s of %d, line of %d%s",
                 kinds[i].terminator == 1   ? "LF"
                 : kinds[i].terminator == 2 ? "CR LF"
                                            : "terminator",
                 (int)kinds[i].terminator, (int)kinds[i].line, kinds[i].worst ? ", the worst" : "");
    }
    return count;
}

static const char *excludes(const struct contender *contender, const struct point *point)
{
    (void)point;
    return contender->kind == CONTENDER_PEER ? "serves lines only" : NULL;
}

/* A line of what is no part of a terminator, and the terminator; or of a's, and a's with a b at the end: each a may be the
 * first of it. */
static void fill_message(const struct point *point, char *message)
{
    size_t terminator = (size_t)point->terminator, line = (size_t)point->size - terminator;
    char *end = message + line;

    if (strcmp(point->variant, "worst") == 0) {
        memset(message, 'a', (size_t)point->size);
        end[terminator - 1] = 'b';
        return;
    }
    for (size_t i = 0; i < line; i++)
        message[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < terminator; i++)
        end[i] = (char)('0' + i % 10);
    if (terminator == 2)
        end[0] = '\r';
    if (terminator <= 2)
        end[terminator - 1] = '\n';
}

static void write_word(const char *terminator, size_t len, char word[WORD])
{
    int used = snprintf(word, WORD, "terminator=");

    for (size_t i = 0; i < len; i++)
        used += snprintf(word + used, WORD - (size_t)used, "\\x%02x", (unsigned)(unsigned char)terminator[i]);
}

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    size_t size = (size_t)point->size, terminator = (size_t)point->terminator;
    char word[WORD], *message = malloc(size);
    const char *words[] = { word, NULL };
    struct stream stream = { .unit = KIB,
                             .seconds = fmin(bench->seconds, seconds_most),
                             .message = message,
                             .message_len = size,
                             .terminator_len = terminator };
    struct server server;

    if (!message) {
        sample_fail(sample, "out of memory");
        return;
    }
    fill_message(point, message);
    write_word(message + size - terminator, terminator, word);
    if (server_start(bench, contender, contender->kind == CONTENDER_HOST ? "bench" : "sink", words, &server,
                     sample)) {
        stream_run(bench, &server, &stream, sample);
        server_stop(&server, sample);
    }
    free(message);
}

static double cost(const struct bench *bench, const struct point *point)
{
    (void)point;
    return 0.05 + fmin(bench->seconds, seconds_most);
}

static const enum figure figures[] = { FIGURE_BYTES, FIGURE_CPU, FIGURE_USER, FIGURE_SYSTEM, FIGURES };
static const enum figure judged[] = { FIGURE_CPU, FIGURES };

const struct scenario terminator_scenario = {
    .name = "terminator",
    .summary = "finding where messages end",
    .per = "KiB",
    .figures = figures,
    .judged = judged,
    .points = points,
    .excludes = excludes,
    .measure = measure,
    .needs = NEEDS_PLUGIN,
    .cost = cost,
};
