/* stream_pull.c: asks for letters, and compares what comes. */
#include "tools/bench/child.h"
#include "tools/bench/letters.h"
#include "tools/bench/stream.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    BUFFER = 256 << 10,
    SILENCE = 10000 /* milliseconds */
};

static const double warm = 0.1, warm_most = 0.2; /* of its time, before what counts; seconds */

struct pull {
    struct stream_load *load;
    uint64_t come[STREAM_CONNECTIONS]; /* of the answer that is under way */
    int64_t begin, end;
    bool counts;
    char *buffer, *letters;
};

static bool ask(struct pull *pull, int i)
{
    const char *command = pull->load->stream->command;
    ssize_t len = (ssize_t)strlen(command), sent = send(pull->load->sockets[i], command, (size_t)len, 0);

    return sent == len || stream_fail_io(pull->load, sent);
}

static bool receive(struct pull *pull, int i)
{
    struct stream_load *load = pull->load;
    uint64_t *come = &pull->come[i];
    ssize_t len = recv(load->sockets[i], pull->buffer, BUFFER, 0);

    if (len <= 0)
        return stream_fail_io(load, len);
    if ((uint64_t)len > load->stream->answer - *come)
        return stream_fail(load, "more came than was asked for");
    if (memcmp(pull->buffer, pull->letters + *come % LETTERS, (size_t)len) != 0)
        return stream_fail(load, "a wrong byte came");
    *come += (uint64_t)len;
    load->findings->bytes += (uint64_t)len;
    if (*come < load->stream->answer)
        return true;
    *come = 0;
    return ask(pull, i);
}

/* Once from each that has something; with one alone there is nothing to choose. */
static bool receive_all(struct pull *pull, struct pollfd *entries, int count)
{
    bool well = true;

    if (count == 1)
        return receive(pull, 0);
    if (poll(entries, (nfds_t)count, SILENCE) == 0)
        return stream_fail(pull->load, "the server was silent for %d s", SILENCE / 1000);
    for (int i = 0; i < count && well; i++)
        if (entries[i].revents)
            well = receive(pull, i);
    return well;
}

/* Whether it goes on. */
static bool look_at_clock(struct pull *pull)
{
    struct stream_load *load = pull->load;
    int64_t now = child_clock();

    if (!pull->counts && now >= pull->begin) {
        pull->counts = true;
        load->findings->bytes = 0;
        stream_mark(load, 0);
    }
    if (!pull->counts || load->findings->bytes == 0)
        return true;
    return now < pull->end && (load->stream->most == 0 || load->findings->bytes < load->stream->most);
}

bool stream_pull(struct stream_load *load)
{
    int count = (int)load->stream->connections;
    struct pull pull = { .load = load, .buffer = malloc(BUFFER), .letters = malloc(BUFFER + LETTERS) };
    struct pollfd entries[STREAM_CONNECTIONS];
    double seconds = load->stream->seconds;
    bool well = true;

    if (!pull.buffer || !pull.letters)
        well = stream_fail(load, "out of memory");
    else
        letters_fill(pull.letters, BUFFER + LETTERS);
    for (int i = 0; i < count && well; i++) {
        entries[i] = (struct pollfd){ .fd = load->sockets[i], .events = POLLIN };
        well = ask(&pull, i);
    }
    pull.begin = child_clock() + (int64_t)(fmin(warm * seconds, warm_most) * 1e9);
    pull.end = pull.begin + (int64_t)(seconds * 1e9);
    while (well && look_at_clock(&pull))
        well = receive_all(&pull, entries, count);
    stream_mark(load, 1);
    free(pull.buffer);
    free(pull.letters);
    return well;
}
