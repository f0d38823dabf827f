/* progress.c: how far it has come, on a terminal: nothing in a pipe. */
#include "tools/bench/run.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 24, LINE = 79 };

double progress_left(const struct progress_line *progress)
{
    double left = progress->total - progress->done, part = progress->total / 20;
    if (left < 0)
        left = 0;
    /* Too little of it has been seen to correct by: the estimate stands in for what is missing. */
    if (progress->done < part)
        return left * (progress->took + part - progress->done) / part;
    return progress->done > 0 ? left * progress->took / progress->done : left;
}

const char *progress_time(double seconds, char text[PROGRESS_TIME])
{
    enum { MOST = 1000000000 };
    int whole = seconds >= MOST ? MOST : seconds > 0 ? (int)(seconds + 0.5) : 0;
    if (whole < 60)
        snprintf(text, PROGRESS_TIME, "%d s", whole);
    else if (whole < 3600)
        snprintf(text, PROGRESS_TIME, "%d min %d s", whole / 60, whole % 60);
    else
        snprintf(text, PROGRESS_TIME, "%d h %d min", whole / 3600, whole % 3600 / 60);
    return text;
}

void progress_line_show(struct progress_line *progress, const char *what)
{
    static const char full[] = "########################", none[] = "........................";
    char line[LINE + 1], left[PROGRESS_TIME];

    if (isatty(STDERR_FILENO) != 1)
        return;
    double share = progress->total > 0 ? progress->done / progress->total : 0;
    int part = share < 1 ? (int)(share * WIDTH) : WIDTH;
    snprintf(line, sizeof line, "[%.*s%.*s] %s left: %s", part, full, WIDTH - part, none,
             progress_time(progress_left(progress), left), what);
    size_t len = strlen(line), before = progress->shown;
    fprintf(stderr, "\r%s%*s", line, before > len ? (int)(before - len) : 0, "");
    fflush(stderr);
    progress->shown = len;
}

void progress_line_end(struct progress_line *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r%*s\r", (int)progress->shown, "");
    progress->shown = 0;
}
