/* dispatch.c: bytes that go round, and how long that takes. */
#include "tools/bench/dispatch.h"
#include "tools/bench/launch.h"
#include "tools/bench/worker.h"
#include "tools/command.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COUNT_MAX = 1000000,
    WRITES_MAX = 1000000,
    REPETITIONS_LEAST = 3, /* of what is quick */
    REPETITIONS = 101,     /* at the most */
    IDLE_MAX = 1000        /* turns in a row that bring nothing, a signal may have ended them */
};

static const int64_t total_ns = 100000000;

/* -- Socketpairs --------------------------------------------------------------------- */

/* Neither blocks, and neither is there in what is executed. */
static int make_pair(int pair[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return -errno;
    for (int i = 0; i < 2; i++)
        if (fcntl(pair[i], F_SETFL, O_NONBLOCK) < 0 || fcntl(pair[i], F_SETFD, FD_CLOEXEC) < 0) {
            int error = -errno;
            close(pair[0]);
            close(pair[1]);
            return error;
        }
    return 0;
}

static int make_ends(struct dispatch *dispatch)
{
    dispatch->ends = calloc((size_t)dispatch->count, sizeof *dispatch->ends);
    if (!dispatch->ends)
        return -ENOMEM;
    for (int64_t i = 0; i < dispatch->count; i++)
        dispatch->ends[i] = (struct dispatch_end){ .dispatch = dispatch, .fd = -1, .next = -1 };
    for (int64_t i = 0; i < dispatch->count; i++) {
        int pair[2], error = make_pair(pair);
        if (error)
            return error;
        dispatch->ends[(i + 1) % dispatch->count].fd = pair[0];
        dispatch->ends[i].next = pair[1];
    }
    return 0;
}

static void close_ends(struct dispatch *dispatch)
{
    for (int64_t i = 0; dispatch->ends && i < dispatch->count; i++) {
        if (dispatch->ends[i].fd >= 0)
            close(dispatch->ends[i].fd);
        if (dispatch->ends[i].next >= 0)
            close(dispatch->ends[i].next);
    }
    free(dispatch->ends);
}

/* -- Measuring ------------------------------------------------------------------------ */

/* One repetition: ns, or -errno. */
static int64_t repeat(struct dispatch *dispatch, const struct dispatch_loop *loop, int64_t writes)
{
    const int64_t events = dispatch->active + writes, apart = dispatch->count / dispatch->active;
    int64_t began = worker_clock(), idle = 0;

    dispatch->events = 0;
    dispatch->left = writes;
    for (int64_t i = 0; i < dispatch->active; i++)
        if (send(dispatch->ends[i * apart].next, "e", 1, 0) != 1)
            return -errno;
    while (dispatch->events < events) {
        int64_t before = dispatch->events;
        int error = loop->turn(dispatch);
        if (error || dispatch->error)
            return error ? error : dispatch->error;
        idle = dispatch->events > before ? 0 : idle + 1;
        if (idle > IDLE_MAX)
            return -ETIMEDOUT;
    }
    return worker_clock() - began;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int measure(struct dispatch *dispatch, const struct dispatch_loop *loop, double *event_ns)
{
    /* Loops tell the system of what they watch when they are first run. */
    int64_t used = repeat(dispatch, loop, dispatch->writes), all = 0;
    double took[REPETITIONS];
    int n = 0, least = used < total_ns ? REPETITIONS_LEAST : 1;

    if (used < 0)
        return (int)used;
    while (n < REPETITIONS && (n < least || all < total_ns)) {
        used = repeat(dispatch, loop, dispatch->writes);
        if (used < 0)
            return (int)used;
        all += used;
        took[n++] = (double)used / (double)(dispatch->active + dispatch->writes);
    }
    qsort(took, (size_t)n, sizeof took[0], by_size);
    *event_ns = (took[(n - 1) / 2] + took[n / 2]) / 2;
    return 0;
}

/* -- The worker ------------------------------------------------------------------------- */

static int run(struct dispatch *dispatch, const struct dispatch_loop *loop)
{
    double event_ns = 0;
    int error = make_ends(dispatch);

    if (!error) {
        error = loop->open(dispatch);
        if (!error)
            error = measure(dispatch, loop, &event_ns);
        loop->close(dispatch);
    }
    close_ends(dispatch);
    if (error == -ETIMEDOUT)
        return failure(loop->command, "dispatch: after %lld events no more came",
                       (long long)dispatch->events);
    if (error)
        return failure(loop->command, "dispatch%s%s: %s", dispatch->backend ? " on " : "",
                       dispatch->backend ? dispatch->backend : "", strerror(-error));
    printf("event_ns %.2f\n", event_ns);
    return output_done(loop->command);
}

int dispatch_main(const struct dispatch_loop *loop, const char *backend, int argc, char **argv)
{
    struct dispatch dispatch = { .backend = backend };
    int64_t needed, limit;

    if (argc != 3 || !worker_number(argv[0], COUNT_MAX, &dispatch.count) ||
        !worker_number(argv[1], dispatch.count, &dispatch.active) ||
        !worker_number(argv[2], WRITES_MAX, &dispatch.writes))
        return usage_error(
            loop->command,
            "dispatch: expected COUNT ACTIVE WRITES, numbers from 1 on: ACTIVE is COUNT at the most");
    needed = 2 * dispatch.count + DISPATCH_SPARE;
    limit = descriptors_raise();
    if (limit < needed)
        return failure(loop->command,
                       "dispatch: %lld socketpairs take %lld descriptors, and a process may have %lld here",
                       (long long)dispatch.count, (long long)needed, (long long)limit);
    return run(&dispatch, loop);
}
