/* producer_globbing.c: Medusa's globbing_producer: small pieces joined, for fewer and larger sends. */
#include "core/producer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GLOBBING_DEFAULT = 64 << 10 };

struct globbing {
    struct inner inner;
    const char *piece; /* what of inner's last piece did not fit */
    size_t left;
    bool over; /* inner has ended, or failed, with `answer`, and is not asked any more */
    ssize_t answer;
    size_t buffer_size;
    char buffer[];
};

void *confab_globbing_producer_new(const struct confab_producer_ops *inner_ops, void *inner,
                                   size_t buffer_size)
{
    size_t size = buffer_size ? buffer_size : GLOBBING_DEFAULT;
    struct globbing *globbing;
    struct inner taken;

    if (!inner_take(&taken, inner_ops, inner))
        return NULL;
    globbing = size < SIZE_MAX / 2 ? malloc(sizeof *globbing + size) : NULL;
    if (!globbing) {
        inner_release(&taken);
        return NULL;
    }
    *globbing = (struct globbing){ .inner = taken, .buffer_size = size };
    return globbing;
}

/* Asks inner for its next piece: what it answered, where that is none. */
static ssize_t next_piece(struct globbing *globbing, confab_chat *chat, size_t want)
{
    if (globbing->over)
        return globbing->answer;
    ssize_t n = inner_more(&globbing->inner, chat, want, &globbing->piece);
    if (n > 0)
        globbing->left = (size_t)n;
    else if (n != -EAGAIN)
        globbing->over = true, globbing->answer = n;
    return n;
}

static size_t take(struct globbing *globbing, size_t used)
{
    size_t room = globbing->buffer_size - used, n = globbing->left < room ? globbing->left : room;

    memcpy(globbing->buffer + used, globbing->piece, n);
    globbing->piece += n;
    globbing->left -= n;
    return used + n;
}

static ssize_t globbing_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct globbing *globbing = self;
    const void *head = producer_head(chat);
    size_t used = 0;

    while (used < globbing->buffer_size) {
        if (globbing->left == 0) {
            ssize_t n = next_piece(globbing, chat, want);
            /* "Not now" is not kept until what there is has left: it may have been resumed by then. */
            if (n <= 0 && used == 0)
                return n;
            if (n <= 0)
                break;
        }
        if (used == 0 && globbing->left >= globbing->buffer_size) {
            ssize_t n = (ssize_t)globbing->left;
            *bytes = globbing->piece;
            globbing->left = 0;
            return n;
        }
        used = take(globbing, used);
        if (producer_head(chat) != head)
            break;
    }
    *bytes = globbing->buffer;
    return (ssize_t)used;
}

static void globbing_release(void *self)
{
    struct globbing *globbing = self;

    inner_release(&globbing->inner);
    free(globbing);
}

const struct confab_producer_ops confab_globbing_producer_ops = {
    .size = sizeof confab_globbing_producer_ops,
    .more = globbing_more,
    .release = globbing_release,
};
