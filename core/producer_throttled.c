/* producer_throttled.c: another producer at so many bytes a second. */
#include "core/bucket.h"
#include "core/producer.h"
#include <confab/chat.h>
#include <errno.h>
#include <stdlib.h>

struct throttled {
    struct inner inner;
    const char *piece;       /* what of inner's last piece was not given yet */
    size_t left, size;       /* bytes of that; of the whole piece */
    uint64_t rate;           /* bytes a second; 0: as many as there are */
    struct bucket bucket;    /* from when it is asked first */
    confab_reactor *reactor; /* likewise: whose clock it goes by */
    confab_id timer;         /* 0: none */
    bool waits;              /* it has said "not now" of its own, and given nothing since */
};

void *confab_throttled_producer_new(const struct confab_producer_ops *inner_ops, void *inner, uint64_t rate)
{
    struct inner taken;

    if (!inner_take(&taken, inner_ops, inner))
        return NULL;
    struct throttled *throttled = malloc(sizeof *throttled);
    if (throttled)
        *throttled = (struct throttled){ .inner = taken, .rate = rate };
    else
        inner_release(&taken);
    return throttled;
}

static void stop_timer(struct throttled *throttled)
{
    if (throttled->timer)
        confab_call_cancel(throttled->reactor, throttled->timer);
    throttled->timer = 0;
}

static void worth_asking(confab_chat *chat, void *data)
{
    ((struct throttled *)data)->timer = 0;
    confab_chat_resume_output(chat);
}

static void fill_bucket(struct throttled *throttled, confab_chat *chat)
{
    if (throttled->reactor) {
        bucket_fill(&throttled->bucket, confab_reactor_now(throttled->reactor));
        return;
    }
    throttled->reactor = confab_chat_reactor(chat);
    bucket_init(&throttled->bucket, throttled->rate, confab_reactor_now(throttled->reactor));
}

/* Whether anything is to be given now.  One that waits has something useful to wait
 * for, whoever it is that has it asked earlier. */
static bool may_give(const struct throttled *throttled)
{
    const struct bucket *bucket = &throttled->bucket;

    if (!throttled->waits)
        return bucket->tokens > 0;
    return bucket->tokens >= bucket_useful(bucket) || bucket->tokens >= throttled->left;
}

/* "Not now", and a timer.  The rest of a large piece need not wait for more than
 * itself; small ones do, or each of them would cost a wake-up. */
static ssize_t not_now(struct throttled *throttled, confab_chat *chat)
{
    uint64_t bytes = bucket_useful(&throttled->bucket);

    if (throttled->left < bytes && throttled->size >= bytes)
        bytes = throttled->left;
    throttled->waits = true;
    throttled->timer =
        confab_chat_call_later(chat, bucket_wait(&throttled->bucket, bytes), worth_asking, throttled);
    return throttled->timer ? -EAGAIN : -ENOMEM;
}

static ssize_t throttled_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct throttled *throttled = self;

    if (throttled->rate == 0)
        return inner_more(&throttled->inner, chat, want, bytes);
    fill_bucket(throttled, chat);
    stop_timer(throttled);
    if (throttled->left == 0) {
        ssize_t n = inner_more(&throttled->inner, chat, want, &throttled->piece);
        if (n <= 0)
            return n;
        throttled->left = throttled->size = (size_t)n;
    }
    if (!may_give(throttled))
        return not_now(throttled, chat);
    size_t n = throttled->left;
    if (n > throttled->bucket.tokens)
        n = (size_t)throttled->bucket.tokens;
    bucket_take(&throttled->bucket, n);
    throttled->waits = false;
    *bytes = throttled->piece;
    throttled->piece += n;
    throttled->left -= n;
    return (ssize_t)n;
}

static void throttled_release(void *self)
{
    struct throttled *throttled = self;

    stop_timer(throttled);
    inner_release(&throttled->inner);
    free(throttled);
}

const struct confab_producer_ops confab_throttled_producer_ops = {
    .size = sizeof confab_throttled_producer_ops,
    .more = throttled_more,
    .release = throttled_release,
};
