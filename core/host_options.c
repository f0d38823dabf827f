/* host_options.c: the options that every service has, and what they set. */
#include "core/complain.h"
#include "core/option.h"
#include "core/settings.h"
#include <confab/host.h>
#include <errno.h>
#include <string.h>

#define TIMEOUT_MAX ((INT64_C(1) << 51) - 1) /* of struct confab_chat_options */
#define BUFFER_MAX  (INT64_C(1) << 30)
#define SIZE_LIMIT  ((int64_t)PTRDIFF_MAX) /* a size_t holds it on any machine */
#define CONNECTIONS INT64_C(0x7fffffff)    /* descriptors are int */

#define DURATION(member, name, value, words)                                                         \
    CONFAB_OPTION(struct host_limits, member, DURATION, name, .fallback = value, .max = TIMEOUT_MAX, \
                  .help = words)
#define BYTES(member, name, value, least, most, words)                                                  \
    CONFAB_OPTION(struct host_limits, member, SIZE, name, .fallback = value, .min = least, .max = most, \
                  .help = words)

static const struct confab_option host_options[] = {
    DURATION(connect, "connect-timeout", "10s", "from connect to connected; 0: off"),
    DURATION(idle, "idle-timeout", "5m", "no byte either way; 0: off"),
    DURATION(message, "message-timeout", "0", "from a message's first byte to its end; 0: off"),
    DURATION(write, "write-timeout", "30s", "output waits and none of it leaves; 0: off"),
    DURATION(lifetime, "lifetime", "0", "of a connection; 0: off"),
    DURATION(drain, "drain-timeout", "25s", "how long a stop waits for connections to end; 0: for ever"),
    BYTES(in_buffer, "in-buffer", "64K", 1, BUFFER_MAX, "bytes of one read at the most"),
    BYTES(out_buffer, "out-buffer", "64K", 1, BUFFER_MAX, "bytes that a producer is asked for"),
    BYTES(low, "low-watermark", "64K", 1, SIZE_LIMIT, "reading goes on with less output than this waiting"),
    BYTES(high, "high-watermark", "256K", 0, SIZE_LIMIT,
          "reading rests with more output than this waiting; 0: off"),
    BYTES(output_limit, "output-limit", "16M", 0, SIZE_LIMIT,
          "more output waiting closes a connection; 0: off"),
    BYTES(max_message, "max-message", "1M", 0, INT64_MAX, "bytes of a message at the most; 0: off"),
    BYTES(rate_in, "rate-in", "0", 0, INT64_MAX, "bytes a second of each connection that are read; 0: off"),
    BYTES(rate_out, "rate-out", "0", 0, INT64_MAX, "bytes a second of each connection that are sent; 0: off"),
    CONFAB_OPTION(struct host_limits, max_connections, INTEGER, "max-connections", .fallback = "0",
                  .max = CONNECTIONS, .help = "connections at once; others are closed at once; 0: no limit"),
    CONFAB_OPTIONS_END,
};

/* What the host's command line and configuration file say about a service
 * beside its options. */
static const char *const reserved[] = { "backend", "group", "listen", "plugin", "user", "workers" };

const struct confab_option *confab_host_options(void)
{
    return host_options;
}

size_t host_options_count(void)
{
    return sizeof host_options / sizeof host_options[0] - 1;
}

bool host_options_reserve(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return option_find(host_options, host_options_count(), name) >= 0;
}

static int64_t timeout_of(int64_t ns)
{
    return ns == 0 ? CONFAB_OFF : ns;
}

static size_t size_of(uint64_t bytes)
{
    return bytes == 0 ? SIZE_MAX : (size_t)bytes;
}

static uint64_t limit_of(uint64_t n)
{
    return n == 0 ? CONFAB_UNLIMITED : n;
}

static bool was_given(const struct option_set *set, const char *name)
{
    int row = option_find(set->rows, set->count, name);

    return row >= 0 && set->values[row].times > 0;
}

int host_options_apply(const struct option_set *set, const struct host_limits *limits,
                       struct confab_chat_options *options, char *error, size_t room)
{
    size_t low = (size_t)limits->low, high = size_of(limits->high), limit = size_of(limits->output_limit);

    if (settings_order_marks(&low, &high, &limit, was_given(set, "low-watermark"),
                             was_given(set, "high-watermark"), was_given(set, "output-limit")))
        return complain(error, room, -EINVAL,
                        "low-watermark (%zu bytes), high-watermark (%zu bytes) and output-limit (%zu bytes) "
                        "must be in that order",
                        low, high, limit);
    *options = (struct confab_chat_options){
        .size = sizeof *options,
        .in_buffer_size = (size_t)limits->in_buffer,
        .out_buffer_size = (size_t)limits->out_buffer,
        .low = low,
        .high = high,
        .output_limit = limit,
        .max_message = limit_of(limits->max_message),
        .rate_in = limit_of(limits->rate_in),
        .rate_out = limit_of(limits->rate_out),
        .timeout = { [CONFAB_TIMEOUT_CONNECT] = timeout_of(limits->connect),
                     [CONFAB_TIMEOUT_IDLE] = timeout_of(limits->idle),
                     [CONFAB_TIMEOUT_MESSAGE] = timeout_of(limits->message),
                     [CONFAB_TIMEOUT_WRITE] = timeout_of(limits->write),
                     [CONFAB_TIMEOUT_LIFETIME] = timeout_of(limits->lifetime) },
    };
    return 0;
}
