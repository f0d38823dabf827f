/* scenario_bulk.c: replies that are large: from a producer, and of a file. */
#include "tools/bench/letters.h"
#include "tools/bench/stream.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MIB = 1 << 20,
    ANSWER = 64 * MIB, /* bytes of a reply, which is asked for again and again */
    MOST = 1 << 30,    /* bytes of a measurement */
    PATH = 512
};

static const double file_seconds = 0.1; /* that it takes to write the file, about */

static size_t points(struct bench *bench, struct point points[BENCH_POINTS])
{
    static const char *const variants[] = { "file", "producer" };
    static const int64_t connections[] = { 1, 16 };
    size_t count = 0;

    (void)bench;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            struct point *point = &points[count++];
            *point = (struct point){ .variant = variants[i],
                                     .connections = connections[k],
                                     .count = MOST,
                                     .quick = connections[k] == 1,
                                     .judged = true };
            snprintf(point->name, sizeof point->name, "%s, %d connection%s", variants[i], (int)connections[k],
                     connections[k] == 1 ? "" : "s");
        }
    return count;
}

static const char *excludes(const struct contender *contender, const struct point *point)
{
    (void)point;
    return contender->kind == CONTENDER_PEER ? "serves lines only" : NULL;
}

/* -- The file -------------------------------------------------------------------------- */

static bool write_letters(int fd, size_t size, struct sample *sample)
{
    char *piece = malloc(MIB + LETTERS);
    bool well = piece != NULL;

    if (piece)
        letters_fill(piece, MIB + LETTERS);
    else
        sample_fail(sample, "out of memory");
    for (size_t at = 0; at < size && well;) {
        size_t len = size - at < MIB ? size - at : MIB;
        ssize_t n = write(fd, piece + at % LETTERS, len);
        well = n > 0 || (n < 0 && errno == EINTR);
        if (!well)
            sample_fail(sample, "cannot write a file of %d MiB: %s", ANSWER / MIB, strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    free(piece);
    return well;
}

/* Its path behind "file="; the caller unlinks it. */
static bool make_file(char word[PATH], size_t size, struct sample *sample)
{
    const char *wanted = getenv("TMPDIR");
    int len = snprintf(word, PATH, "file=%s/confab-bench-XXXXXX", wanted && *wanted ? wanted : "/tmp");
    int fd = len < PATH ? mkstemp(word + strlen("file=")) : -1;
    bool well;

    if (fd < 0) {
        sample_fail(sample, "cannot make a file: %s", len < PATH ? strerror(errno) : "TMPDIR is too long");
        word[0] = '\0';
        return false;
    }
    well = write_letters(fd, size, sample);
    close(fd);
    return well;
}

/* -- Measuring -------------------------------------------------------------------------- */

static void measure(struct bench *bench, const struct contender *contender, const struct point *point,
                    struct sample *sample)
{
    char word[PATH] = "", command[40] = "file\r\n";
    const char *words[] = { word, NULL };
    struct stream stream = { .unit = MIB,
                             .seconds = bench->seconds,
                             .most = (uint64_t)point->count,
                             .command = command,
                             .answer = ANSWER,
                             .connections = point->connections };
    struct server server;
    bool started, file = strcmp(point->variant, "file") == 0;

    if (!file)
        snprintf(command, sizeof command, "produce %d\r\n", ANSWER);
    started = make_file(word, file ? ANSWER : 0, sample) &&
              server_start(bench, contender, contender->kind == CONTENDER_HOST ? "bench" : "bulk", words,
                           &server, sample);
    if (word[0])
        unlink(word + strlen("file=")); /* who serves has it open: nothing is left, whatever ends us */
    if (!started)
        return;
    stream_run(bench, &server, &stream, sample);
    server_stop(&server, sample);
}

static double cost(const struct bench *bench, const struct point *point)
{
    (void)point;
    return 0.05 + file_seconds + 1.1 * bench->seconds;
}

static const enum figure figures[] = { FIGURE_BYTES, FIGURE_CPU,      FIGURE_USER, FIGURE_SYSTEM,
                                       FIGURE_CALLS, FIGURE_SWITCHES, FIGURES };
static const enum figure judged[] = { FIGURE_BYTES, FIGURE_CPU, FIGURES };

const struct scenario bulk_scenario = {
    .name = "bulk",
    .summary = "replies of many MiB, from a producer and of a file",
    .per = "MiB",
    .figures = figures,
    .judged = judged,
    .points = points,
    .excludes = excludes,
    .measure = measure,
    .needs = NEEDS_PLUGIN,
    .cost = cost,
};
