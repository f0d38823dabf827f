/* part_bare_sink.c: `--part bare sink terminator=BYTES`: as plugins/bench with a terminator: counts messages and their bytes
 * and tells both when the client has ended its side.  Found by memchr(3), or memmem(3). */
#include "tools/bench/part.h"
#include "tools/bench/part_bare.h"
#include "tools/command.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TERMINATOR_MAX = 256 };

/* Of the server. */
struct sink {
    size_t len;
    char terminator[TERMINATOR_MAX];
    char in[TERMINATOR_MAX + BARE_READ]; /* what was kept of a connection, and behind it what comes */
};

/* Of one connection. */
struct count {
    struct bare_connection connection;
    uint64_t messages, bytes;
    size_t kept; /* of the terminator's bytes but the last, as many as may have come */
    char keeps[TERMINATOR_MAX];
};

/* Two bytes are looked for by the last of them: memmem(3) looks at each byte where the terminator is short. */
static const char *find(const char *at, const char *end, const struct sink *sink)
{
    const char *found = at;

    if (sink->len > 2)
        return memmem(at, (size_t)(end - at), sink->terminator, sink->len);
    if (sink->len == 1)
        return memchr(at, sink->terminator[0], (size_t)(end - at));
    while (++found < end) {
        found = memchr(found, sink->terminator[1], (size_t)(end - found));
        if (!found)
            return NULL;
        if (found[-1] == sink->terminator[0])
            return found - 1;
    }
    return NULL;
}

/* What is behind the last one may be the beginning of the next: how many bytes of it. */
static size_t count_messages(const char *at, const char *end, const struct sink *sink, struct count *count)
{
    const char *found;
    size_t left;

    while (at < end && (found = find(at, end, sink))) {
        count->messages++;
        at = found + sink->len;
    }
    left = (size_t)(end - at);
    return left < sink->len ? left : sink->len - 1;
}

static int tell(const struct sink *sink, const struct count *count)
{
    char text[80];
    int len = snprintf(text, sizeof text, "%" PRIu64 " messages of %" PRIu64 " bytes\r\n", count->messages,
                       count->bytes - count->messages * sink->len);

    /* There is room: nothing was sent before. */
    return send(count->connection.fd, text, (size_t)len, 0) == len ? -EPIPE : -EIO;
}

static int sink_ready(struct bare *bare, struct bare_connection *connection)
{
    struct sink *sink = bare->state;
    struct count *count = (struct count *)connection;
    char *at = sink->in, *end;

    ssize_t len = recv(connection->fd, sink->in + count->kept, BARE_READ, 0);
    if (len == 0)
        return tell(sink, count);
    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    memcpy(sink->in, count->keeps, count->kept);
    end = at + count->kept + len;
    count->bytes += (uint64_t)len;
    count->kept = count_messages(at, end, sink, count);
    memcpy(count->keeps, end - count->kept, count->kept);
    return 0;
}

static const struct bare_protocol protocol = {
    .name = "sink",
    .connection_size = sizeof(struct count),
    .ready = sink_ready,
};

/* Bytes as they are, or \xHH. */
static int read_terminator(struct sink *sink, const char *text)
{
    while (*text) {
        char byte = *text++;
        if (sink->len == TERMINATOR_MAX)
            return -EMSGSIZE;
        if (byte == '\\') {
            char digits[3] = { 0 };
            if (*text != 'x' || !isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
                return -EINVAL;
            memcpy(digits, text + 1, 2);
            byte = (char)strtoul(digits, NULL, 16);
            text += 3;
        }
        sink->terminator[sink->len++] = byte;
    }
    return sink->len > 0 ? 0 : -EINVAL;
}

int part_bare_sink(int argc, char **argv)
{
    static const char key[] = "terminator=";
    struct sink *sink;
    int status;

    if (argc != 1 || strncmp(argv[0], key, sizeof key - 1) != 0)
        return usage_error("confab bench", "--part bare sink: takes terminator=BYTES");
    sink = calloc(1, sizeof *sink);
    if (!sink)
        return failure("confab bench", "out of memory");
    if (read_terminator(sink, argv[0] + sizeof key - 1) < 0)
        status =
            usage_error("confab bench", "--part bare sink: expected 1 to %d bytes, \\xHH for any, found '%s'",
                        TERMINATOR_MAX, argv[0]);
    else
        status = bare_serve(&protocol, sink);
    free(sink);
    return status;
}
