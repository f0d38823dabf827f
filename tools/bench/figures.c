/* figures.c: what the figures are called, and samples of them. */
#include "tools/bench/bench.h"
#include "tools/bench/histogram.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct figure_kind figure_kinds[FIGURES] = {
    [FIGURE_RATE] = { "rate", "rate", "1/s", true },
    [FIGURE_BYTES] = { "bytes_rate", "bytes", "B/s", true },
    [FIGURE_CPU] = { "cpu_ns", "cpu", "ns", false },
    [FIGURE_USER] = { "user_ns", "user", "ns", false },
    [FIGURE_SYSTEM] = { "system_ns", "system", "ns", false },
    [FIGURE_CALLS] = { "system_calls", "calls", "", false },
    [FIGURE_SWITCHES] = { "context_switches", "switches", "", false },
    [FIGURE_P50] = { "p50_ns", "p50", "ns", false },
    [FIGURE_P90] = { "p90_ns", "p90", "ns", false },
    [FIGURE_P99] = { "p99_ns", "p99", "ns", false },
    [FIGURE_P999] = { "p99_9_ns", "p99.9", "ns", false },
    [FIGURE_P9999] = { "p99_99_ns", "p99.99", "ns", false },
    [FIGURE_MAX] = { "max_ns", "max", "ns", false },
    [FIGURE_MEMORY] = { "memory_bytes", "memory", "B", false },
    [FIGURE_EVENT] = { "event_ns", "event", "ns", false },
    [FIGURE_START] = { "start_ns", "start", "ns", false },
    [FIGURE_STOP] = { "stop_ns", "stop", "ns", false },
    [FIGURE_EXPIRE] = { "expire_ns", "expire", "ns", false },
};

static const double load_full = 0.95, server_full = 0.90;

void sample_clear(struct sample *sample)
{
    free(sample->latency);
    *sample = (struct sample){ .server_busy = NAN, .load_busy = NAN };
    for (int i = 0; i < FIGURES; i++)
        sample->figure[i] = NAN;
}

void sample_fail(struct sample *sample, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int len = vsnprintf(sample->why, sizeof sample->why, format, list);
    va_end(list);
    if (len >= (int)sizeof sample->why)
        memcpy(sample->why + sizeof sample->why - sizeof "...", "...", sizeof "...");
    sample->taken = false;
}

bool sample_load_full(const struct sample *sample)
{
    return sample->load_busy > load_full;
}

bool sample_server_full(const struct sample *sample)
{
    return !(sample->server_busy < server_full);
}

void bench_warn(struct bench *bench, const char *format, ...)
{
    char text[BENCH_WHY];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (size_t i = 0; i < bench->warning_count; i++)
        if (!strcmp(bench->warnings[i], text))
            return;
    if (bench->warning_count < BENCH_WARNINGS)
        memcpy(bench->warnings[bench->warning_count++], text, sizeof text);
}
