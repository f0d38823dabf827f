/* launch_worker.c: workers: they measure themselves, and tell. */
#include "tools/bench/keep.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORKER_SECONDS = 60,
    OUTPUT_ROOM = 16384 /* for what a worker prints */
};

static const char **worker_words(const struct contender *contender, const char *what, const char *const *more)
{
    const char *first[LAUNCH_WORDS];
    size_t count = 0;
    first[count++] = contender->program;
    if (contender->kind != CONTENDER_PEER) {
        first[count++] = "bench";
        first[count++] = "--part";
        first[count++] = contender->kind == CONTENDER_HOST ? "host" : "bare";
    }
    first[count++] = what;
    if (contender->kind == CONTENDER_HOST)
        first[count++] = contender->backend;
    return launch_words(first, count, more);
}

/* -- What it prints -------------------------------------------------------------------------- */

struct output {
    size_t len;
    char text[OUTPUT_ROOM];
};

/* 0: some was read; 1: that was all; -EFBIG. */
static int read_some(struct kept *kept, struct output *output)
{
    size_t room = sizeof output->text - 1 - output->len;
    ssize_t n = room ? read(kept->output, output->text + output->len, room) : -1;
    if (!room)
        return -EFBIG;
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    output->len += (size_t)n;
    output->text[output->len] = '\0';
    return n == 0;
}

/* Reads until it has ended.  0; -EINTR: the run is to end; -ETIMEDOUT; as read_some. */
static int read_all(const struct bench *bench, struct kept *kept, int64_t ns, struct output *output)
{
    int64_t deadline = keep_clock() + ns;
    int got = 0;
    while (got == 0) {
        got = launch_wait(bench, kept, deadline);
        if (got > 0)
            got = read_some(kept, output);
        if (got > 0) { /* it has closed its standard output, and is to end */
            close(kept->output);
            kept->output = -1;
            got = 0;
        }
    }
    return got == -ECHILD ? 0 : got;
}

static bool read_figure(const char *line, struct sample *sample)
{
    const char *blank = strchr(line, ' ');
    char *end;

    for (int i = 0; blank && i < FIGURES; i++) {
        const char *name = figure_kinds[i].name;
        if (strlen(name) != (size_t)(blank - line) || strncmp(name, line, (size_t)(blank - line)) != 0)
            continue;
        double value = strtod(blank + 1, &end);
        sample->figure[i] = value;
        return end > blank + 1 && !*end && value >= 0 && isfinite(value);
    }
    return false;
}

/* The line that is no figure; NULL: all are. */
static char *read_figures(char *text, struct sample *sample)
{
    char *rest, *line = strtok_r(text, "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest))
        if (!read_figure(line, sample))
            return line;
    return NULL;
}

/* -- A worker -------------------------------------------------------------------------------- */

/* It has ended by itself. */
static void take(const struct contender *contender, struct kept *kept, struct output *output,
                 struct sample *sample)
{
    keep_end(kept);
    if (kept->failed || !kept->ended || kept->status != 0) {
        launch_ended(sample, kept, contender->program, "before it had measured");
        return;
    }
    char *wrong = output->len ? read_figures(output->text, sample) : output->text;
    if (wrong)
        launch_fail(sample, kept, contender->program, "wrote \"%.80s\", where a figure was expected",
                    printable(wrong));
    else
        sample->taken = true;
}

static void run(const struct bench *bench, const struct contender *contender, struct kept *kept, int64_t ns,
                struct sample *sample)
{
    struct output output = { .len = 0 };
    int error = read_all(bench, kept, ns, &output);

    if (error == 0)
        take(contender, kept, &output, sample);
    else if (error == -EINTR)
        launch_fail(sample, kept, contender->program, "not waited for: stopped by signal %d",
                    (int)*bench->stop);
    else if (error == -ETIMEDOUT)
        launch_fail(sample, kept, contender->program, "did not end within %g s", (double)ns / 1e9);
    else if (error == -EFBIG)
        launch_fail(sample, kept, contender->program, "wrote more than %d bytes, where figures were expected",
                    OUTPUT_ROOM - 1);
    else
        launch_fail(sample, kept, contender->program, "cannot be read: %s", strerror(-error));
}

void worker_run_within(struct bench *bench, const struct contender *contender, const char *what,
                       const char *const *words, int64_t ns, struct sample *sample)
{
    struct keep keep = { .program = contender->program,
                         .words = worker_words(contender, what, words),
                         .cpu = bench->server_cpu };
    struct kept *kept = NULL;
    char name[KEEP_NAME];

    int error = keep.words ? keep_start(&keep, &kept) : -ENOMEM;
    if (error)
        sample_fail(sample, "%s: cannot be started: %s", keep_name(contender->program, name),
                    strerror(-error));
    else
        run(bench, contender, kept, ns, sample);
    keep_free(kept);
    free(keep.words);
}

void worker_run(struct bench *bench, const struct contender *contender, const char *what,
                const char *const *words, struct sample *sample)
{
    worker_run_within(bench, contender, what, words, WORKER_SECONDS * CONFAB_SECOND, sample);
}
