/* stream_push.c: sends messages, and compares what the server has counted. */
#include "tools/bench/child.h"
#include "tools/bench/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    BUFFER = 256 << 10, /* bytes that are sent at once, about: whole messages, one at least */
    ANSWER_MAX = 80
};

/* All of it: the socket blocks. */
static bool send_all(struct stream_load *load, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(load->sockets[0], bytes, len, 0);
        if (sent <= 0)
            return stream_fail_io(load, sent);
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* To the end of what the server sends. */
static bool receive_answer(struct stream_load *load, char answer[ANSWER_MAX])
{
    size_t len = 0;
    ssize_t got;

    do {
        got = recv(load->sockets[0], answer + len, ANSWER_MAX - 1 - len, 0);
        if (got < 0)
            return stream_fail_io(load, got);
        len += (size_t)got;
    } while (got > 0 && len < ANSWER_MAX - 1);
    answer[len] = '\0';
    return true;
}

static bool is_answer(struct stream_load *load, uint64_t messages, const char *answer)
{
    size_t line = load->stream->message_len - load->stream->terminator_len;
    char expected[ANSWER_MAX];

    snprintf(expected, sizeof expected, "%" PRIu64 " messages of %" PRIu64 " bytes\r\n", messages,
             messages * line);
    return strcmp(answer, expected) == 0 ||
           stream_fail(load, "the server counted wrong: expected %.*s, found %.*s",
                       (int)strcspn(expected, "\r"), expected, (int)strcspn(answer, "\r"), answer);
}

bool stream_push(struct stream_load *load)
{
    const struct stream *stream = load->stream;
    size_t count = stream->message_len < BUFFER ? BUFFER / stream->message_len : 1;
    size_t len = count * stream->message_len;
    char *messages = malloc(len), answer[ANSWER_MAX];
    uint64_t sent = 0;
    int64_t end;
    bool well = messages || stream_fail(load, "out of memory");

    for (size_t i = 0; i < count && well; i++)
        memcpy(messages + i * stream->message_len, stream->message, stream->message_len);
    stream_mark(load, 0);
    end = load->findings->time[0] + (int64_t)(stream->seconds * 1e9);
    do {
        well = well && send_all(load, messages, len);
        sent += count;
        load->findings->bytes += len;
    } while (well && child_clock() < end && (stream->most == 0 || load->findings->bytes < stream->most));
    free(messages);
    if (!well)
        return false;
    if (shutdown(load->sockets[0], SHUT_WR) < 0)
        return stream_fail_io(load, -1);
    if (!receive_answer(load, answer))
        return false;
    stream_mark(load, 1);
    return is_answer(load, sent, answer);
}
