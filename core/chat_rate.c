/* chat_rate.c: bytes a second, read and sent.
 *
 * What has passed is learned from bytes_in and bytes_out, so the paths that
 * move bytes only ask how many may pass now.  Where none may, reading or
 * output rests until a timer finds a useful amount.  Reading that rests delivers
 * what was read all the same. */
#include "core/bucket.h"
#include "core/chat.h"
#include <errno.h>

struct rate {
    struct bucket bucket;
    uint64_t seen;   /* bytes_in or bytes_out as the bucket knows it */
    confab_id timer; /* ends the rest; 0, or of one that has fired: none */
};

struct chat_rates {
    struct rate in, out;
    uint32_t read_rests; /* a stamp: when reading began to rest, while it does */
};

static void rate_init(struct rate *rate, uint64_t bytes_a_second, const confab_chat *chat, uint64_t passed)
{
    bucket_init(&rate->bucket, bytes_a_second, chat->channel.reactor->now);
    rate->seen = passed;
}

/* The state of both, made when it is first needed; without memory for it the chat closes, and this is NULL. */
static struct chat_rates *rates_of(confab_chat *chat)
{
    struct chat_extra *extra = chat_extra(chat);
    const struct confab_chat_options *o = &chat->settings->options;

    if (extra && extra->rates)
        return extra->rates;
    struct chat_rates *rates = extra ? alloc_zeroed(&chat->channel.reactor->alloc, sizeof *rates) : NULL;
    if (!rates) {
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
        return NULL;
    }
    rate_init(&rates->in, o->rate_in, chat, chat->bytes_in);
    rate_init(&rates->out, o->rate_out, chat, chat->bytes_out);
    extra->rates = rates;
    return rates;
}

/* How many bytes may pass now, after all that have. */
static uint64_t may_pass(struct rate *rate, const confab_chat *chat, uint64_t passed)
{
    bucket_take(&rate->bucket, passed - rate->seen);
    rate->seen = passed;
    return bucket_fill(&rate->bucket, chat->channel.reactor->now);
}

static void stop_timer(struct rate *rate, confab_chat *chat)
{
    confab_call_cancel(chat->channel.reactor, rate->timer);
    rate->timer = 0;
}

/* Has `call` called when there are `want` bytes.  False: no memory, the chat is closed. */
static bool start_timer(struct rate *rate, confab_chat *chat, uint64_t want,
                        void (*call)(confab_chat *, void *))
{
    stop_timer(rate, chat);
    rate->timer = confab_chat_call_later(chat, bucket_wait(&rate->bucket, want), call, NULL);
    if (!rate->timer)
        chat_close(chat, CONFAB_REASON_NO_MEMORY, ENOMEM);
    return rate->timer;
}

/* -- Input ------------------------------------------------------------------ */

/* A peer must not be found slow for a rest of ours: the time of it is no part of a message's. */
static void end_read_rest(confab_chat *chat)
{
    uint32_t tick = chat->channel.reactor->tick, rested = tick - chat->extra->rates->read_rests;

    chat->flags &= ~(uint32_t)CHAT_SUSPENDED_RATE;
    chat->message_began = tick - chat->message_began > rested ? chat->message_began + rested : tick;
    chat->active = tick;
    chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_IDLE]);
    chat_interest(chat);
}

/* Reads on at once: where that spends all there is again, the backend never hears of it. */
static void read_on(confab_chat *chat, void *unused)
{
    (void)unused;
    chat_begin(chat);
    end_read_rest(chat);
    chat_read(chat);
    chat_end(chat);
}

size_t chat_rate_in(confab_chat *chat, size_t most)
{
    if (chat->settings->options.rate_in == CONFAB_UNLIMITED)
        return most;
    struct chat_rates *rates = rates_of(chat);
    if (!rates || chat->flags & CHAT_SUSPENDED_RATE)
        return 0;
    uint64_t n = may_pass(&rates->in, chat, chat->bytes_in);
    if (n > 0)
        return n < most ? (size_t)n : most;
    if (start_timer(&rates->in, chat, bucket_useful(&rates->in.bucket), read_on)) {
        chat->flags |= CHAT_SUSPENDED_RATE;
        rates->read_rests = chat->channel.reactor->tick;
        chat_interest(chat);
    }
    return 0;
}

