/* part_bare_line.c: `--part bare line`: answers each line with the same line, as plugins/line does: a line ends with
 * LF, or CR LF, and its answer with CR LF.  What one recv brought is answered by one send. */
#include "tools/bench/part.h"
#include "tools/bench/part_bare.h"
#include "tools/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The beginning of a line whose end has not come. */
struct held {
    size_t len, room;
    char bytes[];
};

struct line {
    struct bare_connection connection;
    struct held *held; /* NULL: none */
};

static int hold(struct line *line, const char *bytes, size_t len)
{
    struct held *held = line->held;
    size_t used = held ? held->len : 0;

    if (!held || used + len > held->room) {
        size_t room = held ? 2 * (used + len) : len;
        held = realloc(held, sizeof *held + room);
        if (!held)
            return -ENOMEM;
        held->room = room;
        line->held = held;
    }
    memcpy(held->bytes + used, bytes, len);
    held->len = used + len;
    return 0;
}

/* Writes the answer to one line, which is given without its LF; where it ends. */
static char *answer(char *to, const char *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\r')
        len--;
    memcpy(to, line, len);
    to[len] = '\r';
    to[len + 1] = '\n';
    return to + len + 2;
}

static int line_ready(struct bare *bare, struct bare_connection *connection)
{
    struct line *line = (struct line *)connection;
    const char *at = bare->in, *end, *lf;
    char *reply;

    if (connection->rest)
        return bare_send_rest(bare, connection);
    long len = bare_receive(bare, connection);
    if (len <= 0)
        return (int)len;
    end = at + len;
    if (line->held) {
        lf = memchr(at, '\n', (size_t)len);
        if (hold(line, at, lf ? (size_t)(lf - at) : (size_t)len) < 0)
            return -ENOMEM;
        if (!lf)
            return 0;
        at = lf + 1;
    }

    /* A line of LF alone is answered by one byte more. */
    if (bare_reserve(bare, 2 * (size_t)len + (line->held ? line->held->len + 2 : 0)) < 0)
        return -ENOMEM;
    reply = bare->reply;
    if (line->held) {
        reply = answer(reply, line->held->bytes, line->held->len);
        free(line->held);
        line->held = NULL;
    }
    while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
        reply = answer(reply, at, (size_t)(lf - at));
        at = lf + 1;
    }
    if (at < end && hold(line, at, (size_t)(end - at)) < 0)
        return -ENOMEM;
    return reply > bare->reply ? bare_send(bare, connection, bare->reply, (size_t)(reply - bare->reply)) : 0;
}

static void line_free(struct bare_connection *connection)
{
    free(((struct line *)connection)->held);
}

static const struct bare_protocol protocol = {
    .name = "line",
    .connection_size = sizeof(struct line),
    .ready = line_ready,
    .free = line_free,
};

int part_bare_line(int argc, char **argv)
{
    if (argc > 0)
        return usage_error("confab bench", "--part bare line: takes no more words, found '%s'", argv[0]);
    return bare_serve(&protocol, NULL);
}
