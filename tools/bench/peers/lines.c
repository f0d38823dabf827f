/* lines.c: finding lines, and answering them. */
#include "lines.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hold(struct lines *lines, const char *bytes, size_t len)
{
    if (lines->len + len > lines->room) {
        size_t room = 2 * lines->len + len;
        char *held = realloc(lines->held, room);
        if (!held)
            return -ENOMEM;
        lines->held = held;
        lines->room = room;
    }
    memcpy(lines->held + lines->len, bytes, len);
    lines->len += len;
    return 0;
}

static int reserve(struct answers *answers, size_t room)
{
    char *bytes;

    if (room <= answers->room)
        return 0;
    bytes = realloc(answers->bytes, 2 * room);
    if (!bytes)
        return -ENOMEM;
    answers->bytes = bytes;
    answers->room = 2 * room;
    return 0;
}

/* One line, without its LF. */
static void answer(struct answers *answers, const char *line, size_t len)
{
    char *to = answers->bytes + answers->len;

    if (len > 0 && line[len - 1] == '\r')
        len--;
    memcpy(to, line, len);
    memcpy(to + len, "\r\n", 2);
    answers->len += len + 2;
}

/* The rest of the held line, which ends it: at its LF, or NULL where that has not come. */
static int complete(struct lines *lines, const char *bytes, size_t len, const char **lf)
{
    *lf = memchr(bytes, '\n', len);
    return hold(lines, bytes, *lf ? (size_t)(*lf - bytes) : len);
}

int lines_answer(struct lines *lines, const char *bytes, size_t len, struct answers *answers)
{
    const char *end = bytes + len, *lf;

    answers->len = 0;
    if (lines->held) {
        if (complete(lines, bytes, len, &lf) < 0)
            return -ENOMEM;
        if (!lf)
            return 0;
        bytes = lf + 1;
    }
    /* A line that is LF alone is answered by a byte more. */
    if (reserve(answers, lines->len + 2 * len + 2) < 0)
        return -ENOMEM;
    if (lines->held) {
        answer(answers, lines->held, lines->len);
        lines_free(lines);
    }
    while (bytes < end && (lf = memchr(bytes, '\n', (size_t)(end - bytes)))) {
        answer(answers, bytes, (size_t)(lf - bytes));
        bytes = lf + 1;
    }
    return bytes < end ? hold(lines, bytes, (size_t)(end - bytes)) : 0;
}

void lines_free(struct lines *lines)
{
    free(lines->held);
    *lines = (struct lines){ .held = NULL };
}
