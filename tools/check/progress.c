/* progress.c: how far it has come, on a terminal: nothing in a pipe. */
#include "tools/check/check.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 24, LINE = 79 };

static bool terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void progress_show(struct progress *progress, const struct board *board)
{
    static const char full[] = "########################", none[] = "........................";
    uint64_t total = board->total, done = board->done < total ? board->done : total;
    char line[LINE + 1];

    if (!terminal())
        return;
    int part = total ? (int)(done * WIDTH / total) : 0;
    int n = snprintf(line, sizeof line, "[%.*s%.*s] %" PRIu64 " of %" PRIu64 " runs: %s", part, full,
                     WIDTH - part, none, done, total, total ? board->seed : "looking");
    size_t len = n < 0 ? 0 : strlen(line), before = progress->shown;
    fprintf(stderr, "\r%s%*s", line, before > len ? (int)(before - len) : 0, "");
    fflush(stderr);
    progress->shown = len;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r%*s\r", (int)progress->shown, "");
    progress->shown = 0;
}
