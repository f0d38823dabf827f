/* producer_deferred.c: a place in the output for what is not known yet. */
#include "core/producer.h"
#include <confab/chat.h>
#include <errno.h>
#include <stdlib.h>

struct deferred {
    struct inner inner;
    confab_chat *told;  /* "not now": it is to be told when there is something; else NULL */
    int error;          /* why there is no inner one: 0 where there is none to be sent */
    bool released, set; /* which of the two ends is gone */
};

void *confab_deferred_producer_new(void)
{
    struct deferred *deferred = malloc(sizeof *deferred);

    if (deferred)
        *deferred = (struct deferred){ 0 };
    return deferred;
}

int confab_deferred_producer_set(void *self, const struct confab_producer_ops *inner_ops, void *inner)
{
    struct deferred *deferred = self;
    confab_chat *chat = deferred->told;

    if (inner_ops && !inner_take(&deferred->inner, inner_ops, inner))
        deferred->error = inner_ops->size < sizeof *inner_ops || !inner_ops->more ? -EINVAL : -ENOMEM;
    if (deferred->released) {
        inner_release(&deferred->inner);
        free(deferred);
        return -EPIPE;
    }
    deferred->set = true;
    deferred->told = NULL;
    if (chat)
        confab_chat_resume_output(chat);
    return deferred->error;
}

static ssize_t deferred_more(void *self, confab_chat *chat, size_t want, const char **bytes)
{
    struct deferred *deferred = self;

    if (deferred->inner.ops)
        return inner_more(&deferred->inner, chat, want, bytes);
    if (deferred->set)
        return deferred->error;
    deferred->told = chat;
    return -EAGAIN;
}

/* The chat's end.  Its chat may be freed soon. */
static void deferred_release(void *self)
{
    struct deferred *deferred = self;

    inner_release(&deferred->inner);
    deferred->told = NULL;
    deferred->released = true;
    if (deferred->set)
        free(deferred);
}

const struct confab_producer_ops confab_deferred_producer_ops = {
    .size = sizeof confab_deferred_producer_ops,
    .more = deferred_more,
    .release = deferred_release,
};
