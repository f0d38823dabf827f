/* sim_trace.c: what is drawn from the seed, and the record of what happened. */
#include "backends/sim.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024, LAST_LINE = 64 };

/* splitmix64 */
uint64_t sim_random(struct sim_network *network)
{
    uint64_t z = network->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_draw(struct sim_network *network, uint64_t n)
{
    return n ? sim_random(network) % n : 0;
}

bool sim_chance(struct sim_network *network, unsigned share)
{
    return share && sim_draw(network, 1000) < share;
}

uint32_t sim_hash(const char *bytes, size_t n, uint32_t before)
{
    uint32_t hash = before ^ UINT32_C(2166136261);

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT32_C(16777619);
    return hash;
}

static void digest(struct sim_network *network, const char *line, size_t len)
{
    uint64_t hash = network->digest;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)line[i]) * UINT64_C(1099511628211);
    network->digest = hash;
}

void sim_note(struct sim_network *network, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    int64_t now = network->clock - network->start;
    int stamp = snprintf(line, sizeof line, "%" PRId64 ".%09" PRId64 " ", now / 1000000000, now % 1000000000);
    va_list arguments;

    va_start(arguments, format);
    int said = vsnprintf(line + stamp, sizeof line - (size_t)stamp - 1, format, arguments);
    va_end(arguments);
    size_t len = (size_t)stamp + (size_t)said;
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    line[len++] = '\n';
    digest(network, line, len);
    if (network->trace_lost || network->trace_len + len > network->trace_limit) {
        network->trace_lost++;
        return;
    }
    memcpy(network->trace + network->trace_len, line, len);
    network->trace_len += len;
    network->trace[network->trace_len] = '\0';
}

int sim_keep_trace(struct sim_network *network, size_t limit)
{
    if (limit > SIZE_MAX / 2)
        return -ENOMEM;
    char *trace = realloc(network->trace, limit + LAST_LINE);

    if (!trace)
        return -ENOMEM;
    network->trace = trace;
    network->trace_limit = limit;
    network->trace_len = 0;
    network->trace_lost = 0;
    trace[0] = '\0';
    return 0;
}

const char *sim_trace(struct sim_network *network, size_t *len)
{
    size_t written = network->trace_len;

    if (!network->trace) {
        *(len ? len : &written) = 0;
        return "";
    }
    if (network->trace_lost)
        written += (size_t)snprintf(network->trace + written, LAST_LINE, "... and %lu lines more\n",
                                    network->trace_lost);
    if (len)
        *len = written;
    return network->trace;
}
