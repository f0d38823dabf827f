/* producer_hooked.c: Medusa's hooked_producer: somebody is told how much of another producer was sent. */
#include "core/producer.h"
#include <stdlib.h>

struct hooked {
    struct inner inner;
    void (*done)(void *data, uint64_t bytes, bool whole); /* NULL once called */
    void *data;
    uint64_t bytes; /* of the pieces that were sent */
    size_t piece;   /* of the last one, which may not have been */
};

void *confab_hooked_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                 void (*done)(void *data, uint64_t bytes, bool whole), void *data)
{
    struct inner taken;
    struct hooked *hooked = NULL;

    if (inner_take(&taken, inner_ops, inner))
        hooked = malloc(sizeof *hooked);
    if (!hooked) {
        inner_release(&taken);
        /* Whoever nests the calls learns of it here. */
        if (done)
            done(data, 0, false);
        return NULL;
    }
    *hooked = (struct hooked){ .inner = taken, .done = done, .data = data };
    return hooked;
}

/* inner goes first: what it borrows may be what done frees. */
static void finish(struct hooked *hooked, bool whole)
{
    void (*done)(void *, uint64_t, bool) = hooked->done;

    inner_release(&hooked->inner);
    hooked->done = NULL;
    if (done)
        done(hooked->data, hooked->bytes, whole);
}

static ssize_t hooked_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct hooked *hooked = self;

    /* The piece before this one has left, or this would not be asked. */
    hooked->bytes += hooked->piece;
    hooked->piece = 0;
    if (!hooked->inner.ops)
        return 0;
    ssize_t n = inner_more(&hooked->inner, chat, want, bytes);
    if (n > 0)
        hooked->piece = (size_t)n;
    else if (n == 0)
        finish(hooked, true);
    return n;
}

static void hooked_release(void *self)
{
    struct hooked *hooked = self;

    finish(hooked, false);
    free(hooked);
}

const struct confab_producer_ops confab_hooked_producer_ops = {
    .size = sizeof confab_hooked_producer_ops,
    .more = hooked_more,
    .release = hooked_release,
};
