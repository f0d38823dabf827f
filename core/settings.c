#include "core/settings.h"
#include "core/wheel.h"
#include <errno.h>

static const struct confab_chat_options defaults = {
    .size = sizeof(struct confab_chat_options),
    .in_buffer_size = 64 << 10,
    .out_buffer_size = 64 << 10,
    .low = 64 << 10,
    .high = 256 << 10,
    .output_limit = 16 << 20,
    .max_message = 1 << 20,
    .rate_in = CONFAB_UNLIMITED,
    .rate_out = CONFAB_UNLIMITED,
    .timeout = { [CONFAB_TIMEOUT_CONNECT] = 10 * CONFAB_SECOND,
                 [CONFAB_TIMEOUT_IDLE] = 5 * CONFAB_MINUTE,
                 [CONFAB_TIMEOUT_MESSAGE] = CONFAB_OFF,
                 [CONFAB_TIMEOUT_WRITE] = 30 * CONFAB_SECOND,
                 [CONFAB_TIMEOUT_LIFETIME] = CONFAB_OFF },
};

/* Stamps are 32 bits of ticks, which wrap after 52 days: half of that can be told apart. */
static const int64_t timeout_bound = INT64_C(1) << 51;

static void lay_over(struct confab_chat_options *merged, const struct confab_chat_options *o)
{
#define LAY(field) merged->field = o->field ? o->field : merged->field
    LAY(in_buffer_size);
    LAY(out_buffer_size);
    LAY(low);
    LAY(high);
    LAY(output_limit);
    LAY(max_message);
    LAY(rate_in);
    LAY(rate_out);
    for (int i = 0; i < CONFAB_TIMEOUTS; i++)
        LAY(timeout[i]);
    LAY(data);
#undef LAY
}

int settings_order_marks(size_t *low, size_t *high, size_t *limit, bool low_given, bool high_given,
                         bool limit_given)
{
    if ((low_given && high_given && *low > *high) || (high_given && limit_given && *high > *limit) ||
        (low_given && limit_given && *low > *limit))
        return -EINVAL;
    if (*high > *limit && limit_given)
        *high = *limit;
    if (*low > *high && low_given)
        *high = *low;
    if (*low > *high)
        *low = *high;
    if (*high > *limit)
        *limit = *high;
    return 0;
}

int settings_merge(struct confab_chat_options *merged, const struct confab_chat_options *base,
                   const struct confab_chat_options *options)
{
    struct confab_chat_options o = { 0 };

    if (options && (options->size < sizeof options->size || options->size > sizeof o))
        return -EINVAL;
    if (options)
        memcpy(&o, options, options->size);
    *merged = base ? *base : defaults;
    lay_over(merged, &o);
    merged->size = sizeof *merged;
    if (settings_order_marks(&merged->low, &merged->high, &merged->output_limit, o.low, o.high,
                             o.output_limit))
        return -EINVAL;
    for (int i = 0; i < CONFAB_TIMEOUTS; i++)
        if (merged->timeout[i] >= timeout_bound)
            return -EINVAL;
    return 0;
}

/* Rounded up, and one more for the stamp, which was rounded down. */
static uint32_t ticks(int64_t ns)
{
    int64_t tick = INT64_C(1) << WHEEL_TICK_SHIFT;

    return ns <= 0 ? 0 : (uint32_t)((ns + tick - 1) / tick + 1);
}

static void complete(struct settings *settings, size_t read_buffer)
{
    struct confab_chat_options *o = &settings->options;

    if (o->in_buffer_size > read_buffer)
        o->in_buffer_size = read_buffer;
    for (int i = 0; i < CONFAB_TIMEOUTS; i++)
        settings->timeout[i] = ticks(o->timeout[i]);
    settings->ends_else = settings->timeout[CONFAB_TIMEOUT_MESSAGE] || settings->ops.handle_sent;
}

int settings_new(struct settings **made, const struct alloc *alloc, size_t read_buffer,
                 const struct confab_chat_ops *ops, const struct confab_chat_options *options,
                 const struct confab_chat_options *base)
{
    struct confab_chat_options merged;
    size_t least = offsetof(struct confab_chat_ops, found_terminator);

    *made = NULL;
    if (!ops || ops->size < least || !ops->collect_incoming_data)
        return -EINVAL;
    int error = settings_merge(&merged, base, options);
    if (error)
        return error;
    struct settings *settings = alloc_zeroed(alloc, sizeof *settings);
    if (!settings)
        return -ENOMEM;
    settings->refs = 1;
    settings->alloc = alloc;
    settings->ops_given = ops;
    memcpy(&settings->ops, ops, ops->size < sizeof *ops ? ops->size : sizeof *ops);
    settings->options = merged;
    complete(settings, read_buffer);
    *made = settings;
    return 0;
}

int settings_change(struct settings **copy, const struct settings *settings, size_t read_buffer,
                    const struct confab_chat_options *options)
{
    struct confab_chat_options merged;
    int error = settings_merge(&merged, &settings->options, options);

    *copy = NULL;
    if (error)
        return error;
    struct settings *changed = alloc_new(settings->alloc, sizeof *changed);
    if (!changed)
        return -ENOMEM;
    *changed = *settings;
    changed->refs = 1;
    changed->options = merged;
    complete(changed, read_buffer);
    *copy = changed;
    return 0;
}

void settings_unref(struct settings *settings)
{
    if (settings && --settings->refs == 0)
        alloc_free(settings->alloc, settings);
}
