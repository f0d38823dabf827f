/* stream.c: a load of many bytes: its process, and what it has found as a sample. */
#include "tools/bench/stream.h"

#include "tools/bench/child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    SILENCE = 10, /* seconds that a server may need for its next byte */
    LONGEST = 60  /* seconds that a load takes at the most, beside those that it is to take */
};

bool stream_fail(struct stream_load *load, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(load->findings->why, sizeof load->findings->why, format, list);
    va_end(list);
    return false;
}

bool stream_fail_io(struct stream_load *load, ssize_t returned)
{
    if (returned >= 0)
        return stream_fail(load, "the server closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return stream_fail(load, "the server was silent for %d s", SILENCE);
    return stream_fail(load, "the connection broke: %s", strerror(errno));
}

void stream_mark(struct stream_load *load, int end)
{
    struct stream_findings *findings = load->findings;

    usage_read(load->server->pid, &findings->server[end]);
    usage_read(getpid(), &findings->self[end]);
    findings->calls[end] = load->server->calls ? *load->server->calls : 0;
    findings->time[end] = child_clock();
}

static bool connect_one(struct stream_load *load, int *connection)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)load->server->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval silence = { .tv_sec = SILENCE };
    struct linger reset = { .l_onoff = 1 };
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    *connection = fd;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return stream_fail(load, "cannot connect to %s: %s", load->server->address, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset); /* nothing is left of it when it ends */
    return true;
}

/* Descriptors and memory end with the process. */
static void run(void *data)
{
    struct stream_load *load = data;
    int64_t count = load->stream->command ? load->stream->connections : 1;
    bool well = true;

    for (int64_t i = 0; i < count && well; i++)
        well = connect_one(load, &load->sockets[i]);
    if (well)
        load->findings->complete = load->stream->command ? stream_pull(load) : stream_push(load);
}

static double share_of(const struct usage usage[2], double seconds)
{
    return fmin(1, (usage[1].cpu - usage[0].cpu) / (seconds * 1e9));
}

static void fill(const struct stream_load *load, struct sample *sample)
{
    const struct stream_findings *findings = load->findings;
    double count = (double)findings->bytes / (double)load->stream->unit;

    sample->taken = true;
    sample->seconds = (double)(findings->time[1] - findings->time[0]) / 1e9;
    sample->server_busy = share_of(findings->server, sample->seconds);
    sample->load_busy = share_of(findings->self, sample->seconds);
    sample->load_limited = sample_load_full(sample) && !sample_server_full(sample);
    sample->figure[FIGURE_BYTES] = (double)findings->bytes / sample->seconds;
    usage_figures(&findings->server[0], &findings->server[1], count, sample);
    if (load->server->calls)
        sample->figure[FIGURE_CALLS] = (double)(findings->calls[1] - findings->calls[0]) / count;
}

void stream_run(struct bench *bench, const struct server *server, const struct stream *stream,
                struct sample *sample)
{
    struct stream_load load = { .stream = stream,
                                .server = server,
                                .findings = child_memory(sizeof(struct stream_findings)) };

    if (!load.findings) {
        sample_fail(sample, "the load cannot be started: out of memory");
        return;
    }
    if (bench_child_run(bench, stream->seconds + LONGEST, run, &load, sample)) {
        if (load.findings->complete)
            fill(&load, sample);
        else
            sample_fail(sample, "%s", load.findings->why);
    }
    munmap(load.findings, sizeof *load.findings);
}
