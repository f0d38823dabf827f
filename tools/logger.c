/* A line is: time, level, service, connection, peer, text; what does not apply is left out.
 *
 *     2026-05-04T17:01:02.345Z info    echo: listening on 127.0.0.1:7000
 *     2026-05-04T17:01:09.001Z warning echo #17 192.0.2.1:5012: the words
 */
#include "logger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Holds the library's longest text, a peer's address and a service's name; what is longer is cut. */
enum { LINE_MAX_BYTES = 2048 };

struct line {
    size_t len;
    char bytes[LINE_MAX_BYTES];
};

static void add(struct line *line, const char *format, ...) CONFAB_PRINTF(2, 3);
static void add(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->bytes) - 1 - line->len; /* the last byte is for the newline */
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->bytes + line->len, room, format, args);
    va_end(args);
    if (n > 0)
        line->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void add_time(struct line *line)
{
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    add(line, "%s.%03dZ", text, (int)(now.tv_nsec / 1000000));
}

/* Threads log too: a line is one write, so that two never mix. */
static void write_line(void *data, const struct confab_log_line *what)
{
    (void)data;
    struct line line = { .len = 0 };
    add_time(&line);
    add(&line, " %-7s %s", confab_level_name(what->level), what->service ? what->service : "confab");
    if (what->chat)
        add(&line, " #%" PRIu64, what->chat);
    if (what->peer)
        add(&line, " %s", what->peer);
    add(&line, ": %s", what->text);
    line.bytes[line.len++] = '\n';
    if (write(STDERR_FILENO, line.bytes, line.len) < 0) {
        /* There is nowhere left to say so. */
    }
}

int logger_level(const char *name, enum confab_level *level)
{
    static const enum confab_level levels[] = { CONFAB_DEBUG, CONFAB_INFO, CONFAB_WARNING, CONFAB_ERROR };
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(name, confab_level_name(levels[i])) == 0) {
            *level = levels[i];
            return 0;
        }
    }
    return -EINVAL;
}

void logger_start(enum confab_level level)
{
    confab_log_set(write_line, NULL, level);
}