/* -- Output ----------------------------------------------------------------- */

static void end_output_rest(confab_chat *chat)
{
    chat->flags &= ~(uint32_t)CHAT_OUTPUT_RESTS;
    chat->active = chat->channel.reactor->tick;
    chat_arm_within(chat, chat->settings->timeout[CONFAB_TIMEOUT_IDLE]);
}

static void send_on(confab_chat *chat, void *unused)
{
    (void)unused;
    chat_begin(chat);
    end_output_rest(chat);
    chat_end(chat);
}

/* What is worth waiting for: a useful amount, or all that waits where that is known to be less. */
static uint64_t worth_waiting(const confab_chat *chat, const struct bucket *bucket)
{
    const struct segment *first = chat->output.first;
    uint64_t useful = bucket_useful(bucket), waits = first->size - first->cost;

    if (first->kind == SEGMENT_PRODUCER)
        return useful;
    if (first->kind == SEGMENT_FILE)
        waits += (uint64_t)first->u.file.left;
    if (waits == 0)
        waits = 1;
    return waits < useful ? waits : useful;
}

bool chat_rate_holds(confab_chat *chat)
{
    if (!chat->output.first || chat->settings->options.rate_out == CONFAB_UNLIMITED)
        return false;
    if (chat->flags & CHAT_OUTPUT_RESTS)
        return true;
    struct chat_rates *rates = rates_of(chat);
    if (!rates)
        return true;
    if (may_pass(&rates->out, chat, chat->bytes_out) > 0)
        return false;
    if (!start_timer(&rates->out, chat, worth_waiting(chat, &rates->out.bucket), send_on))
        return true;
    chat->flags &= ~(uint32_t)CHAT_BLOCKED;
    chat->flags |= CHAT_OUTPUT_RESTS | CHAT_FLUSH_PLANNED;
    chat_interest(chat);
    return true;
}

size_t chat_rate_out(confab_chat *chat, size_t most)
{
    if (chat->settings->options.rate_out == CONFAB_UNLIMITED)
        return most;
    struct chat_rates *rates = rates_of(chat);
    uint64_t n = rates ? may_pass(&rates->out, chat, chat->bytes_out) : 0;
    return n < most ? (size_t)n : most;
}

/* -- Changes ---------------------------------------------------------------- */

/* Another rate; what was left of the one before stays.  Returns whether it has changed. */
static bool change(struct rate *rate, uint64_t to, confab_chat *chat, uint64_t passed)
{
    struct bucket *bucket = &rate->bucket;

    if (bucket->rate == to)
        return false;
    may_pass(rate, chat, passed);
    if (bucket->rate == CONFAB_UNLIMITED)
        rate_init(rate, to, chat, passed);
    else
        bucket_change(bucket, to, chat->channel.reactor->now);
    stop_timer(rate, chat);
    return true;
}

void chat_rate_changed(confab_chat *chat)
{
    const struct confab_chat_options *o = &chat->settings->options;
    struct chat_rates *rates = chat->extra ? chat->extra->rates : NULL;

    chat->flags &= ~(uint32_t)CHAT_RATED;
    if (settings_rated(chat->settings)) {
        chat->flags |= CHAT_RATED;
        chat_uncork(chat);
    }
    if (!rates)
        return; /* nothing has been read or sent at a rate yet */
    if (change(&rates->in, o->rate_in, chat, chat->bytes_in) && chat->flags & CHAT_SUSPENDED_RATE)
        end_read_rest(chat);
    if (change(&rates->out, o->rate_out, chat, chat->bytes_out) && chat->flags & CHAT_OUTPUT_RESTS) {
        end_output_rest(chat);
        channel_list(&chat->channel, CHAT_WORK_FLUSH);
    }
}

void chat_rate_free(confab_chat *chat)
{
    alloc_free(&chat->channel.reactor->alloc, chat->extra->rates);
}
