/* load.c: the load's process, as its parent sees it, and what it has found as a sample. */
#include "tools/bench/load.h"
#include "tools/bench/load_engine.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK = 100,   /* milliseconds between two looks whether we are to stop */
    LONGEST = 120 /* seconds that a load takes at the most, beside twice those that it is to take */
};

static const double reached = 0.95; /* of the rate that was asked for: under that it was not */

/* -- The process -------------------------------------------------------------------------- */

static _Noreturn void be_load(struct bench *bench, const struct server *server, const struct load *load,
                              struct findings *findings, pid_t parent)
{
    die_with(parent);
    signal(SIGINT, SIG_IGN); /* our parent will see to that */
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    pin_self(bench->load_cpu);
    descriptors_raise();
    engine_run(load, server, parent, findings);
    _exit(0);
}

static bool to_stop(const struct bench *bench)
{
    return bench->stop && *bench->stop;
}

/* Until the other end of the pipe is closed: the process has ended.  false: it is to be ended. */
static bool await_end(const struct bench *bench, const struct load *load, int end)
{
    struct pollfd ready = { .fd = end, .events = POLLIN };
    int64_t until = engine_clock() + (int64_t)(2 * (load->warm + load->seconds) + LONGEST) * CONFAB_SECOND;

    while (!to_stop(bench) && engine_clock() < until)
        if (poll(&ready, 1, LOOK) > 0)
            return true;
    return false;
}

/* Runs it to its end; 0, or a line is in why. */
static int run_process(struct bench *bench, const struct server *server, const struct load *load,
                       struct findings *findings, struct sample *sample)
{
    int ends[2], status = 0;
    pid_t pid, parent = getpid();

    if (pipe(ends) < 0) {
        sample_fail(sample, "the load cannot be started: %s", strerror(errno));
        return -1;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        be_load(bench, server, load, findings, parent);
    }
    close(ends[1]);
    if (pid > 0) {
        bool ended = await_end(bench, load, ends[0]);
        if (!ended)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (!ended)
            sample_fail(sample, to_stop(bench) ? "stopped" : "the load did not come to its end");
        else if (WIFSIGNALED(status))
            sample_fail(sample, "the load was ended by signal %d", WTERMSIG(status));
        else if (!findings->complete)
            sample_fail(sample, "%s", findings->why);
    } else {
        sample_fail(sample, "the load cannot be started: %s", strerror(errno));
    }
    close(ends[0]);
    return findings->complete ? 0 : -1;
}

/* -- What it has found ------------------------------------------------------------------------ */

static void fill_latency(const struct histogram *latency, struct sample *sample)
{
    static const struct {
        enum figure figure;
        double share;
    } shares[] = { { FIGURE_P50, 0.5 },    { FIGURE_P90, 0.9 },      { FIGURE_P99, 0.99 },
                   { FIGURE_P999, 0.999 }, { FIGURE_P9999, 0.9999 }, { FIGURE_MAX, 1 } };

    if (latency->total == 0)
        return;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        sample->figure[shares[i].figure] = (double)histogram_value(latency, shares[i].share);
    sample->latency = malloc(sizeof *latency);
    if (sample->latency)
        *sample->latency = *latency;
}

static double share_of(const struct usage usage[2], double seconds)
{
    double share = (usage[1].cpu - usage[0].cpu) / (seconds * 1e9);

    return share > 1 ? 1 : share;
}

static bool left_late(const struct findings *findings)
{
    return findings->late > findings->due / 100;
}

/* Of an open loop. */
static bool missed(const struct load *load, const struct findings *findings)
{
    return load->rate > 0 && (double)findings->met < reached * (double)findings->due;
}

/* The load of an open loop is always busy: there it is the limit where it comes too late for a server that is not full. */
static bool limited(const struct load *load, const struct findings *findings, const struct sample *sample)
{
    if (load->idle || sample_server_full(sample))
        return false;
    return load->rate > 0 ? missed(load, findings) && left_late(findings) : sample_load_full(sample);
}

static void fill(const struct server *server, const struct load *load, const struct findings *findings,
                 struct sample *sample)
{
    double messages = (double)findings->messages;

    sample->taken = true;
    sample->seconds = findings->seconds;
    sample->late = findings->late;
    sample->server_busy = share_of(findings->server, findings->seconds);
    sample->load_busy = share_of(findings->self, findings->seconds);
    sample->load_limited = limited(load, findings, sample);
    sample->figure[FIGURE_MEMORY] =
        (findings->server[0].memory - findings->before.memory) / (double)load->connections;
    if (load->idle)
        return;
    sample->figure[FIGURE_RATE] = messages / findings->seconds;
    sample->figure[FIGURE_BYTES] = (double)findings->bytes / findings->seconds;
    if (findings->messages == 0)
        return;
    usage_figures(&findings->server[0], &findings->server[1], messages, sample);
    if (server->calls)
        sample->figure[FIGURE_CALLS] = (double)(findings->calls[1] - findings->calls[0]) / messages;
    fill_latency(&findings->latency, sample);
}

/* One line for all rounds: so there are no figures in it. */
static void warn(struct bench *bench, const struct load *load, const struct findings *findings,
                 const struct sample *sample)
{
    const char *where = load->where ? load->where : "a load";

    if (bench->counting || bench->round < 0) /* these rounds are slow, or do not count */
        return;
    if (missed(load, findings))
        bench_warn(bench, "%s: less than %.0f %% of the rate was reached: %s", where, 100 * reached,
                   sample->load_limited ? "the load generator was the limit" : "the server was the limit");
    else if (load->rate > 0 && left_late(findings))
        bench_warn(bench,
                   "%s: more than 1 %% of the requests left late: the load generator was kept from running",
                   where);
}

/* NULL, or what of it cannot be. */
static const char *check(const struct load *load)
{
    if (load->connections < 1 || load->connections > LOAD_CONNECTIONS_MAX)
        return "connections";
    if (!(load->warm >= 0 && load->warm <= 1e6 && load->seconds >= 0 && load->seconds <= 1e6))
        return "time";
    if (load->session)
        return load->rate > 0 || load->churn || load->idle || load->greedy ? "way to play a session" : NULL;
    if (load->depth < 0 || load->depth > LOAD_BATCH_MAX)
        return "depth";
    if (load->size < 2 || load->size > LOAD_BATCH_MAX ||
        (load->depth > 0 && load->size > LOAD_BATCH_MAX / load->depth))
        return "size";
    if (!(load->rate >= 0 && load->rate <= 1e9))
        return "rate";
    if (load->greedy < 0 || load->greedy > load->connections)
        return "number of greedy connections";
    return NULL;
}

void load_run(struct bench *bench, const struct server *server, const struct load *load,
              struct sample *sample)
{
    const char *bad = check(load);
    char why[BENCH_WHY];
    struct findings *findings;

    if (bad) {
        sample_fail(sample, "the load cannot have this %s", bad);
        return;
    }
    if (load->session && load_session_check(load->session, why)) {
        sample_fail(sample, "%s", why);
        return;
    }
    findings = mmap(NULL, sizeof *findings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    if (findings == MAP_FAILED) {
        sample_fail(sample, "the load cannot be started: %s", strerror(errno));
        return;
    }
    if (run_process(bench, server, load, findings, sample) == 0) {
        fill(server, load, findings, sample);
        warn(bench, load, findings, sample);
    }
    munmap(findings, sizeof *findings);
}
